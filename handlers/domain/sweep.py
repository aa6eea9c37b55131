"""Which open orders are emitted again, and which were emitted often enough."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from handlers.contract.clock import rfc3339
from handlers.contract.names import OrderStatus

# The reason of a held order when no step is known to be broken.
WORKFLOW_REASON: Final = "workflow"


class SweepOutcome(StrEnum):
    """What a sweep did with an order that waited too long."""

    EMITTED = "emitted"
    REFUSED = "refused"  # by the bus: the next sweep tries again, and no attempt is counted
    HELD = "held"  # it waits for an operator now
    EXPIRED = "expired"  # it was held for too long, and is being cancelled
    CHANGED = "changed"  # by its workflow or another sweep, since it was read
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueOrder:
    """An order in progress, from the open-orders index; `attempts` is how often it was emitted again."""

    order_id: str
    customer_id: str
    status: OrderStatus
    reason: str | None
    open_key: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPolicy:
    """An order that waits longer than `after` is emitted again, `max_attempts` times at most.

    One that is held and waits for an operator longer than `hold_expires_after` is cancelled.
    """

    after: timedelta
    max_attempts: int
    hold_expires_after: timedelta

    def overdue_before(self, now: datetime) -> str:
        """Return the time (RFC 3339) before which an overdue order was stored or emitted last."""
        return rfc3339(now - self.after)

    def expired_before(self, now: datetime) -> str:
        """Return the time (RFC 3339) before which a hold that has expired began."""
        return rfc3339(now - self.hold_expires_after)

    def gives_up_on(self, order: OverdueOrder) -> bool:
        return order.attempts >= self.max_attempts
