"""The notifications to the customer, and their text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from handlers.contract.money import format_money
from handlers.domain.order import Order

# Longer than an invocation can last, so an older claim belongs to an invocation that died.
CLAIM_EXPIRES_AFTER: Final = timedelta(seconds=30)

# The answer when there is nobody to tell.
SKIPPED: Final = "SKIPPED"

_REASONS: Final[Mapping[str | None, str]] = {
    "OUT_OF_STOCK": "we no longer have everything you ordered in stock",
    "PAYMENT_DECLINED": "your payment was declined",
}


class NotificationKind(StrEnum):
    """Each is sent once per order."""

    RECEIVED = "received"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A message to the customer. `subject` is ASCII and under 100 characters, as SNS asks."""

    order_id: str
    kind: NotificationKind
    to: str = field(repr=False)
    subject: str
    body: str


def compose(kind: NotificationKind, order: Order) -> Notification | None:
    """Return the message; None when the customer was forgotten, and there is nobody to tell."""
    if order.customer_email is None:
        return None
    return Notification(
        order_id=order.order_id,
        kind=kind,
        to=order.customer_email,
        subject=f"Your order {order.order_id}: {kind}",
        body=_body(kind, order),
    )


def _body(kind: NotificationKind, order: Order) -> str:
    match kind:
        case NotificationKind.RECEIVED:
            return f"We have received your order {order.order_id} over {format_money(order.total)}."
        case NotificationKind.CONFIRMED:
            return (
                f"Your order {order.order_id} is confirmed. We have charged you {format_money(order.total)}."
            )
        case NotificationKind.REJECTED:
            reason = _REASONS.get(order.reason, "we can't fulfil it")
            return f"We can't accept your order {order.order_id}: {reason}. You have not been charged."
