"""The tests read items as boto3 does."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import Binary, TypeDeserializer

from tests.dynamodb_items import from_item, to_item


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("mug", id="text"),
        pytest.param(Decimal("2.50"), id="number"),
        pytest.param(Decimal("1E+3"), id="large number"),
        pytest.param(None, id="nothing"),
        pytest.param(False, id="flag"),
        pytest.param(Binary(b"\x00"), id="bytes"),
        pytest.param({"a", "b"}, id="texts"),
        pytest.param({Decimal(1), Decimal(2)}, id="numbers"),
        pytest.param([{"quantity": 1, "price": {"amount": 255}}, [], [None, "a"]], id="list"),
        pytest.param({}, id="empty map"),
    ],
)
def test_a_value_is_read_as_boto3_reads_it(value: Any) -> None:
    item = to_item({"value": value})

    found = from_item(item)["value"]

    boto3s = TypeDeserializer().deserialize(item["value"])
    assert found == boto3s == value
    assert repr(found) == repr(boto3s)
    assert type(found) is type(boto3s)
