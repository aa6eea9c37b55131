"""The orders whose address and payment token may go: found page by page, and erased one by one."""

from collections.abc import Iterator
from typing import Any, Final

from handlers.adapters.aws import translated
from handlers.adapters.dynamodb import ConditionFailedError, conditional_write, record_key, to_item
from handlers.contract import order_lifecycle as lifecycle
from handlers.contract.names import ORDER_RECORD

_SERVICE: Final = "Orders table"


class ExpiredContacts:
    """`client` is a boto3 DynamoDB client, times are RFC 3339. All methods raise DependencyUnavailable."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def find(self, before: str, *, segment: int, of: int) -> Iterator[list[str]]:
        """Scan one segment `of` so many; yield the ids of each page, which may be empty.

        An index would cost two writes for each order. A scan reads a million orders for 6 cents, once a
        week, and nobody waits for it.
        """
        write = lifecycle.erase_contact(before)
        # A filter may not have values that it does not use.
        values = {name: value for name, value in write.values.items() if name in write.condition}
        request = {
            "TableName": self._table_name,
            "FilterExpression": f"{write.condition} AND #record = :record",
            "ProjectionExpression": "orderId",
            "ExpressionAttributeNames": write.names | {"#record": "record"},
            "ExpressionAttributeValues": to_item(values | {":record": ORDER_RECORD}),
            "Segment": segment,
            "TotalSegments": of,
        }
        start: dict[str, Any] = {}
        while True:
            with translated(_SERVICE):
                page = self._client.scan(**request, **start)
            yield [item["orderId"]["S"] for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def erase(self, order_id: str, before: str) -> bool:
        """Erase address and token; False when the order has changed since it was found."""
        try:
            with conditional_write(_SERVICE):
                self._client.update_item(
                    TableName=self._table_name,
                    Key=record_key(order_id, ORDER_RECORD),
                    **lifecycle.erase_contact(before).arguments(to_item),
                )
        except ConditionFailedError:
            return False
        return True
