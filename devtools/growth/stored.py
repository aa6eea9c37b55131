"""Fills the Orders table with settled orders: copies of one that the deployed app has settled."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final
from uuid import uuid4

from devtools.cost.scenarios import Case, play
from handlers.contract.clock import rfc3339
from handlers.contract.names import ORDER_RECORD
from orderctl.chunks import chunks
from orderctl.cost.measured import Outcome
from orderctl.dynamodb import to_item
from orderctl.stack import Stack

_MAX_PUTS: Final = (
    25  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
)
_AT_ONCE: Final = 2
ORDERS_PER_CUSTOMER: Final = 10

Item = dict[str, Any]


class StoredOrders:
    """The settled orders of a local cloud, as many as somebody wants."""

    def __init__(self, stack: Stack) -> None:
        self._dynamodb = stack.client("dynamodb")
        self._table = stack.orders_table
        self.count = 0
        self._sample = self._records(
            play(stack, Case(outcome=Outcome.CONFIRMED, lines=3, prefix="G000")).order_id
        )

    def grow_to(self, count: int) -> None:
        """Add orders, all with their records, until there are so many; each customer has ten."""
        items = chain.from_iterable(map(self._copy, range(self.count, count)))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(self._put, chunks(items, _MAX_PUTS)):
                pass
        self.count = count

    def _put(self, items: list[Item]) -> None:
        request = {self._table: [{"PutRequest": {"Item": item}} for item in items]}
        unprocessed = self._dynamodb.batch_write_item(RequestItems=request)["UnprocessedItems"]
        if unprocessed:
            raise ValueError("a local cloud leaves nothing unprocessed")

    def _copy(self, number: int) -> Iterator[Item]:
        order = next(item for item in self._sample if item["record"]["S"] == ORDER_RECORD)
        created = order["createdAt"]["S"]
        before = datetime.fromisoformat(created) - timedelta(minutes=number)
        text = json.dumps(self._sample)
        for old, new in (
            (order["orderId"]["S"], str(uuid4())),
            (order["customerId"]["S"], customer(number // ORDERS_PER_CUSTOMER)),
            (created, rfc3339(before)),
        ):
            text = text.replace(json.dumps(old)[1:-1], new)
        yield from json.loads(text)

    def _records(self, order_id: str) -> list[Mapping[str, Any]]:
        found = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="orderId = :id",
            ExpressionAttributeValues=to_item({":id": order_id}),
        )
        return list(found["Items"])


def customer(number: int) -> str:
    """Return the id of a customer with ten orders."""
    return f"cust-growth-{number:05}"
