"""Keeps the newest orders of a stack in memory, for the live list and the charts.

There is no index of all orders by time, and none is needed: the log of the executions names each order soon
after it was placed, and the open-orders index has every order that is not done. What they name is read from
the Orders table by its key.
"""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from handlers.contract.clock import Clock, utc_now
from handlers.contract.names import ORDER_RECORD, OpenKind
from orderctl.deployed_workflow import DeployedWorkflow
from orderctl.dynamodb import batch_get
from orderctl.open_orders import OpenOrder, OpenOrders
from orderctl.stack import Stack

# More are not kept: the oldest that is done is dropped.
MOST_ORDERS: Final = 10_000
# Of each of the eight partitions of the index, for each of the two kinds.
_MOST_OF_A_PARTITION: Final = 200
# The first look is short, so that the page is there at once; the others follow in the background.
_FIRST_WINDOW: Final = timedelta(minutes=5)
_EARLIER: Final = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
_MOST_PAGES: Final = 5
_SAMPLE: Final = 20
# How long AWS may take to write a line of the log.
_LOG_DELAY: Final = timedelta(seconds=20)
_ATTRIBUTES: Final = (
    *("orderId", "customerId", "status", "reason", "total", "createdAt", "updatedAt", "settledAt"),
    *("openKey", "cancelRequestedAt"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOrder:
    """An order as its record has it. Times are RFC 3339 UTC; `amount` is in minor units.

    `open_kind` is "" when the order is closed; `since` is when it was taken up last, or began to wait.
    """

    order_id: str
    customer_id: str
    status: str
    reason: str
    amount: int
    currency: str
    created_at: str
    updated_at: str
    settled_at: str
    open_kind: str
    since: str
    is_to_be_cancelled: bool

    @property
    def waits(self) -> bool:
        """Tell whether it waits for an operator."""
        return self.open_kind == OpenKind.WAITING

    @property
    def settle_seconds(self) -> float | None:
        """Return how long it took from accepted to settled; None when it is not, or no record tells."""
        if not self.settled_at:
            return None
        return (
            datetime.fromisoformat(self.settled_at) - datetime.fromisoformat(self.created_at)
        ).total_seconds()

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read the attributes of an ORDER record; raise KeyError when it is not whole."""
        kind, _, since = str(record.get("openKey", "")).partition("#")
        return cls(
            order_id=record["orderId"],
            customer_id=record["customerId"],
            status=record["status"],
            reason=record.get("reason", ""),
            amount=int(record["total"]["amount"]),
            currency=record["total"]["currency"],
            created_at=record["createdAt"],
            updated_at=record["updatedAt"],
            settled_at=record.get("settledAt", ""),
            open_kind=kind,
            since=since,
            is_to_be_cancelled="cancelRequestedAt" in record and record["status"] != "CANCELLED",
        )


class OrderFeed:
    """The newest orders. One thread refreshes it; any thread may read it.

    A refresh costs 16 calls of Query (the 200 newest in progress and the 200 that have waited longest, of
    each of the eight partitions of the open-orders index), at most 5 of FilterLogEvents (usually 1), and one
    of BatchGetItem for every 100 orders that changed. The first one reads the last five minutes of the log.
    `load_earlier` reads the last 24 hours, with at most 15 calls of FilterLogEvents.
    """

    def __init__(self, stack: Stack, now: Clock = utc_now) -> None:
        self._now = now
        self._open = OpenOrders(stack)
        self._dynamodb = stack.client("dynamodb")
        self._table = stack.orders_table
        self._logs = stack.client("logs")
        self._group = DeployedWorkflow(stack).log_group
        self._lock = threading.Lock()
        self._orders: dict[str, FeedOrder] = {}
        self._changed_at: dict[str, int] = {}
        self._started = now()
        self._read_from = self._started - _FIRST_WINDOW
        self.version = 0
        # It changes when orders may have gone, which they do not otherwise.
        self.epoch = 0
        self.complete_since = self._read_from

    def is_still_there(self) -> bool:
        """Tell whether the table has the newest orders that were read; this costs one BatchGetItem."""
        newest = [order.order_id for order in self.orders()[:_SAMPLE]]
        keys = [{"orderId": order_id, "record": ORDER_RECORD} for order_id in newest]
        found = list(batch_get(self._dynamodb, self._table, keys, ("orderId",))) if keys else []
        return len(found) == len(newest)

    def forget(self) -> None:
        """Begin anew: the pages that show its orders have to be loaded again."""
        with self._lock:
            self._orders.clear()
            self._changed_at.clear()
            self._started = self._now()
            self._read_from = self.complete_since = self._started - _FIRST_WINDOW
            self.version += 1
            self.epoch += 1

    def orders(self) -> list[FeedOrder]:
        """Return what is known, the newest first."""
        with self._lock:
            found = list(self._orders.values())
        return sorted(found, key=lambda order: (order.created_at, order.order_id), reverse=True)

    def get(self, order_id: str) -> FeedOrder | None:
        """Return one order, if it is known."""
        return self._orders.get(order_id)

    def changed_since(self, version: int) -> list[FeedOrder]:
        """Return the orders that changed after this version of the feed, the oldest change first."""
        with self._lock:
            changed = sorted((at, id_) for id_, at in self._changed_at.items() if at > version)
            return [self._orders[id_] for _, id_ in changed if id_ in self._orders]

    def refresh(self) -> None:
        """Read what has changed."""
        at = self._now()
        named = self._started_orders(self._read_from, at)
        open_orders = [
            *self._open.sample(OpenKind.IN_PROGRESS, most=_MOST_OF_A_PARTITION, newest_first=True).orders,
            *self._open.sample(OpenKind.WAITING, most=_MOST_OF_A_PARTITION).orders,
        ]
        self._read(self._out_of_date(named, open_orders))
        self._read_from = max(self._read_from, at - _LOG_DELAY)

    def load_earlier(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Read the orders of the last 24 hours, the newest hours first, until there are enough."""
        end = self._started - _FIRST_WINDOW
        for span in _EARLIER:
            start = self._started - span
            if stopped() or len(self._orders) >= MOST_ORDERS:
                return
            self._read(
                order_id for order_id in self._started_orders(start, end) if order_id not in self._orders
            )
            end = self.complete_since = start

    def read_now(self, order_ids: Iterable[str]) -> None:
        """Read these orders again, for example after something was done with them."""
        self._read(order_ids)

    def _out_of_date(self, named: Iterable[str], open_orders: Iterable[OpenOrder]) -> list[str]:
        """Return the ids of the orders to read: new ones, changed ones, and those that were open before."""
        listed = {order.order_id: order for order in open_orders}
        known = self._orders
        wanted = {id_: None for id_ in named if id_ not in known or known[id_].open_kind}
        for id_, order in listed.items():
            seen = known.get(id_)
            if seen is None or (seen.updated_at, seen.open_kind, seen.since) != (
                order.updated_at,
                order.kind.value,
                order.since,
            ):
                wanted[id_] = None
        wanted |= {id_: None for id_, order in known.items() if order.open_kind and id_ not in listed}
        return list(wanted)

    def _read(self, order_ids: Iterable[str]) -> None:
        keys = [{"orderId": order_id, "record": ORDER_RECORD} for order_id in order_ids]
        if not keys:
            return
        records = batch_get(self._dynamodb, self._table, keys[:MOST_ORDERS], _ATTRIBUTES)
        self._keep(list(_whole(records)))

    def _keep(self, read: list[FeedOrder]) -> None:
        with self._lock:
            changed = [order for order in read if self._orders.get(order.order_id) != order]
            if not changed:
                return
            self.version += 1
            for order in changed:
                self._orders[order.order_id] = order
                self._changed_at[order.order_id] = self.version
            if len(self._orders) > MOST_ORDERS:
                done = sorted(
                    (order for order in self._orders.values() if not order.open_kind),
                    key=lambda order: order.created_at,
                )
                for order in done[: len(self._orders) - MOST_ORDERS]:
                    del self._orders[order.order_id], self._changed_at[order.order_id]

    def _started_orders(self, start: datetime, end: datetime) -> list[str]:
        """Return the ids of the orders whose executions started in this time."""
        return list(dict.fromkeys(filter(None, map(_order_id, self._log(start, end)))))

    def _log(self, start: datetime, end: datetime) -> Iterator[Mapping[str, Any]]:
        request: dict[str, Any] = {
            "logGroupName": self._group,
            "filterPattern": '"ExecutionStarted"',
            "startTime": int(start.timestamp() * 1000),
            "endTime": int(end.timestamp() * 1000),
        }
        for _ in range(_MOST_PAGES):
            page = self._logs.filter_log_events(**request)
            yield from (json.loads(event["message"]) for event in page["events"])
            if "nextToken" not in page:
                return
            request["nextToken"] = page["nextToken"]


def _whole(records: Iterable[Mapping[str, Any]]) -> Iterator[FeedOrder]:
    for record in records:
        try:
            yield FeedOrder.from_record(record)
        except (KeyError, TypeError, ValueError):
            continue  # another program wrote it


def _order_id(event: Mapping[str, Any]) -> str:
    """Return the id of the order; "" where the log has no execution data."""
    if event.get("type") != "ExecutionStarted":
        return ""
    try:
        return str(json.loads(event["details"]["input"])["detail"]["orderId"])
    except (KeyError, TypeError, ValueError):
        return ""
