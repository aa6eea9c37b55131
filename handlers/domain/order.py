"""An order as it is stored, and what its workflow recorded for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from handlers.contract.money import Money, OrderLine
from handlers.contract.names import CONSOLE_LINK, CancelReason, OrderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The last execution that settled or held the order; `started_at` is RFC 3339."""

    arn: str
    started_at: str

    def console_url(self, domain: str) -> str:
        """Return its page in the console; `domain` is the console's, such as console.aws.amazon.com."""
        region = self.arn.split(":")[3]
        epoch_ms = round(datetime.fromisoformat(self.started_at).timestamp() * 1000)
        return CONSOLE_LINK.format(domain=domain, region=region, arn=self.arn, epoch_ms=epoch_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """A request to cancel an order; it is never taken back. `comment` is the client's own words."""

    requested_at: str
    reason: CancelReason
    comment: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Times are RFC 3339 UTC; `request_hash` tells whether a replay has the same body.

    An order whose customer was forgotten has no address and no payment method. `counters` has how many
    counters each product of it had, of those that were split when the order was placed.
    """

    order_id: str
    customer_id: str
    customer_email: str | None = field(repr=False)
    payment_method: str | None = field(repr=False)
    status: OrderStatus
    reason: str | None = None
    items: tuple[OrderLine, ...]
    total: Money
    created_at: str
    updated_at: str
    request_hash: str
    execution: Execution | None = None
    # When it was first CONFIRMED or REJECTED; None also for an order of an earlier version.
    settled_at: str | None = None
    cancellation: Cancellation | None = None
    waits_for_operator: bool = False
    counters: Mapping[str, int] = field(default_factory=dict)

    @property
    def cancel_reason(self) -> CancelReason | None:
        return self.cancellation.reason if self.cancellation else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSummary:
    """An order in a list."""

    order_id: str
    status: OrderStatus
    reason: str | None
    total: Money
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPosition:
    """The last order of a page of a customer's orders: the next page begins after it."""

    created_at: str
    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedStep:
    """What a service decided for the order.

    Only a payment has a `provider` and its `reference`, and only a DECLINED payment a `reason`.
    """

    status: str
    at: str
    provider: str | None = None
    reference: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSteps:
    """None means that the service has not decided yet. `notification` is the latest kind that was claimed."""

    inventory: RecordedStep | None = None
    payment: RecordedStep | None = None
    notification: RecordedStep | None = None
