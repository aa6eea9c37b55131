"""The notifications to the customer, and their text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from handlers.contract.money import format_money
from handlers.contract.names import CancelReason, OrderStatus
from handlers.domain.order import Order

# Longer than an invocation can last, so an older claim belongs to an invocation that died.
CLAIM_EXPIRES_AFTER: Final = timedelta(seconds=30)

_REASONS: Final[Mapping[str | None, str]] = {
    "OUT_OF_STOCK": "we no longer have everything you ordered in stock",
    "PAYMENT_DECLINED": "your payment was declined",
}

_CANCELLED_BECAUSE: Final[Mapping[str | None, str]] = {
    CancelReason.CUSTOMER: " as you asked",
    CancelReason.HOLD_EXPIRED: " because we could not complete it in time",
}


class NotificationKind(StrEnum):
    """Each is sent once per order."""

    RECEIVED = "received"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"

    def fits(self, order: Order) -> bool:
        """Tell whether it is still true: the order may have been cancelled since it was to be sent."""
        if self is NotificationKind.CANCELLED:
            return order.status is OrderStatus.CANCELLED
        return order.cancellation is None


NOT_AFTER_CANCELLED: Final = tuple(
    kind for kind in NotificationKind if kind is not NotificationKind.CANCELLED
)


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
        case NotificationKind.CANCELLED:
            cause = _CANCELLED_BECAUSE.get(order.reason, "")
            return (
                f"Your order {order.order_id} is cancelled{cause}. You pay nothing for it. "
                f"If we have charged you {format_money(order.total)} already, you get all of it back."
            )
