"""Both tables in moto, with methods to fill and read them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

from handlers.contract.names import ORDER_RECORD
from tests.aws_tables import TableNames, create_tables
from tests.dynamodb_items import from_item, to_item
from tests.moto_clients import client
from tests.moto_state import in_moto

ORDER: Final = "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"
EMAIL: Final = "ada@example.com"
EXECUTION: Final = "arn:aws:states:us-east-1:123456789012:express:OrderWorkflow:first:1"
OTHER_EXECUTION: Final = "arn:aws:states:us-east-1:123456789012:express:OrderWorkflow:second:2"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTables:
    """`dynamodb` is a moto client for adapters and for the calls of a test."""

    dynamodb: Any
    names: TableNames

    @classmethod
    @contextmanager
    def in_moto(cls, template: Mapping[str, Any]) -> Iterator[Self]:
        with in_moto(["dynamodb"], create_tables, template) as names:
            yield cls(dynamodb=client("dynamodb"), names=names)

    def stock(self, product_id: str, available: int) -> None:
        item = {"productId": product_id, "name": product_id, "unitPrice": 255, "available": available}
        self.dynamodb.put_item(TableName=self.names.inventory, Item=to_item(item))

    def available(self, product_id: str) -> int:
        response = self.dynamodb.get_item(
            TableName=self.names.inventory, Key=to_item({"productId": product_id}), ConsistentRead=True
        )
        return int(from_item(response["Item"])["available"])

    def place(
        self,
        quantities: Mapping[str, int],
        *,
        order_id: str = ORDER,
        payment_method: str = "pm_card_visa",
        **fields: Any,
    ) -> None:
        """Store an order as the API does; `fields` are further attributes."""
        lines = [
            {"productId": product, "quantity": quantity, "unitPrice": 255}
            for product, quantity in quantities.items()
        ]
        record = {
            "orderId": order_id,
            "record": ORDER_RECORD,
            "customerId": "cust-17850",
            "customerEmail": EMAIL,
            "paymentMethod": payment_method,
            "status": "PENDING",
            "items": lines,
            "total": {"amount": 255 * sum(quantities.values()), "currency": "USD"},
            "createdAt": "2026-11-22T15:14:31.123Z",
            "updatedAt": "2026-11-22T15:14:31.123Z",
            "requestHash": "0" * 64,
            **fields,
        }
        self.dynamodb.put_item(TableName=self.names.orders, Item=to_item(record))

    def change(self, order_id: str = ORDER, **fields: Any) -> None:
        """Overwrite fields of an order's record; None removes one."""
        changed = (self.step(ORDER_RECORD, order_id=order_id) or {}) | fields
        record = {name: value for name, value in changed.items() if value is not None}
        self.dynamodb.put_item(TableName=self.names.orders, Item=to_item(record))

    def step(self, record: str, *, order_id: str = ORDER) -> dict[str, Any] | None:
        response = self.dynamodb.get_item(
            TableName=self.names.orders,
            Key=to_item({"orderId": order_id, "record": record}),
            ConsistentRead=True,
        )
        if "Item" not in response:
            return None
        return from_item(response["Item"])
