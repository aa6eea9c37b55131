"""Measures how many orders a stage accepts and settles in a second, and how long an order takes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from time import monotonic
from typing import Any, Final, Self
from uuid import uuid4

from handlers.contract.names import OrderStatus
from orderctl.api_client import OrdersApi, Response
from orderctl.files.order_file import FileOrder, OrderFile
from orderctl.order_import import Placement
from orderctl.products import Product
from orderctl.settlement import OrderState

LINES: Final = 3
# Enough that orders rarely wait for the same product, as in a shop.
_PRODUCTS: Final = 20
_CUSTOMERS: Final = 100
_UNIT_PRICE: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The orders of a benchmark and its own products, whose ids nothing else has."""

    name: str
    orders: int

    @classmethod
    def of(cls, orders: int) -> Self:
        """Return a run that no other one can be confused with."""
        return cls(name=f"BENCH-{uuid4().hex[:12]}", orders=orders)

    @property
    def products(self) -> list[Product]:
        """Return the products with the stock that all orders need."""
        return [
            Product(
                product_id=self._product_id(number),
                name=f"Product {number} of a benchmark",
                unit_price=_UNIT_PRICE,
                available=LINES * self.orders,
            )
            for number in range(_PRODUCTS)
        ]

    def file(self) -> OrderFile:
        """Return the orders, each with three products, as if they were in a file."""
        orders = tuple(self._order(number) for number in range(self.orders))
        return OrderFile(digest=self.name, orders=orders, refused=(), products=(), skipped=())

    def _order(self, number: int) -> FileOrder:
        products = ((number * LINES + line) % _PRODUCTS for line in range(LINES))
        return FileOrder(
            invoice=str(number),
            customer_id=f"{self.name}-{number % _CUSTOMERS}",
            items=tuple((self._product_id(product), 1) for product in products),
        )

    def _product_id(self, number: int) -> str:
        return f"{self.name}-{number}"


class TimedApi(OrdersApi):
    """Measures the whole wait for a response: the retries of throttled requests too."""

    def place(self, order: Mapping[str, Any], *, idempotency_key: str) -> Response:
        """POST an order."""
        started = monotonic()
        response = super().place(order, idempotency_key=idempotency_key)
        return replace(response, seconds=monotonic() - started)


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Seconds, by nearest rank."""

    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Self | None:
        """Return the percentiles; None when there are no values."""
        ordered = sorted(seconds)
        if not ordered:
            return None
        p50, p95, p99 = (ordered[ceil(share * len(ordered)) - 1] for share in (0.5, 0.95, 0.99))
        return cls(p50=p50, p95=p95, p99=p99)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchResult:
    """What became of the orders. Rates are in orders per second; None when there is nothing to measure."""

    orders: int
    concurrency: int
    accepted: int
    by_status: Counter[tuple[OrderStatus, str]]  # status and reason
    accepted_per_second: float | None
    settled_per_second: float | None
    accept: Percentiles | None
    settle: Percentiles | None

    @property
    def settled(self) -> int:
        """Return how many orders are settled: confirmed, rejected or cancelled."""
        return sum(count for (status, _), count in self.by_status.items() if status.is_settled)


def result_of(
    placements: Sequence[Placement],
    states: Sequence[OrderState],
    *,
    concurrency: int,
    seconds: float,
) -> BenchResult:
    """Measure; `seconds` is how long the placing took.

    An order is accepted when its response has come, and settled when the table says so.
    """
    accepted = [each.response.seconds for each in placements if each.accepted and each.response]
    settled = [state for state in states if state.status.is_settled]
    return BenchResult(
        orders=len(placements),
        concurrency=concurrency,
        accepted=len(accepted),
        by_status=Counter((state.status, state.reason) for state in states),
        accepted_per_second=len(accepted) / seconds if accepted and seconds else None,
        settled_per_second=_settled_per_second(settled),
        accept=Percentiles.of(accepted),
        settle=Percentiles.of([state.seconds for state in settled]),
    )


def _settled_per_second(settled: Sequence[OrderState]) -> float | None:
    if not settled:
        return None
    first = min(state.created_at for state in settled)
    last = max(state.settled_at or state.updated_at for state in settled)
    seconds = (last - first).total_seconds()
    return len(settled) / seconds if seconds else None
