"""A script: the responses of every task, written by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from devtools.recording.task_responses import TaskResponse, TaskResponses, returns, throws

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
class Script:
    """A script; `responses` has only the states with unusual responses."""

    name: str
    description: str
    responses: TaskResponses
    ends_in: str = "OrderProcessed"

    @property
    def all_responses(self) -> TaskResponses:
        """Return the responses of every state that the order may reach."""
        return {**_USUAL, **self.responses}


def status(value: str) -> tuple[TaskResponse]:
    """Return the response of a function with this status."""
    return (returns({"StatusCode": 200, "Payload": {"status": value}}),)


def fails(error: str, cause: str = "") -> tuple[TaskResponse, ...]:
    """Fail every attempt: the first one and its three retries."""
    return (throws(error, cause),) * 4


def recovers(state: str, *errors: str) -> tuple[TaskResponse, ...]:
    """Fail with each error, then respond as usual."""
    return (*map(throws, errors), *_USUAL[state])


DECLINED: Final[TaskResponses] = {"AuthorizePayment": status("DECLINED")}
OUT_OF_STOCK: Final[TaskResponses] = {
    "ReserveInventory": status("OUT_OF_STOCK"),
    "ReleaseInventory": status("OUT_OF_STOCK"),
}
BUG: Final = (throws("KeyError", '{"errorMessage": "\'status\'", "errorType": "KeyError"}'),)
LAMBDA_DOWN: Final = fails("Lambda.ServiceException", "Service Unavailable")
SQS_DOWN: Final = fails("SQS.SdkClientException", "Unable to execute HTTP request")
DYNAMODB_DOWN: Final = fails("DynamoDB.SdkClientException", "Unable to execute HTTP request")
EVENTBRIDGE_DOWN: Final = fails("EventBridge.SdkClientException", "Unable to execute HTTP request")

# The state that updates the order, and the responses before it.
ORDER_UPDATES: Final[Mapping[str, tuple[str, TaskResponses]]] = {
    "accepted": ("ConfirmOrder", {}),
    "refused": ("RejectOrder", DECLINED),
    "held": ("HoldOrder", {"AuthorizePayment": BUG}),
    "closed": ("CloseOrder", {}),
    "left": ("LeaveToOperator", {"AuthorizePayment": BUG}),
}
# The state that announces the order, and the responses before it.
ANNOUNCEMENTS: Final[Mapping[str, tuple[str, TaskResponses]]] = {
    "accepted": ("AnnounceConfirmed", {}),
    "refused": ("AnnounceRejected", DECLINED),
    "held": ("AnnounceHeld", {"AuthorizePayment": BUG}),
}

_UPDATED: Final = (returns({}),)
_SENT: Final = (returns({"MessageId": "${MessageId}"}),)
_ANNOUNCED: Final = (returns({"Entries": [{"EventId": "${EventId}"}], "FailedEntryCount": 0}),)

_USUAL: Final[TaskResponses] = {
    "ReserveInventory": status("RESERVED"),
    "AuthorizePayment": status("AUTHORIZED"),
    "CapturePayment": status("CAPTURED"),
    "ReleaseInventory": status("RELEASED"),
    "VoidPayment": status("VOIDED"),
    **dict.fromkeys(("NotifyReceived", "NotifyConfirmed", "NotifyRejected"), status("SENT")),
    **{state: _UPDATED for state, _ in ORDER_UPDATES.values()},
    **{state: _ANNOUNCED for state, _ in ANNOUNCEMENTS.values()},
    **dict.fromkeys(
        (
            "ParkReserveInventory", "ParkAuthorizePayment", "ParkNotifyReceived", "ParkCapturePayment",
            "ParkAnnounceConfirmed", "ParkNotifyConfirmed", "ParkReleaseInventory", "ParkVoidPayment",
            "ParkAnnounceRejected", "ParkNotifyRejected", "ParkAnnounceHeld",
        ),
        _SENT,
    ),
}  # fmt: skip
