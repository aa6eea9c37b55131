"""Which open orders are taken up again, and which have gone round often enough."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from handlers.contract.clock import rfc3339
from handlers.contract.events import Event
from handlers.contract.names import DetailType, OrderStatus

# What an order is held for when no step is known to be broken.
WORKFLOW_REASON: Final = "workflow"


class SweepOutcome(StrEnum):
    """What became of an order that waited too long."""

    EMITTED = "emitted"
    REFUSED = "refused"  # by the bus: the next sweep tries again, and no attempt is counted
    HELD = "held"  # it waits for an operator now
    CHANGED = "changed"  # its workflow went on, or somebody else took it up, while the sweep looked at it
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingOrder:
    """An order in progress as the open-orders index shows it; `attempts`: how often it was taken up again."""

    order_id: str
    customer_id: str
    status: OrderStatus
    reason: str | None
    open_key: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPolicy:
    """An order that waits longer than `after` is taken up again, `max_attempts` times at most."""

    after: timedelta
    max_attempts: int

    def overdue_before(self, now: datetime) -> str:
        """Return the time (RFC 3339) before which a waiting order was stored or taken up last."""
        return rfc3339(now - self.after)

    def gives_up_on(self, order: WaitingOrder) -> bool:
        return order.attempts >= self.max_attempts


def order_held(order: WaitingOrder) -> Event:
    """Announce that the order waits for an operator."""
    return Event(
        detail_type=DetailType.ORDER_HELD,
        detail={
            "orderId": order.order_id,
            "customerId": order.customer_id,
            "reason": order.reason or WORKFLOW_REASON,
        },
    )
