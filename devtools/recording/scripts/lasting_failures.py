"""Scripts with failures that retries do not fix: bugs, missing permissions, unreachable services."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from devtools.asl.definition import Definition, handler_of
from devtools.recording.scripts.script import (
    ANNOUNCEMENTS,
    BUG,
    CANCELLING,
    DECLINED,
    DYNAMODB_DOWN,
    EVENTBRIDGE_DOWN,
    LAMBDA_DOWN,
    ORDER_UPDATES,
    OUT_OF_STOCK,
    SQS_DOWN,
    Lasting,
    Responses,
    Script,
    fails,
)
from devtools.recording.task_responses import throws
from orderctl.deployed_workflow import states

# The same class as for a throttle, so it is retried.
_NO_PERMISSION: Final = fails("DynamoDB.AmazonDynamoDBException", "the role may not do this")
_NOT_ON_THE_BUS: Final = fails("EventBridge.AmazonEventBridgeException", "the role may not do this")
_LOST_RACE: Final = fails("DynamoDB.ConditionalCheckFailedException", "The conditional request failed")

# A step that fails while its queue is unreachable: the responses before it, and the last state.
_LOST: Final[Mapping[str, tuple[str, Responses, str]]] = {
    "reservation": ("ReserveInventory", {}, "MessageLost"),
    "authorization": ("AuthorizePayment", {}, "MessageLost"),
    "receipt": ("NotifyReceived", {}, "MessageLost"),
    "capture": ("CapturePayment", {}, "MessageLost"),
    "confirmation": ("NotifyConfirmed", {}, "MessageLost"),
    "release": ("ReleaseInventory", DECLINED, "MessageLost"),
    "reversal": ("ReversePayment", OUT_OF_STOCK, "MessageLost"),
    "refusal": ("NotifyRejected", DECLINED, "MessageLost"),
    "cancellation": ("NotifyCancelled", CANCELLING, "MessageLost"),
    "reservation_of_a_refused_order": ("ReserveInventory", DECLINED, "OrderProcessed"),
    "authorization_of_a_refused_order": ("AuthorizePayment", OUT_OF_STOCK, "OrderProcessed"),
}


def lasting_failures(definition: Definition) -> Iterator[Script]:
    """Yield the scripts of steps, order updates, announcements and lost messages."""
    yield from _step_failures()
    yield from _order_update_failures()
    yield from _announcement_failures()
    yield from _lost_messages()
    yield from _other_retriers(definition)


def _step_failures() -> Iterator[Script]:
    yield Script(
        name="bugs_in_first_steps",
        description="a bug in each of the first steps is parked",
        responses=dict.fromkeys(("ReserveInventory", "AuthorizePayment", "NotifyReceived"), BUG),
    )
    yield Script(
        name="bug_in_capture",
        description="a bug in the capture holds the order",
        responses={"CapturePayment": BUG},
    )
    yield Script(
        name="bug_in_confirmation",
        description="a bug in the last notification is parked, the order stays confirmed",
        responses={"NotifyConfirmed": BUG},
    )
    yield Script(
        name="bugs_in_compensation",
        description="a bug in both compensations holds the order for the stock",
        responses={**DECLINED, "ReleaseInventory": BUG, "ReversePayment": BUG},
    )
    yield Script(
        name="bug_in_refusal",
        description="a bug in the notification of a refusal is parked",
        responses={**DECLINED, "NotifyRejected": BUG},
    )
    yield Script(
        name="bug_in_refund",
        description="a refund that can't be made holds the order, and its message is parked",
        responses={**CANCELLING, "ReversePayment": BUG},
    )
    yield Script(
        name="bug_in_cancelled_notification",
        description="a bug in the notification of a cancellation is parked, the order stays cancelled",
        responses={**CANCELLING, "NotifyCancelled": BUG},
    )
    yield Script(
        name="capture_down",
        description="a capture whose retries all fail holds the order",
        responses={"CapturePayment": LAMBDA_DOWN},
    )


def _order_update_failures() -> Iterator[Script]:
    for ending, (state, responses_before) in ORDER_UPDATES.items():
        yield Script(
            name=f"settlement_refused_{ending}",
            description=f"{state} has no permission: the execution fails",
            responses={**responses_before, state: _NO_PERMISSION},
            ends_in="SettlementFailed",
        )
        yield Script(
            name=f"settlement_down_{ending}",
            description=f"{state} fails every attempt: the execution fails, the order stays open",
            responses={**responses_before, state: DYNAMODB_DOWN},
            ends_in="SettlementFailed",
        )
        yield Script(
            name=f"settlement_lost_{ending}",
            description=f"{state} loses the race after a timeout: no further retry, no error",
            responses={**responses_before, state: (throws("States.Timeout"), *_LOST_RACE)},
            ends_in="Overtaken" if ending == "held" else "OrderProcessed",
        )


def _announcement_failures() -> Iterator[Script]:
    for ending, (state, responses_before) in ANNOUNCEMENTS.items():
        yield Script(
            name=f"announcement_refused_{ending}",
            description=f"{state} is refused: the event is parked",
            responses={**responses_before, state: _NOT_ON_THE_BUS},
        )
        yield Script(
            name=f"announcement_lost_{ending}",
            description=f"{state} and its Park state fail: the execution fails after all other steps",
            responses={**responses_before, state: EVENTBRIDGE_DOWN, f"Park{state}": SQS_DOWN},
            ends_in="MessageLost",
        )


def _lost_messages() -> Iterator[Script]:
    yield Script(
        name="queue_refuses",
        description="a queue refuses the message: the execution fails, the order stays open",
        responses={
            "ReserveInventory": BUG,
            "ParkReserveInventory": fails("SQS.InvalidMessageContentsException"),
        },
        ends_in="MessageLost",
    )
    for name, (state, responses_before, ends_in) in _LOST.items():
        yield Script(
            name=f"lost_{name}",
            description=f"{state} fails and its queue is unreachable",
            responses={**responses_before, state: LAMBDA_DOWN, f"Park{state}": SQS_DOWN},
            ends_in=ends_in,
        )


def _other_retriers(definition: Definition) -> Iterator[Script]:
    """Yield a script for each retrier that an unreachable service does not exhaust."""
    by_name = dict(states(definition))
    for state, (responses_before, down, ends_in) in _ways_to_fail().items():
        retriers = by_name.get(state, {}).get("Retry", [])
        exhausted = handler_of(down.error, retriers)
        for index, retrier in enumerate(retriers):
            if index != exhausted:
                error = retrier["ErrorEquals"][0]
                yield Script(
                    name=f"{_snake_case(state)}_exhausts_{_snake_case(error)}",
                    description=f"{error}: {state} retries it until its retries are exhausted",
                    responses={**responses_before, state: fails(error)},
                    ends_in=ends_in,
                )


def _ways_to_fail() -> dict[str, tuple[Responses, Lasting, str]]:
    """Return for each task the responses before it, the error of its service, and the last state."""
    steps = {state: before for state, before, ends_in in _LOST.values() if ends_in == "MessageLost"}
    announcements = dict(ANNOUNCEMENTS.values())
    return {
        **{state: (before, LAMBDA_DOWN[0], "OrderProcessed") for state, before in steps.items()},
        **{state: (before, DYNAMODB_DOWN[0], "SettlementFailed") for state, before in ORDER_UPDATES.values()},
        **{state: (before, EVENTBRIDGE_DOWN[0], "OrderProcessed") for state, before in announcements.items()},
        **{
            f"Park{state}": ({**before, state: BUG}, SQS_DOWN[0], "MessageLost")
            for state, before in (steps | announcements).items()
        },
    }


def _snake_case(name: str) -> str:
    return re.sub(r"\.|(?<=[a-z])(?=[A-Z])", "_", name).lower()
