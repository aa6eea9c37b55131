"""The writes of a confirmed order are as many as the tables of prod are warmed for."""

import json
from collections import Counter
from typing import Any

import pytest
from moto.core.botocore_stubber import BotocoreStubber

from infrastructure.storage import ORDERS_WRITES_PER_ORDER
from tests.workflow.in_process_shop import InProcessShop


def test_a_confirmed_order_writes_what_its_table_is_warmed_for(
    shop: InProcessShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    units: Counter[str] = Counter()
    original = BotocoreStubber.process_request

    def process_request(self: BotocoreStubber, request: Any) -> Any:
        target = request.headers.get("X-Amz-Target", b"")
        operation = (target if isinstance(target, str) else target.decode()).rpartition(".")[2]
        for table, written in _write_units(operation, request.body):
            units[table] += written
        return original(self, request)

    monkeypatch.setattr(BotocoreStubber, "process_request", process_request)
    order_id = shop.place(mug=1, lamp=1)
    shop.process(order_id)

    assert shop.order(order_id)["status"] == "CONFIRMED"
    assert units == {
        shop.deployment.tables.orders: ORDERS_WRITES_PER_ORDER,
        shop.deployment.tables.inventory: 2 * 2,
    }


def _write_units(operation: str, body: bytes | str) -> list[tuple[str, int]]:
    """Return the table and the write units of each write of less than 1 KB.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
    """
    if operation in {"PutItem", "UpdateItem", "DeleteItem"}:
        return [(json.loads(body)["TableName"], 1)]
    if operation == "TransactWriteItems":
        return [(next(iter(each.values()))["TableName"], 2) for each in json.loads(body)["TransactItems"]]
    return []
