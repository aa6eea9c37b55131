"""Scenarios whose answers are made up, for faults that no switch causes; a replay makes their history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from devtools.recording.answers import Answer, returns, throws

PLACED: Final[Mapping[str, Any]] = {
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
class HandWritten:
    """`answers` are those of the states that don't answer as usual, attempt by attempt."""

    name: str
    says: str
    answers: Mapping[str, tuple[Answer, ...]]
    ends_in: str = "OrderProcessed"

    @property
    def all_answers(self) -> dict[str, tuple[Answer, ...]]:
        """Return an answer for every state that the order could come to."""
        return {**_AS_USUAL, **self.answers}


def answers(status: str) -> tuple[Answer]:
    """Let a service's function answer."""
    return (returns({"StatusCode": 200, "Payload": {"status": status}}),)


def down(error: str, cause: str = "") -> tuple[Answer, ...]:
    """Fail every attempt: the first one and its three retries."""
    return (throws(error, cause),) * 4


def at_last(state: str, *errors: str) -> tuple[Answer, ...]:
    """Fail with each error, then answer as usual."""
    return (*map(throws, errors), *_AS_USUAL[state])


_STORED: Final = (returns({}),)
_SENT: Final = (returns({"MessageId": "${MessageId}"}),)
_ANNOUNCED: Final = (returns({"Entries": [{"EventId": "${EventId}"}], "FailedEntryCount": 0}),)

_AS_USUAL: Final[Mapping[str, tuple[Answer, ...]]] = {
    "ReserveInventory": answers("RESERVED"),
    "AuthorizePayment": answers("AUTHORIZED"),
    "CapturePayment": answers("CAPTURED"),
    "ReleaseInventory": answers("RELEASED"),
    "VoidPayment": answers("VOIDED"),
    **dict.fromkeys(("NotifyReceived", "NotifyConfirmed", "NotifyRejected"), answers("SENT")),
    **dict.fromkeys(("ConfirmOrder", "RejectOrder", "HoldOrder", "CloseOrder", "ListHeldOrder"), _STORED),
    **dict.fromkeys(("AnnounceConfirmed", "AnnounceRejected", "AnnounceHeld"), _ANNOUNCED),
    **dict.fromkeys(
        (
            "ParkReserveInventory", "ParkAuthorizePayment", "ParkNotifyReceived", "ParkCapturePayment",
            "ParkAnnounceConfirmed", "ParkNotifyConfirmed", "ParkReleaseInventory", "ParkVoidPayment",
            "ParkAnnounceRejected", "ParkNotifyRejected", "ParkAnnounceHeld",
        ),
        _SENT,
    ),
}  # fmt: skip
