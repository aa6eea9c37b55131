"""Scripts with failures that retries do not fix: bugs, missing permissions, unreachable services."""

from collections.abc import Iterator, Mapping
from typing import Final

from devtools.recording.scripts.script import (
    ANNOUNCEMENTS,
    BUG,
    DECLINED,
    DYNAMODB_DOWN,
    EVENTBRIDGE_DOWN,
    LAMBDA_DOWN,
    ORDER_UPDATES,
    OUT_OF_STOCK,
    SQS_DOWN,
    Script,
)
from devtools.recording.task_responses import TaskResponses, throws

_NO_PERMISSION: Final = (throws("DynamoDB.AmazonDynamoDBException", "the role may not do this"),)
_LOST_RACE: Final = (throws("DynamoDB.ConditionalCheckFailedException", "The conditional request failed"),)

# A step that fails while its queue is unreachable: the responses before it, and the last state.
_LOST: Final[Mapping[str, tuple[str, TaskResponses, str]]] = {
    "reservation": ("ReserveInventory", {}, "MessageLost"),
    "authorization": ("AuthorizePayment", {}, "MessageLost"),
    "receipt": ("NotifyReceived", {}, "MessageLost"),
    "capture": ("CapturePayment", {}, "MessageLost"),
    "confirmation": ("NotifyConfirmed", {}, "MessageLost"),
    "release": ("ReleaseInventory", DECLINED, "MessageLost"),
    "void": ("VoidPayment", OUT_OF_STOCK, "MessageLost"),
    "refusal": ("NotifyRejected", DECLINED, "MessageLost"),
    "reservation_of_a_refused_order": ("ReserveInventory", DECLINED, "OrderProcessed"),
    "authorization_of_a_refused_order": ("AuthorizePayment", OUT_OF_STOCK, "OrderProcessed"),
}


def lasting_failures() -> Iterator[Script]:
    """Yield the scripts of steps, order updates, announcements and lost messages."""
    yield from _step_failures()
    yield from _order_update_failures()
    yield from _announcement_failures()
    yield from _lost_messages()


def _step_failures() -> Iterator[Script]:
    yield Script(
        name="bugs_in_first_steps",
        description="a bug in each of the first steps is parked without a retry",
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
        responses={**DECLINED, "ReleaseInventory": BUG, "VoidPayment": BUG},
    )
    yield Script(
        name="bug_in_refusal",
        description="a bug in the notification of a refusal is parked",
        responses={**DECLINED, "NotifyRejected": BUG},
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
            description=f"{state} has no permission: no retry, and the execution fails",
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
            ends_in="AlreadySettled" if ending == "held" else "OrderProcessed",
        )


def _announcement_failures() -> Iterator[Script]:
    for ending, (state, responses_before) in ANNOUNCEMENTS.items():
        yield Script(
            name=f"announcement_refused_{ending}",
            description=f"{state} is invalid: the event is parked without a retry",
            responses={**responses_before, state: (throws("EventBridge.ValidationException"),)},
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
        description="a queue refuses the message: no retry, the execution fails, the order stays open",
        responses={
            "ReserveInventory": BUG,
            "ParkReserveInventory": (throws("SQS.InvalidMessageContentsException"),),
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
