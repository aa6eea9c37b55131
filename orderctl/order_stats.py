"""Counts how orders ended in a time, how long that took, and which products were refused."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any, Final

from handlers.contract.clock import rfc3339
from handlers.contract.names import INVENTORY_STEP, ORDER_RECORD, OrderStatus
from orderctl.dlq.queues import DeadLetterQueue
from orderctl.dynamodb import batch_get
from orderctl.outcomes import Outcome, OutcomeLog
from orderctl.stack import QUEUES, Stack

# Of the newest orders, for latencies and for products: ten calls of BatchGetItem each.
MOST_READ: Final = 1_000
_MOST_PRODUCTS: Final = 10
_OUT_OF_STOCK: Final = "OUT_OF_STOCK"
_SETTLED: Final = (OrderStatus.CONFIRMED, OrderStatus.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleSeconds:
    """Percentiles by nearest rank of the seconds from accepting an order to settling it."""

    orders: int
    p50: float
    p90: float
    p99: float
    longest: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "SettleSeconds | None":
        """Return the percentiles; None when there are no values."""
        ordered = sorted(seconds)
        if not ordered:
            return None
        p50, p90, p99 = (ordered[ceil(len(ordered) * percent / 100) - 1] for percent in (50, 90, 99))
        return cls(orders=len(ordered), p50=p50, p90=p90, p99=p99, longest=ordered[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStats:
    """`outcomes` counts by status and reason; an order that was held and then confirmed counts for both.

    `dead_letters` has the approximate sizes of the queues now. `cut_off` has the statuses of which the log
    was not read to its end.
    """

    since: datetime
    until: datetime
    outcomes: Counter[tuple[OrderStatus, str]]
    settle_seconds: SettleSeconds | None
    dead_letters: Mapping[str, int]
    refused_products: Sequence[tuple[str, int]]
    cut_off: Sequence[OrderStatus]
    without_data: bool

    def to_json(self) -> dict[str, Any]:
        """Return what `orderctl stats --json` prints."""
        seconds = self.settle_seconds
        return {
            "since": rfc3339(self.since),
            "until": rfc3339(self.until),
            "complete": not self.cut_off,
            "outcomes": [
                {"status": status, "reason": reason or None, "orders": count}
                for (status, reason), count in sorted(self.outcomes.items())
            ],
            "settleSeconds": seconds
            and {
                "orders": seconds.orders,
                "p50": seconds.p50,
                "p90": seconds.p90,
                "p99": seconds.p99,
                "max": seconds.longest,
            },
            "deadLetters": dict(self.dead_letters),
            "refusedProducts": [
                {"productId": product_id, "orders": count} for product_id, count in self.refused_products
            ],
        }


def read_stats(stack: Stack, since: datetime, until: datetime) -> OrderStats:
    """Read the log of the executions, the orders that it names, and the queues.

    Costs at most 100 calls of FilterLogEvents, 20 of BatchGetItem, and one for each queue.
    """
    outcomes = OutcomeLog(stack).read(since, until)
    found = outcomes.found
    return OrderStats(
        since=since,
        until=until,
        outcomes=Counter((each.status, each.reason) for each in found),
        settle_seconds=SettleSeconds.of(_seconds(stack, found, since)),
        dead_letters=dead_letters(stack),
        refused_products=_refused_products(stack, found),
        cut_off=outcomes.cut_off,
        without_data=any(not each.order_id for each in found),
    )


def dead_letters(stack: Stack) -> dict[str, int]:
    """Return how many messages each queue has, those that a reader has hidden included."""
    sizes = {name: DeadLetterQueue(stack, name).size() for name in QUEUES}
    return {name: size.waiting + size.hidden for name, size in sizes.items()}


def _seconds(stack: Stack, found: Sequence[Outcome], since: datetime) -> list[float]:
    announced = {each.order_id: each.at for each in found if each.order_id and each.status in _SETTLED}
    records = _read(stack, list(announced), ORDER_RECORD, ("orderId", "createdAt", "settledAt"))
    times = [
        (datetime.fromisoformat(record["createdAt"]), _settled_at(record, announced[record["orderId"]]))
        for record in records
    ]
    # An order that was settled earlier has only been announced again.
    return [(settled - created).total_seconds() for created, settled in times if settled >= since]


def _settled_at(record: Mapping[str, Any], announced: datetime) -> datetime:
    """Return when the order was settled first; of one of an earlier version, when that was announced."""
    return datetime.fromisoformat(record["settledAt"]) if "settledAt" in record else announced


def _refused_products(stack: Stack, found: Sequence[Outcome]) -> list[tuple[str, int]]:
    refused = [each.order_id for each in found if each.order_id and each.reason == _OUT_OF_STOCK]
    records = _read(stack, refused, INVENTORY_STEP, ("orderId", "products"))
    counts = Counter(product for record in records for product in record.get("products", []))
    return counts.most_common(_MOST_PRODUCTS)


def _read(
    stack: Stack, order_ids: Sequence[str], record: str, attributes: Sequence[str]
) -> list[dict[str, Any]]:
    keys = [{"orderId": order_id, "record": record} for order_id in order_ids[-MOST_READ:]]
    return list(batch_get(stack.client("dynamodb"), stack.orders_table, keys, attributes))
