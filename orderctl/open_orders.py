"""The open-orders index: the orders that are in progress, and those that wait for an operator."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from typing import Any, Final

from handlers.contract.names import (
    OPEN_ORDERS_INDEX,
    OPEN_SHARDS,
    ORDER_RECORD,
    OpenKind,
    OrderStatus,
    open_key,
)
from orderctl.dynamodb import batch_get, to_item, to_plain
from orderctl.stack import Stack

# What the API says of an order in a list.
_SUMMARY: Final = ("orderId", "status", "reason", "total", "createdAt", "updatedAt")
_PAGE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An order as the index has it, which is a moment behind the table. Times are RFC 3339 UTC.

    `since` is when it was taken up last, or began to wait.
    """

    order_id: str
    kind: OpenKind
    status: str
    reason: str
    since: str
    updated_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The first orders of each partition; `complete` tells that there are no others."""

    orders: tuple[OpenOrder, ...]
    complete: bool


class OpenOrders:
    """The open orders of a deployed stack. Every order that is PENDING or ON_HOLD is among them.

    A settled order is among them until everybody was told: closed orders are in no index of all orders.
    """

    def __init__(self, stack: Stack) -> None:
        self._dynamodb = stack.client("dynamodb")
        self._table = stack.orders_table

    def find(self, status: OrderStatus, *, unchanged_since: str | None = None) -> Iterator[OpenOrder]:
        """Yield those with this status, the longest open first; read as far as they are asked for.

        `unchanged_since`: only those that did not change after this time.
        """
        partitions = [
            self._read(kind, str(shard), limit=_PAGE) for kind in OpenKind for shard in range(OPEN_SHARDS)
        ]
        for order in merge(*partitions, key=lambda each: each.since):
            if order.status == status and (unchanged_since is None or order.updated_at < unchanged_since):
                yield order

    def sample(self, kind: OpenKind, *, most: int, newest_first: bool = False) -> Sample:
        """Return at most so many orders of each of the partitions; this costs one Query for each."""
        orders: list[OpenOrder] = []
        complete = True
        for shard in range(OPEN_SHARDS):
            page = self._page(kind, str(shard), limit=most, newest_first=newest_first)
            orders += map(_order, page["Items"])
            complete = complete and "LastEvaluatedKey" not in page
        orders.sort(key=lambda each: each.since, reverse=newest_first)
        return Sample(orders=tuple(orders), complete=complete)

    def summaries(self, order_ids: list[str]) -> list[dict[str, Any]]:
        """Read these orders as the API summarises them; those that are gone are left out."""
        keys = [{"orderId": order_id, "record": ORDER_RECORD} for order_id in order_ids]
        found = {
            each["orderId"]: _summary(each) for each in batch_get(self._dynamodb, self._table, keys, _SUMMARY)
        }
        return [found[order_id] for order_id in order_ids if order_id in found]

    def _read(self, kind: OpenKind, shard: str, *, limit: int) -> Iterator[OpenOrder]:
        start: dict[str, Any] = {}
        while True:
            page = self._page(kind, shard, limit=limit, **start)
            yield from map(_order, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _page(
        self, kind: OpenKind, shard: str, *, limit: int, newest_first: bool = False, **start: Any
    ) -> Mapping[str, Any]:
        page: Mapping[str, Any] = self._dynamodb.query(
            TableName=self._table,
            IndexName=OPEN_ORDERS_INDEX,
            KeyConditionExpression="openShard = :shard AND begins_with(openKey, :kind)",
            ExpressionAttributeValues=to_item({":shard": shard, ":kind": open_key(kind, "")}),
            ScanIndexForward=not newest_first,
            Limit=limit,
            **start,
        )
        return page


def _order(item: Mapping[str, Any]) -> OpenOrder:
    entry = to_plain(item)
    kind, _, since = entry["openKey"].partition("#")
    return OpenOrder(
        order_id=entry["orderId"],
        kind=OpenKind(kind),
        status=entry.get("status", ""),
        reason=entry.get("reason", ""),
        since=since,
        updated_at=entry.get("updatedAt", ""),
    )


def _summary(record: Mapping[str, Any]) -> dict[str, Any]:
    total = record["total"]
    return {
        "orderId": record["orderId"],
        "status": record["status"],
        "reason": record.get("reason"),
        "total": {"amount": int(total["amount"]), "currency": total["currency"]},
        "createdAt": record["createdAt"],
        "updatedAt": record["updatedAt"],
    }
