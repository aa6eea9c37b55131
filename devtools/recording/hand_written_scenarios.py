"""Every hand-written scenario: throttles, timeouts, crashes, lost answers, unreachable services."""

from collections.abc import Iterator, Mapping
from typing import Final

from devtools.recording.answers import Answer, throws
from devtools.recording.hand_written import HandWritten, answers, at_last, down

_Changes = Mapping[str, tuple[Answer, ...]]

_DECLINED: Final[_Changes] = {"AuthorizePayment": answers("DECLINED")}
_OUT_OF_STOCK: Final[_Changes] = {
    "ReserveInventory": answers("OUT_OF_STOCK"),
    "ReleaseInventory": answers("OUT_OF_STOCK"),
}
_LAMBDA_DOWN: Final = down("Lambda.ServiceException", "Service Unavailable")
_SQS_DOWN: Final = down("SQS.SdkClientException", "Unable to execute HTTP request")
_DYNAMODB_DOWN: Final = down("DynamoDB.SdkClientException", "Unable to execute HTTP request")
_BUS_DOWN: Final = down("EventBridge.SdkClientException", "Unable to execute HTTP request")
_BUG: Final = (throws("KeyError", '{"errorMessage": "\'status\'", "errorType": "KeyError"}'),)
_LOST_RACE: Final = (throws("DynamoDB.ConditionalCheckFailedException", "The conditional request failed"),)
_NO_GRANT: Final = "the role may not do this"

_ACCEPTED_STEPS: Final = (
    "ReserveInventory", "AuthorizePayment", "NotifyReceived", "CapturePayment", "NotifyConfirmed",
)  # fmt: skip
_COMPENSATION_STEPS: Final = ("ReleaseInventory", "VoidPayment", "NotifyRejected")
_FIRST_STEPS: Final = _ACCEPTED_STEPS[:3]

# The errors of a function's invocation that pass, three by three: one for each retry.
_PASSING: Final = {
    "lambda_throttles": (
        "Lambda.TooManyRequestsException",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
    ),
    "lambda_out_of_reach": (
        "Lambda.SdkClientException",
        "Lambda.ClientExecutionTimeoutException",
        "States.Timeout",
    ),
    "function_crashes": ("Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError"),
    "dependency_flickers": ("DependencyUnavailable", "DependencyUnavailable"),
}
# Those of AWS itself, likewise: Step Functions names some by the service's error code and some by the class
# of the exception in its SDK, so both spellings are waited out.
_PASSING_DYNAMODB: Final[Mapping[str, tuple[str, ...]]] = {
    "throttles": (
        "DynamoDB.ProvisionedThroughputExceededException",
        "DynamoDB.ThrottlingException",
        "DynamoDB.TransactionConflictException",
    ),
    "limits": (
        "DynamoDB.RequestLimitExceeded",
        "DynamoDB.RequestLimitExceededException",
        "DynamoDB.SdkClientException",
    ),
    "fails": ("DynamoDB.InternalServerError", "DynamoDB.InternalServerErrorException", "States.Timeout"),
}
_PASSING_BUS: Final[Mapping[str, tuple[str, ...]]] = {
    "throttles": (
        "EventBridge.FailedEntry",
        "EventBridge.ThrottlingException",
        "EventBridge.AmazonEventBridgeException",
    ),
    "fails": ("EventBridge.InternalException", "EventBridge.SdkClientException", "States.Timeout"),
}
_PASSING_SQS: Final[Mapping[str, tuple[str, ...]]] = {
    "throttles": ("SQS.RequestThrottled", "SQS.RequestThrottledException", "SQS.AmazonSQSException"),
    "fails": ("SQS.SdkClientException", "States.Timeout"),
}
_OWN_ERROR: Final = {
    **dict.fromkeys(("AuthorizePayment", "CapturePayment", "VoidPayment"), "GatewayUnavailable"),
    **dict.fromkeys(("NotifyReceived", "NotifyConfirmed", "NotifyRejected"), "NotificationInProgress"),
}
# What calls AWS without a function, by the service that the error is named after.
_SETTLEMENTS: Final = {
    "accepted": "ConfirmOrder",
    "refused": "RejectOrder",
    "held": "HoldOrder",
    "closed": "CloseOrder",
    "listed": "ListHeldOrder",
}
_ANNOUNCEMENTS: Final = {
    "accepted": "AnnounceConfirmed",
    "refused": "AnnounceRejected",
    "held": "AnnounceHeld",
}
# What leads to each of the three ends of an order and to its last write, when nothing else goes wrong.
_ENDINGS: Final[Mapping[str, _Changes]] = {
    "accepted": {},
    "refused": _DECLINED,
    "held": {"AuthorizePayment": _BUG},
    "closed": {},
    "listed": {"AuthorizePayment": _BUG},
}


def hand_written() -> dict[str, HandWritten]:
    """Return all of them by name."""
    parts = (_passing(), _bugs(), _settlements(), _announcements(), _parking(), _lost(), _decisions())
    found = [scenario for part in parts for scenario in part]
    by_name = {scenario.name: scenario for scenario in found}
    if len(by_name) < len(found):
        raise ValueError("two scenarios have the same name")
    return by_name


def _passing() -> Iterator[HandWritten]:
    for name, errors in _PASSING.items():
        own = name == "dependency_flickers"

        def flicker(state: str, errors: tuple[str, ...] = errors, own: bool = own) -> tuple[Answer, ...]:
            return at_last(state, *errors, *([_OWN_ERROR[state]] if own and state in _OWN_ERROR else []))

        yield HandWritten(
            name=f"{name}_accepted",
            says=f"{', '.join(errors)}: passing errors of every function are waited out",
            answers={state: flicker(state) for state in _ACCEPTED_STEPS},
        )
        yield HandWritten(
            name=f"{name}_refused",
            says=f"{', '.join(errors)}: compensations wait passing errors out too",
            answers={**_DECLINED, **{state: flicker(state) for state in _COMPENSATION_STEPS}},
        )


def _bugs() -> Iterator[HandWritten]:
    """Nothing but its own names is waited out: what trying again can't mend is parked at once."""
    yield HandWritten(
        name="bugs_in_first_steps",
        says="a bug in each of the first steps is parked without a retry",
        answers=dict.fromkeys(_FIRST_STEPS, _BUG),
    )
    yield HandWritten(
        name="bug_in_capture",
        says="a bug in the capture holds the order",
        answers={"CapturePayment": _BUG},
    )
    yield HandWritten(
        name="bug_in_confirmation",
        says="a bug in the last notification fails no order",
        answers={"NotifyConfirmed": _BUG},
    )
    yield HandWritten(
        name="bugs_in_compensation",
        says="a bug in both compensations holds the order for the stock",
        answers={**_DECLINED, "ReleaseInventory": _BUG, "VoidPayment": _BUG},
    )
    yield HandWritten(
        name="bug_in_refusal",
        says="a bug in the notification of a refusal is parked",
        answers={**_DECLINED, "NotifyRejected": _BUG},
    )
    yield HandWritten(
        name="capture_down",
        says="a capture that fails to the end holds the order",
        answers={"CapturePayment": _LAMBDA_DOWN},
    )


def _settlements() -> Iterator[HandWritten]:
    for ending, state in _SETTLEMENTS.items():
        for how, errors in _PASSING_DYNAMODB.items():
            yield HandWritten(
                name=f"table_{how}_{ending}",
                says=f"{', '.join(errors)}: {state} waits them out",
                answers={**_ENDINGS[ending], state: at_last(state, *errors)},
            )
        yield HandWritten(
            name=f"settlement_refused_{ending}",
            says=f"{state} is refused for good: it is not tried again, and the execution fails",
            answers={**_ENDINGS[ending], state: (throws("DynamoDB.AmazonDynamoDBException", _NO_GRANT),)},
            ends_in="SettlementFailed",
        )
        yield HandWritten(
            name=f"settlement_down_{ending}",
            says=f"{state} can't be done at all: the execution fails, the order stays open",
            answers={**_ENDINGS[ending], state: _DYNAMODB_DOWN},
            ends_in="SettlementFailed",
        )
        yield HandWritten(
            name=f"settlement_lost_{ending}",
            says=f"{state} loses the race after a hiccup: no retry, no error",
            answers={**_ENDINGS[ending], state: (throws("States.Timeout"), *_LOST_RACE)},
            ends_in="AlreadySettled" if ending == "held" else "OrderProcessed",
        )


def _announcements() -> Iterator[HandWritten]:
    for ending, state in _ANNOUNCEMENTS.items():
        for how, errors in _PASSING_BUS.items():
            yield HandWritten(
                name=f"bus_{how}_{ending}",
                says=f"{', '.join(errors)}: {state} waits them out",
                answers={**_ENDINGS[ending], state: at_last(state, *errors)},
            )
        for how, errors in _PASSING_SQS.items():
            yield HandWritten(
                name=f"delivery_queue_{how}_{ending}",
                says=f"{state} fails to the end: its event is parked when {', '.join(errors)} are over",
                answers={
                    **_ENDINGS[ending],
                    state: down("EventBridge.FailedEntry", '{"Entries": [], "FailedEntryCount": 1}'),
                    f"Park{state}": at_last(f"Park{state}", *errors),
                },
            )
        yield HandWritten(
            name=f"announcement_refused_{ending}",
            says=f"{state} is refused for good: the event is parked at once, without a retry",
            answers={**_ENDINGS[ending], state: (throws("EventBridge.ValidationException"),)},
        )
        yield HandWritten(
            name=f"announcement_lost_{ending}",
            says=f"{state} can neither be made nor parked: the execution fails when all else is done",
            answers={**_ENDINGS[ending], state: _BUS_DOWN, f"Park{state}": _SQS_DOWN},
            ends_in="MessageLost",
        )


# The steps whose messages can be parked late in one and the same execution, by what leads there.
_PARKED_TOGETHER: Final[Mapping[str, tuple[_Changes, tuple[str, ...]]]] = {
    "first_steps": ({}, _FIRST_STEPS),
    "capture": ({}, ("CapturePayment",)),
    "confirmation": ({}, ("NotifyConfirmed",)),
    "compensation": (_DECLINED, ("ReleaseInventory", "VoidPayment")),
    "refusal": (_DECLINED, ("NotifyRejected",)),
}


def _parking() -> Iterator[HandWritten]:
    for name, (changes, steps) in _PARKED_TOGETHER.items():
        for how, errors in _PASSING_SQS.items():
            parking = {f"Park{step}": at_last(f"Park{step}", *errors) for step in steps}
            yield HandWritten(
                name=f"queue_{how}_{name}",
                says=f"{', '.join(steps)}: parked when {', '.join(errors)} are over",
                answers={**changes, **dict.fromkeys(steps, _LAMBDA_DOWN), **parking},
            )
    yield HandWritten(
        name="queue_refuses",
        says="a queue that refuses for good is not asked again: the execution fails, the order stays open",
        answers={
            "ReserveInventory": _BUG,
            "ParkReserveInventory": (throws("SQS.InvalidMessageContentsException"),),
        },
        ends_in="MessageLost",
    )


def _lost() -> Iterator[HandWritten]:
    """A step is broken and its queue out of reach."""
    broken: dict[str, tuple[str, _Changes, str]] = {
        "reservation": ("ReserveInventory", {}, "MessageLost"),
        "authorization": ("AuthorizePayment", {}, "MessageLost"),
        "receipt": ("NotifyReceived", {}, "MessageLost"),
        "capture": ("CapturePayment", {}, "MessageLost"),
        "confirmation": ("NotifyConfirmed", {}, "MessageLost"),
        "release": ("ReleaseInventory", _DECLINED, "MessageLost"),
        "void": ("VoidPayment", _OUT_OF_STOCK, "MessageLost"),
        "refusal": ("NotifyRejected", _DECLINED, "MessageLost"),
        "reservation_of_a_refused_order": ("ReserveInventory", _DECLINED, "OrderProcessed"),
        "authorization_of_a_refused_order": ("AuthorizePayment", _OUT_OF_STOCK, "OrderProcessed"),
    }
    for name, (state, changes, ends_in) in broken.items():
        yield HandWritten(
            name=f"lost_{name}",
            says=f"{state} fails and its queue is out of reach",
            answers={**changes, state: _LAMBDA_DOWN, f"Park{state}": _SQS_DOWN},
            ends_in=ends_in,
        )


def _decisions() -> Iterator[HandWritten]:
    """Pairs of results that more than one rule of a choice fits: the first of them decides."""
    yield HandWritten(
        name="captured_before",
        says="what an execution before this one captured is confirmed",
        answers={"AuthorizePayment": answers("CAPTURED")},
    )
    yield HandWritten(
        name="voided_before",
        says="the provider gave the payment up although there is stock: the order is refused",
        answers={"AuthorizePayment": answers("VOIDED")},
    )
    yield HandWritten(
        name="voided_before_inventory_down",
        says="a payment that was voided, nobody knows why: held until the stock is known",
        answers={"AuthorizePayment": answers("VOIDED"), "ReserveInventory": _BUG},
    )
    yield HandWritten(
        name="voided_and_released_before",
        says="a payment and stock that were given back: the refusal comes to its end",
        answers={"AuthorizePayment": answers("VOIDED"), "ReserveInventory": answers("RELEASED")},
    )
    yield HandWritten(
        name="released_before",
        says="stock that was released before is none",
        answers={"ReserveInventory": answers("RELEASED")},
    )
    yield HandWritten(
        name="reservation_parked_authorization_lost",
        says="a lost message counts more than a parked one",
        answers={
            "ReserveInventory": _BUG,
            "AuthorizePayment": _BUG,
            "ParkAuthorizePayment": _SQS_DOWN,
        },
        ends_in="MessageLost",
    )
    yield HandWritten(
        name="release_parked_void_lost",
        says="a lost message of a compensation counts more than a parked one",
        answers={
            **_DECLINED,
            "ReleaseInventory": _BUG,
            "VoidPayment": _BUG,
            "ParkVoidPayment": _SQS_DOWN,
        },
        ends_in="MessageLost",
    )
