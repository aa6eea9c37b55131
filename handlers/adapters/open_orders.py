"""The open-orders index: which orders have waited too long, and what is noted on them."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from botocore.exceptions import ClientError

from handlers.adapters.aws import error_code, translated
from handlers.adapters.step_records import from_item, record_key, to_item
from handlers.domain.records import OPEN_ORDERS_INDEX, ORDER_RECORD, OrderStatus, open_key
from handlers.domain.sweep import WORKFLOW_REASON, WaitingOrder

_SERVICE: Final = "Orders table"


class OpenOrders:
    """`client` is a boto3 DynamoDB client, times are RFC 3339. All methods raise DependencyUnavailable."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def waiting(self, shard: str, before: str) -> Iterator[WaitingOrder]:
        """Find the PENDING orders of one shard that wait since before that time, the oldest first.

        The index is a moment behind the table: who acts on an order does so on condition of its key.
        """
        query = {
            "TableName": self._table_name,
            "IndexName": OPEN_ORDERS_INDEX,
            "KeyConditionExpression": "openShard = :shard AND openKey BETWEEN :first AND :last",
            "ExpressionAttributeValues": to_item(
                {
                    ":shard": shard,
                    ":first": open_key(OrderStatus.PENDING, ""),
                    ":last": open_key(OrderStatus.PENDING, before),
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
            {":openKey": open_key(OrderStatus.PENDING, now), ":attempts": order.attempts + 1},
        )

    def hold(self, order: WaitingOrder, now: str) -> bool:
        """Put it ON_HOLD; False when it changed since it was found."""
        return self._change(
            order,
            "SET #status = :onHold, reason = :reason, updatedAt = :now, openKey = :openKey",
            {
                ":onHold": OrderStatus.ON_HOLD.value,
                ":reason": WORKFLOW_REASON,
                ":now": now,
                ":openKey": open_key(OrderStatus.ON_HOLD, now),
            },
        )

    def _pages(self, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        start: dict[str, Any] = {}
        while True:
            with translated(_SERVICE):
                page = self._client.query(**query, **start)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _change(self, order: WaitingOrder, expression: str, values: Mapping[str, Any]) -> bool:
        seen = {":pending": OrderStatus.PENDING.value, ":seen": order.open_key}
        try:
            with translated(_SERVICE):
                self._client.update_item(
                    TableName=self._table_name,
                    Key=record_key(order.order_id, ORDER_RECORD),
                    UpdateExpression=expression,
                    ConditionExpression="#status = :pending AND openKey = :seen",
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues=to_item({**values, **seen}),
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
        open_key=entry["openKey"],
        attempts=int(entry.get("attempts", 0)) if isinstance(entry.get("attempts"), Decimal) else 0,
    )
