"""Places the orders of a file, many at a time, and summarises how they ended."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from handlers.contract.names import OrderStatus
from orderctl.api_client import ACCEPTED, OrdersApi, Response
from orderctl.files.order_file import FileOrder, OrderFile
from orderctl.settlement import OrderState

PAYMENT_METHOD: Final = "pm_card_visa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """An order of the file, and the response of the API to it."""

    order: FileOrder
    response: Response

    @property
    def accepted(self) -> bool:
        """Tell whether the order is placed, now or by an earlier import of the same file."""
        return self.response.status == ACCEPTED

    @property
    def order_id(self) -> str:
        """Return the id of an accepted order."""
        return str(self.response.body["orderId"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """The 50th and the 99th percentile, in seconds."""

    p50: float
    p99: float

    @classmethod
    def from_seconds(cls, seconds: Sequence[float]) -> "Latency | None":
        """Return the percentiles by nearest rank; None when there are no values."""
        ordered = sorted(seconds)
        if not ordered:
            return None
        return cls(p50=ordered[ceil(0.5 * len(ordered)) - 1], p99=ordered[ceil(0.99 * len(ordered)) - 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSummary:
    """How the orders of a file ended.

    Rate and settlement latency are those of the orders that this import placed.
    """

    by_status: Counter[tuple[OrderStatus, str]]  # status and reason
    replayed: int
    failed: tuple[Placement, ...]
    orders_per_second: float | None
    settlement_latency: Latency | None
    response_latency: Latency | None

    @property
    def unsettled(self) -> int:
        """Return how many orders are neither confirmed nor rejected."""
        return sum(count for (status, _), count in self.by_status.items() if not status.is_settled)


def place_all(api: OrdersApi, file: OrderFile, *, concurrency: int) -> Iterator[Placement]:
    """Place every order of the file, at most `concurrency` at a time; yield each when it has a response."""
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="place")

    def place(order: FileOrder) -> Placement:
        # The key makes an import repeatable: the same invoice of the same file is always the same order.
        response = api.place(order_request(order), idempotency_key=f"{order.invoice}-{file.digest}")
        return Placement(order=order, response=response)

    try:
        for future in as_completed([pool.submit(place, order) for order in file.orders]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def order_request(order: FileOrder) -> dict[str, Any]:
    """Return the body of POST /orders; the file has no e-mail address and no card, so both are made up."""
    return {
        "customerId": order.customer_id,
        "customerEmail": f"{order.customer_id}@example.com",
        "paymentMethod": PAYMENT_METHOD,
        "items": [{"productId": product_id, "quantity": quantity} for product_id, quantity in order.items],
    }


def summarise(placements: Sequence[Placement], states: Sequence[OrderState]) -> ImportSummary:
    """Count responses and statuses, and measure rate and latency."""
    accepted = [placement for placement in placements if placement.accepted]
    new_ids = {placement.order_id for placement in accepted if not placement.response.replayed}
    settled = [state for state in states if state.order_id in new_ids and state.status != OrderStatus.PENDING]
    return ImportSummary(
        by_status=Counter((state.status, state.reason) for state in states),
        replayed=len(accepted) - len(new_ids),
        failed=tuple(placement for placement in placements if not placement.accepted),
        orders_per_second=_rate(settled),
        settlement_latency=Latency.from_seconds([state.seconds for state in settled]),
        response_latency=Latency.from_seconds([placement.response.seconds for placement in accepted]),
    )


def _rate(settled: Sequence[OrderState]) -> float | None:
    if not settled:
        return None
    first = min(state.created_at for state in settled)
    last = max(state.updated_at for state in settled)
    return len(settled) / max((last - first).total_seconds(), 0.001)
