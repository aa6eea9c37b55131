"""The open-orders index: which orders have waited too long, and what is noted on them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from botocore.exceptions import ClientError

from handlers.adapters.aws import error_code, translated
from handlers.adapters.step_records import from_item, record_key, to_item
from handlers.contract.names import (
    OPEN_ORDERS_INDEX,
    ORDER_RECORD,
    OpenKind,
    OrderStatus,
    open_key,
)
from handlers.domain.sweep import WORKFLOW_REASON, WaitingOrder

_SERVICE: Final = "Orders table"


class OpenOrders:
    """`client` is a boto3 DynamoDB client, times are RFC 3339. All methods raise DependencyUnavailable."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def waiting(self, shard: str, before: str) -> Iterator[WaitingOrder]:
        """Find the orders in progress of one shard that wait since before that time, the oldest first.

        The index is a moment behind the table: who acts on an order does so on condition of its key.
        """
        query = {
            "TableName": self._table_name,
            "IndexName": OPEN_ORDERS_INDEX,
            "KeyConditionExpression": "openShard = :shard AND openKey BETWEEN :first AND :last",
            "ExpressionAttributeValues": to_item(
                {
                    ":shard": shard,
                    ":first": open_key(OpenKind.IN_PROGRESS, ""),
                    ":last": open_key(OpenKind.IN_PROGRESS, before),
                }
            ),
        }
        for page in self._pages(query):
            yield from (_waiting_order(from_item(item)) for item in page["Items"])

    def note_attempt(self, order: WaitingOrder, now: str) -> bool:
        """Count that it was taken up, and let it wait anew; False when it changed since it was found."""
        return self._change(
            order,
            "SET openKey = :openKey, attempts = :attempts",
            {":openKey": open_key(OpenKind.IN_PROGRESS, now), ":attempts": order.attempts + 1},
        )

    def mark_unannounced(self, order: WaitingOrder) -> bool:
        """Let the next execution of a settled order say what is left; False when it changed since."""
        return self._change(order, "SET unannounced = :true", {":true": True})

    def hold(self, order: WaitingOrder, now: str) -> WaitingOrder | None:
        """Put a PENDING order ON_HOLD, in progress until that is announced; None when it changed since."""
        held = replace(
            order,
            status=OrderStatus.ON_HOLD,
            reason=WORKFLOW_REASON,
            open_key=open_key(OpenKind.IN_PROGRESS, now),
        )
        was_changed = self._change(
            order,
            "SET #status = :onHold, reason = :reason, updatedAt = :now, openKey = :openKey",
            {":onHold": held.status.value, ":reason": held.reason, ":now": now, ":openKey": held.open_key},
            ExpressionAttributeNames={"#status": "status"},
        )
        return held if was_changed else None

    def set_aside(self, order: WaitingOrder, now: str) -> bool:
        """List it for an operator; False when it changed since it was found."""
        return self._change(order, "SET openKey = :openKey", {":openKey": open_key(OpenKind.ON_HOLD, now)})

    def _pages(self, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        start: dict[str, Any] = {}
        while True:
            with translated(_SERVICE):
                page = self._client.query(**query, **start)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _change(self, order: WaitingOrder, expression: str, values: Mapping[str, Any], **names: Any) -> bool:
        try:
            with translated(_SERVICE):
                self._client.update_item(
                    TableName=self._table_name,
                    Key=record_key(order.order_id, ORDER_RECORD),
                    UpdateExpression=expression,
                    # Whatever else changes an open order changes its key as well.
                    ConditionExpression="openKey = :seen",
                    ExpressionAttributeValues=to_item({**values, ":seen": order.open_key}),
                    **names,
                )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True


def _waiting_order(entry: Mapping[str, Any]) -> WaitingOrder:
    return WaitingOrder(
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
