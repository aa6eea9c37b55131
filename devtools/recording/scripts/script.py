"""A script: the responses of every task, written by hand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from devtools.asl.definition import Definition, State, retries_left
from devtools.recording.task_responses import TaskResponse, TaskResponses, returns, throws
from orderctl.deployed_workflow import states

ORDER_PLACED: Final[Mapping[str, Any]] = {
    "version": "0",
    "id": "${EventId}",
    "detail-type": "OrderPlaced",
    "source": "ecommerce.orders",
    "account": "${Account}",
    "time": "${EventTime}",
    "region": "${Region}",
    "resources": [],
    "detail": {
        "orderId": "${OrderId}",
        "customerId": "cust-17850",
        "items": [{"productId": "RECORDING-GLASS", "quantity": 3, "unitPrice": 255}],
        "total": {"amount": 765, "currency": "USD"},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """An error of every attempt until the retries are exhausted; the definition says how many they are."""

    error: str
    cause: str


Responses = Mapping[str, Sequence[TaskResponse | Lasting]]
"""The responses of each state as a script has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script; `responses` has only the states with unusual responses."""

    name: str
    description: str
    responses: Responses
    ends_in: str = "OrderProcessed"

    def unusual_responses(self, definition: Definition) -> TaskResponses:
        """Return the responses of the script, one for each attempt that the definition makes."""
        by_name = dict(states(definition))
        return {
            state: tuple(_attempts(by_name.get(state, {}), responses))
            for state, responses in self.responses.items()
        }

    def all_responses(self, definition: Definition) -> TaskResponses:
        """Return the responses of every state that the order may reach."""
        return {**_USUAL, **self.unusual_responses(definition)}


def _attempts(state: State, responses: Iterable[TaskResponse | Lasting]) -> Iterator[TaskResponse]:
    errors: list[str] = []
    for response in responses:
        if isinstance(response, Lasting):
            count = 1 + retries_left(state, response.error, errors)
            yield from (throws(response.error, response.cause),) * count
            errors += [response.error] * count
        else:
            yield response
            errors += [response["Throw"]["Error"]] if "Throw" in response else []


def status(value: str) -> tuple[TaskResponse]:
    """Return the response of a function with this status."""
    return (returns({"status": value}),)


def fails(error: str, cause: str = "") -> tuple[Lasting]:
    """Fail until the retries are exhausted; an error that is not retried fails once."""
    return (Lasting(error=error, cause=cause),)


def recovers(state: str, *errors: str) -> tuple[TaskResponse, ...]:
    """Fail with each error, then respond as usual."""
    return (*map(throws, errors), *_USUAL[state])


DECLINED: Final[Responses] = {"AuthorizePayment": status("DECLINED")}
OUT_OF_STOCK: Final[Responses] = {
    "ReserveInventory": status("OUT_OF_STOCK"),
    "ReleaseInventory": status("OUT_OF_STOCK"),
}
# An order that somebody asked to cancel.
CANCELLING: Final[Responses] = dict.fromkeys(("ReserveInventory", "AuthorizePayment"), status("CANCELLED"))
BUG: Final = fails("KeyError", '{"errorMessage": "\'status\'", "errorType": "KeyError"}')
LAMBDA_DOWN: Final = fails("Lambda.ServiceException", "Service Unavailable")
SQS_DOWN: Final = fails("SQS.SdkClientException", "Unable to execute HTTP request")
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
FAILED_ENTRY: Final = (
    '{"Entries":[{"ErrorCode":"InternalFailure","ErrorMessage":"Unexpected internal error."}],'
    '"FailedEntryCount":1}'
)
DYNAMODB_DOWN: Final = fails("DynamoDB.SdkClientException", "Unable to execute HTTP request")
EVENTBRIDGE_DOWN: Final = fails("EventBridge.SdkClientException", "Unable to execute HTTP request")

# The state that updates the order, and the responses before it.
ORDER_UPDATES: Final[Mapping[str, tuple[str, Responses]]] = {
    "accepted": ("ConfirmOrder", {}),
    "refused": ("RejectOrder", DECLINED),
    "held": ("HoldOrder", {"AuthorizePayment": BUG}),
    "closed": ("CloseOrder", {}),
    "left": ("LeaveToOperator", {"AuthorizePayment": BUG}),
    "cancelled": ("CancelOrder", CANCELLING),
}
# The state that announces the order, and the responses before it.
ANNOUNCEMENTS: Final[Mapping[str, tuple[str, Responses]]] = {
    "accepted": ("AnnounceConfirmed", {}),
    "refused": ("AnnounceRejected", DECLINED),
    "held": ("AnnounceHeld", {"AuthorizePayment": BUG}),
    "cancelled": ("AnnounceCancelled", CANCELLING),
}

_UPDATED: Final = (returns({}),)
# Of these updates the announcement needs the stored customer.
_SETTLED: Final = (returns({"Attributes": {"customerId": {"S": "cust-17850"}}}),)
_CANCELLED: Final = (
    returns({"Attributes": {"customerId": {"S": "cust-17850"}, "reason": {"S": "CUSTOMER"}}}),
)
_SENT: Final = (returns({"MessageId": "${MessageId}"}),)
_ANNOUNCED: Final = (returns({"Entries": [{"EventId": "${EventId}"}], "FailedEntryCount": 0}),)

_USUAL: Final[TaskResponses] = {
    "ReserveInventory": status("RESERVED"),
    "AuthorizePayment": status("AUTHORIZED"),
    "CapturePayment": status("CAPTURED"),
    "ReleaseInventory": status("RELEASED"),
    "ReversePayment": status("VOIDED"),
    **dict.fromkeys(
        ("NotifyReceived", "NotifyConfirmed", "NotifyRejected", "NotifyCancelled"), status("SENT")
    ),
    **{state: _UPDATED for state, _ in ORDER_UPDATES.values()},
    **dict.fromkeys(("ConfirmOrder", "RejectOrder", "HoldOrder"), _SETTLED),
    "CancelOrder": _CANCELLED,
    **{state: _ANNOUNCED for state, _ in ANNOUNCEMENTS.values()},
    **dict.fromkeys(
        (
            "ParkReserveInventory", "ParkAuthorizePayment", "ParkNotifyReceived", "ParkCapturePayment",
            "ParkAnnounceConfirmed", "ParkNotifyConfirmed", "ParkReleaseInventory", "ParkReversePayment",
            "ParkAnnounceRejected", "ParkNotifyRejected", "ParkAnnounceHeld", "ParkAnnounceCancelled",
            "ParkNotifyCancelled",
        ),
        _SENT,
    ),
}  # fmt: skip
