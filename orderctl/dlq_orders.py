"""The orders that a redrive takes up again: those that wait for an operator, and those of dead letters."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from botocore.exceptions import ClientError

from handlers.domain.clock import Clock, rfc3339, utc_now
from handlers.domain.events import Event, placed
from handlers.domain.order import Money, OrderLine
from handlers.domain.records import (
    OPEN_ORDERS_INDEX,
    OPEN_SHARDS,
    ORDER_RECORD,
    OpenKind,
    OrderStatus,
    Unsaid,
    open_key,
    open_shard,
    unsaid_since,
)
from orderctl.stack import Stack
from orderctl.table_batches import batch_get, to_item, to_plain

_ON_HOLD: Final = open_key(OpenKind.ON_HOLD, "")
# What the event tells, and where the order stands: neither e-mail address nor payment token.
_ATTRIBUTES: Final = ("orderId", "customerId", "items", "total", "status", "openKey")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOrder:
    """An order that waits for an operator, as the open-orders index shows it.

    It is ON_HOLD, or settled while its workflow failed again and again to tell everybody.
    """

    order_id: str
    status: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOrder:
    """An order as it is now, and its OrderPlaced; `open_as` is None when it is done with."""

    order_id: str
    status: OrderStatus
    open_as: OpenKind | None
    placed: Event

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read the record; raise KeyError, TypeError or ValueError where it is broken."""
        total = Money(amount=int(record["total"]["amount"]), currency=record["total"]["currency"])
        return cls(
            order_id=record["orderId"],
            status=OrderStatus(record["status"]),
            open_as=OpenKind(record["openKey"].partition("#")[0]) if "openKey" in record else None,
            placed=placed(record["orderId"], record["customerId"], _lines(record["items"]), total),
        )


def _lines(items: Iterable[Mapping[str, Any]]) -> list[OrderLine]:
    return [
        OrderLine(
            product_id=item["productId"], quantity=int(item["quantity"]), unit_price=int(item["unitPrice"])
        )
        for item in items
    ]


class DlqOrders:
    """The Orders table of a deployed stack."""

    def __init__(self, stack: Stack, now: Clock = utc_now) -> None:
        self._dynamodb = stack.client("dynamodb")
        self._table = stack.orders_table
        self._now = now

    def held(self) -> list[HeldOrder]:
        """Find every order that waits for an operator, without looking at the others."""
        return [
            HeldOrder(
                order_id=entry["orderId"],
                status=entry.get("status", ""),
                reason=entry.get("reason", ""),
                since=datetime.fromisoformat(entry["openKey"].removeprefix(_ON_HOLD)),
            )
            for shard in range(OPEN_SHARDS)
            for entry in self._on_hold(str(shard))
        ]

    def read(self, order_ids: Iterable[str]) -> dict[str, KnownOrder]:
        """Read these orders; one that does not exist, or whose record is broken, is left out."""
        keys = ({"orderId": order_id, "record": ORDER_RECORD} for order_id in order_ids)
        found: dict[str, KnownOrder] = {}
        for record in batch_get(self._dynamodb, self._table, keys, _ATTRIBUTES):
            with suppress(KeyError, TypeError, ValueError):
                found[record["orderId"]] = KnownOrder.from_record(record)
        return found

    def resume(self, order: KnownOrder) -> None:
        """Let an order on hold be PENDING again: should its event be lost, the sweeper finds it."""
        now = rfc3339(self._now())
        self._change(
            order,
            "SET #status = :pending, updatedAt = :now, openKey = :openKey REMOVE reason, attempts",
            {
                ":pending": OrderStatus.PENDING.value,
                ":now": now,
                ":openKey": open_key(OpenKind.IN_PROGRESS, now),
            },
        )

    def reopen(self, order: KnownOrder, unsaid: Unsaid) -> None:
        """Let the next execution of a settled order say what is left; the sweeper sees to it that it does."""
        now = rfc3339(self._now())
        self._change(
            order,
            "SET unsaid = :unsaid, openShard = :openShard, openKey = :openKey REMOVE attempts",
            {
                ":unsaid": unsaid_since(unsaid, now),
                ":openShard": open_shard(order.order_id),
                ":openKey": open_key(OpenKind.IN_PROGRESS, now),
            },
            # Should it be open by now, then somebody already sees to it.
            also=" AND attribute_not_exists(openKey)" if unsaid is Unsaid.NOTIFICATION else "",
        )

    def _change(self, order: KnownOrder, expression: str, values: Mapping[str, Any], also: str = "") -> None:
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_item({"orderId": order.order_id, "record": ORDER_RECORD}),
                UpdateExpression=expression,
                ConditionExpression=f"#status = :status{also}",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=to_item({**values, ":status": order.status.value}),
            )
        except ClientError as error:
            # An execution that was still running has settled it, or another redrive took it up.
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def _on_hold(self, shard: str) -> Iterator[Mapping[str, Any]]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=OPEN_ORDERS_INDEX,
            KeyConditionExpression="openShard = :shard AND begins_with(openKey, :onHold)",
            ExpressionAttributeValues=to_item({":shard": shard, ":onHold": _ON_HOLD}),
        )
        for page in pages:
            yield from map(to_plain, page["Items"])
