"""What the customer is told, and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from handlers.domain.order import Money, Order

# Longer than a Lambda lives: whoever claimed it so long ago is gone.
CLAIM_GOES_STALE_AFTER: Final = timedelta(seconds=30)

# The currencies of ISO 4217 whose minor unit is not a hundredth.
_WITHOUT_DECIMALS: Final = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"),
        *("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
_WITH_THREE_DECIMALS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})

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


def compose(kind: NotificationKind, order: Order) -> Notification:
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
            return f"We have received your order {order.order_id} over {spelled(order.total)}."
        case NotificationKind.CONFIRMED:
            return f"Your order {order.order_id} is confirmed. We have charged you {spelled(order.total)}."
        case NotificationKind.REJECTED:
            reason = _REASONS.get(order.reason, "we can't fulfil it")
            return f"We can't accept your order {order.order_id}: {reason}. You have not been charged."


def spelled(money: Money) -> str:
    """Spell an amount with its currency's decimals: `USD 15.30`, `JPY 1530`."""
    if money.currency in _WITHOUT_DECIMALS:
        return f"{money.currency} {money.amount}"
    digits = 3 if money.currency in _WITH_THREE_DECIMALS else 2
    units, rest = divmod(money.amount, 10**digits)
    return f"{money.currency} {units}.{rest:0{digits}}"
