"""The open-orders index: the orders that waited too long, and the sweeper's writes to them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from handlers.adapters.aws import translated
from handlers.adapters.dynamodb import (
    ConditionFailedError,
    conditional_write,
    from_item,
    record_key,
    to_item,
)
from handlers.contract import order_lifecycle as lifecycle
from handlers.contract.names import (
    OPEN_ORDERS_INDEX,
    ORDER_RECORD,
    CancelReason,
    OpenKind,
    OrderStatus,
    open_key,
)
from handlers.contract.order_lifecycle import OrderWrite
from handlers.domain.sweep import WORKFLOW_REASON, OverdueOrder

_SERVICE: Final = "Orders table"
_END_OF_TIME: Final = "9999"


class OpenOrders:
    """`client` is a boto3 DynamoDB client, times are RFC 3339. All methods raise DependencyUnavailable."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def overdue(self, shard: str, before: str) -> Iterator[OverdueOrder]:
        """Find the orders in progress of one shard that wait since before that time, the oldest first.

        The index is a moment behind the table. So every write to an order is conditional on its key.
        """
        return self._find(OpenKind.IN_PROGRESS, shard, before)

    def held(self, shard: str, before: str) -> Iterator[OverdueOrder]:
        """Find the orders of one shard that are held since before that time."""
        waiting = self._find(OpenKind.WAITING, shard, before)
        return (order for order in waiting if order.status is OrderStatus.ON_HOLD)

    def oldest_waiting(self, shard: str) -> str | None:
        """Return since when the oldest order of one shard waits for an operator; None when none waits."""
        query = self._query(OpenKind.WAITING, shard, _END_OF_TIME) | {"Limit": 1}
        with translated(_SERVICE):
            items = self._client.query(**query)["Items"]
        return from_item(items[0])["openKey"].partition("#")[2] if items else None

    def _find(self, kind: OpenKind, shard: str, before: str) -> Iterator[OverdueOrder]:
        for page in self._pages(self._query(kind, shard, before)):
            yield from (_overdue_order(from_item(item)) for item in page["Items"])

    def _query(self, kind: OpenKind, shard: str, before: str) -> dict[str, Any]:
        return {
            "TableName": self._table_name,
            "IndexName": OPEN_ORDERS_INDEX,
            "KeyConditionExpression": "openShard = :shard AND openKey BETWEEN :first AND :last",
            "ExpressionAttributeValues": to_item(
                {
                    ":shard": shard,
                    ":first": open_key(kind, ""),
                    ":last": open_key(kind, before),
                }
            ),
        }

    def count_attempt(self, order: OverdueOrder, now: str) -> bool:
        """Count that it was emitted again, and let it wait anew; False when it has changed."""
        return self._change(order, lifecycle.count_attempt(order.open_key, order.attempts + 1, now))

    def mark_unannounced(self, order: OverdueOrder) -> bool:
        """Let the next execution of a settled order take over; False when it has changed."""
        return self._change(order, lifecycle.mark_unannounced(order.open_key))

    def hold(self, order: OverdueOrder, now: str) -> OverdueOrder | None:
        """Put an order ON_HOLD, in progress until that is announced; None when it has changed."""
        held = replace(
            order,
            status=OrderStatus.ON_HOLD,
            reason=WORKFLOW_REASON,
            open_key=open_key(OpenKind.IN_PROGRESS, now),
        )
        write = lifecycle.hold_after_attempts(order.open_key, WORKFLOW_REASON, now)
        return held if self._change(order, write) else None

    def leave_to_operator(self, order: OverdueOrder, now: str) -> bool:
        """Let it wait for an operator; False when it has changed."""
        return self._change(order, lifecycle.leave_to_operator(order.open_key, now))

    def expire(self, order: OverdueOrder, now: str) -> bool:
        """Request the cancellation of a held order; False when it has changed."""
        write = lifecycle.request_cancellation(
            order.order_id, now, CancelReason.HOLD_EXPIRED, seen=order.open_key
        )
        return self._change(order, write)

    def _pages(self, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        start: dict[str, Any] = {}
        while True:
            with translated(_SERVICE):
                page = self._client.query(**query, **start)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _change(self, order: OverdueOrder, write: OrderWrite) -> bool:
        try:
            with conditional_write(_SERVICE):
                self._client.update_item(
                    TableName=self._table_name,
                    Key=record_key(order.order_id, ORDER_RECORD),
                    **write.arguments(to_item),
                )
        except ConditionFailedError:
            return False
        return True


def _overdue_order(entry: Mapping[str, Any]) -> OverdueOrder:
    return OverdueOrder(
        order_id=entry["orderId"],
        # A broken record must not end the sweep of the others.
        customer_id=str(entry.get("customerId", "")),
        status=_status(entry.get("status")),
        reason=entry.get("reason"),
        open_key=entry["openKey"],
        attempts=int(entry.get("attempts", 0)) if isinstance(entry.get("attempts"), Decimal) else 0,
    )


def _status(stored: object) -> OrderStatus:
    try:
        return OrderStatus(str(stored))
    except ValueError:
        return OrderStatus.PENDING
