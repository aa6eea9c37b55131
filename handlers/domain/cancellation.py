"""Which orders a client can cancel, and why the others can't be."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.contract.clock import rfc3339
from handlers.contract.names import OrderStatus
from handlers.domain.errors import CancelLater, NotCancellable
from handlers.domain.order import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationPolicy:
    """A CONFIRMED order can be cancelled for so long; zero: not at all."""

    after_confirmation: timedelta

    def confirmed_since(self, now: datetime) -> str | None:
        """Return the time (RFC 3339) since which an order must have been CONFIRMED; None: none qualifies."""
        return rfc3339(now - self.after_confirmation) if self.after_confirmation else None

    def require_requested(self, order: Order, now: datetime) -> None:
        """Accept a refused request when there is one already; raises NotCancellable or CancelLater."""
        if order.cancellation is not None:
            return
        if order.status is OrderStatus.REJECTED:
            raise NotCancellable("The order was rejected: nothing is reserved, and nothing was charged.")
        since = self.confirmed_since(now)
        if since is None:
            raise NotCancellable("The order is confirmed, and this shop takes no confirmed order back.")
        confirmed_at = order.settled_at or order.updated_at
        if confirmed_at < since:
            hours = self.after_confirmation / timedelta(hours=1)
            raise NotCancellable(
                f"The order was confirmed at {confirmed_at}: it could be cancelled for {hours:g} hours."
            )
        raise CancelLater
