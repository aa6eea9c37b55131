"""The ORDER record of the Orders table: placed once, read alone, with its steps, or by customer."""

from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer

from handlers.adapters.aws import translated
from handlers.domain.errors import OrderNotFound
from handlers.domain.order import Execution, Money, Order, OrderLine
from handlers.domain.records import ORDER_RECORD, OrderStatus

_SERVICE: Final = "Orders table"
_from_attribute = TypeDeserializer().deserialize


class OrdersTable:
    """`client` is a boto3 DynamoDB client."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def read_order(self, order_id: str) -> Order:
        """Read what was written last; raises OrderNotFound, DependencyUnavailable."""
        with translated(_SERVICE):
            answer = self._client.get_item(
                TableName=self._table_name,
                Key={"orderId": {"S": order_id}, "record": {"S": ORDER_RECORD}},
                ConsistentRead=True,
            )
        if "Item" not in answer:
            raise OrderNotFound(order_id)
        return _order(answer["Item"])


def _order(item: dict[str, Any]) -> Order:
    plain = {name: _from_attribute(value) for name, value in item.items()}
    return Order(
        order_id=plain["orderId"],
        customer_id=plain["customerId"],
        customer_email=plain["customerEmail"],
        payment_method=plain["paymentMethod"],
        status=OrderStatus(plain["status"]),
        reason=plain.get("reason"),
        items=tuple(_line(line) for line in plain["items"]),
        total=_money(plain["total"]),
        created_at=plain["createdAt"],
        updated_at=plain["updatedAt"],
        request_hash=plain["requestHash"],
        execution=_execution(plain),
    )


def _line(line: dict[str, Any]) -> OrderLine:
    return OrderLine(
        product_id=line["productId"], quantity=int(line["quantity"]), unit_price=int(line["unitPrice"])
    )


def _money(total: dict[str, Any]) -> Money:
    return Money(amount=int(total["amount"]), currency=total["currency"])


def _execution(order: dict[str, Any]) -> Execution | None:
    if "executionArn" not in order or "executionStartedAt" not in order:
        return None
    return Execution(arn=order["executionArn"], started_at=order["executionStartedAt"])
