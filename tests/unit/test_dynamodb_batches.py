"""The unprocessed items of a DynamoDB batch are sent again."""

from typing import Any

import pytest

from orderctl import dynamodb
from orderctl.dynamodb import batch_get, batch_put, to_item


class _BusyTable:
    """A table that processes one item of each request and returns the others as unprocessed."""

    def __init__(self) -> None:
        self.stored: list[dict[str, Any]] = []
        self.requests: list[int] = []

    def batch_write_item(self, *, RequestItems: dict[str, list[Any]]) -> dict[str, Any]:  # noqa: N803  boto3's name
        first, *others = RequestItems["shop"]
        self.stored.append(first["PutRequest"]["Item"])
        self.requests.append(1 + len(others))
        return {"UnprocessedItems": {"shop": others} if others else {}}

    def batch_get_item(self, *, RequestItems: dict[str, dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  boto3's name
        first, *others = RequestItems["shop"]["Keys"]
        self.requests.append(1 + len(others))
        unread = {"shop": RequestItems["shop"] | {"Keys": others}} if others else {}
        return {
            "Responses": {"shop": [item for item in self.stored if item == first]},
            "UnprocessedKeys": unread,
        }


@pytest.fixture
def busy_table(monkeypatch: pytest.MonkeyPatch) -> _BusyTable:
    monkeypatch.setattr(dynamodb, "_backoff", lambda _attempt: 0)
    return _BusyTable()


def items(count: int) -> list[dict[str, str]]:
    return [{"productId": f"P{number}"} for number in range(count)]


def test_items_that_were_not_written_are_written_again(busy_table: _BusyTable) -> None:
    written = list(batch_put(busy_table, "shop", items(3)))

    assert busy_table.stored == [to_item(item) for item in items(3)]
    assert written == [3]


def test_items_that_were_not_read_are_read_again(busy_table: _BusyTable) -> None:
    busy_table.stored = [to_item(item) for item in items(3)]

    assert list(batch_get(busy_table, "shop", items(4), ["productId"])) == items(3)


def test_no_batch_is_larger_than_dynamodb_allows(busy_table: _BusyTable) -> None:
    list(batch_put(busy_table, "shop", items(30)))
    largest_write = max(busy_table.requests)
    busy_table.requests.clear()
    list(batch_get(busy_table, "shop", items(120), ["productId"]))

    assert (largest_write, max(busy_table.requests)) == (25, 100)
