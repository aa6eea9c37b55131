"""Every property of the request schema is read, hashed, stored and represented, or named as an exception.

A new property is red here until its whole path has it. Each message names the next files to change.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from handlers.adapters.orders_table import OrdersTable
from handlers.api.representation import full
from handlers.api.requests import parse_place_order
from handlers.contract.names import ORDER_RECORD
from handlers.domain.order import Order
from handlers.domain.order_request import PlaceOrder
from handlers.domain.pricing import Offer, pending_order
from tests.dynamodb_items import from_item
from tests.openapi_document import check
from tests.order_tables import ORDER
from tests.schemas import place_order_schema

Schema = Mapping[str, Any]

SCHEMA: Final = place_order_schema()
# A property that is an exception has its reason here.
NOT_STORED: Final[Mapping[str, str]] = {}
NOT_REPRESENTED: Final[Mapping[str, str]] = {
    "customerEmail": "personal data: whoever may read an order need not know it",
    "paymentMethod": "a token to pay with: only the payment service needs it",
}
# Two values of each property with a pattern. The others are made from the schema.
VALUES: Final[Mapping[str, tuple[object, object]]] = {
    "customerId": ("cust-17850", "cust-13047"),
    "customerEmail": ("ada@example.com", "bob@example.com"),
    "items[].productId": ("85123A", "22423"),
}


def _properties(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield the path and the schema of every value, such as `items[].quantity`."""
    match schema["type"]:
        case "object":
            for name, part in schema["properties"].items():
                yield from _properties(part, f"{path}.{name}".removeprefix("."))
        case "array":
            yield from _properties(schema["items"], f"{path}[]")
        case _:
            yield path, schema


PROPERTIES: Final = dict(_properties(SCHEMA))


def _body(schema: Schema, changed: str, path: str = "") -> Any:
    """Return a value with everything that the schema has; one property has its second value."""
    match schema["type"]:
        case "object":
            parts = schema["properties"].items()
            return {name: _body(part, changed, f"{path}.{name}".removeprefix(".")) for name, part in parts}
        case "array":
            return [_body(schema["items"], changed, f"{path}[]")]
    return _values(path, schema)[path == changed]


def _values(path: str, schema: Schema) -> tuple[object, object]:
    if path in VALUES:
        return VALUES[path]
    assert "pattern" not in schema, f"write two values of {path} in VALUES of this file"
    if schema["type"] == "integer":
        least = schema.get("minimum", 0)
        return least, least + 1
    return "a" * max(schema.get("minLength", 0), 1), "b" * max(schema.get("minLength", 0), 1)


def _request(changed: str = "") -> PlaceOrder:
    return parse_place_order(_body(SCHEMA, changed), SCHEMA)


def _order(request: PlaceOrder) -> Order:
    return pending_order(
        replace(request, request_hash="0" * 64),
        # Free products: a quantity must be found as itself, not in the total.
        {item.product_id: Offer(unit_price=0) for item in request.items},
        order_id=ORDER,
        currency="USD",
        at="2026-11-22T15:14:31.123Z",
    )


class _OneOrder:
    """The client of a table that holds one order."""

    def __init__(self) -> None:
        self.item: dict[str, Any] = {}

    def put_item(self, *, Item: dict[str, Any], **_: Any) -> None:  # noqa: N803  boto3's name
        self.item = Item

    def query(self, **_: Any) -> dict[str, Any]:
        return {"Items": [self.item]}


def _stored(order: Order) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the stored item, and the representation of the order that is read from it."""
    client = _OneOrder()
    table = OrdersTable(client, "orders")
    table.place(order)
    return from_item(client.item), full(*table.read_order_with_steps(order.order_id), console_domain=None)


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_property_of_a_request_is_read_hashed_stored_and_represented(name: str) -> None:
    first, second = _request(), _request(changed=name)
    orders = _order(first), _order(second)
    items, shown = zip(*map(_stored, orders), strict=True)

    assert first.request_hash != second.request_hash, (
        f"{name} does not change the hash: two orders would share an idempotency key. "
        "Change _place_order in handlers/api/requests.py."
    )
    if name in NOT_STORED:
        assert items[0] == items[1], f"{name} is stored: take it out of NOT_STORED in this file"
        return
    assert replace(first, request_hash="") != replace(second, request_hash=""), (
        f"{name} is accepted and dropped: read it. Add it to handlers/domain/order_request.py and to "
        f"_place_order in handlers/api/requests.py, or name it in NOT_STORED."
    )
    assert orders[0] != orders[1], (
        f"{name} is read and dropped: add it to Order in handlers/domain/order.py (an item's to OrderLine in "
        "handlers/contract/money.py) and to pending_order in handlers/domain/pricing.py."
    )
    assert items[0] != items[1], (
        f"{name} is not stored: add it to _record and _order in handlers/adapters/orders_table.py."
    )
    if name in NOT_REPRESENTED:
        assert shown[0] == shown[1], f"{name} is represented: take it out of NOT_REPRESENTED in this file"
        return
    assert shown[0] != shown[1], (
        f"{name} is stored, but GET /orders/{{orderId}} does not show it: add it to _order in "
        "handlers/adapters/orders_table.py, to full in handlers/api/representation.py and to Order in "
        f"infrastructure/openapi.yaml, or name it in NOT_REPRESENTED."
    )


def test_a_stored_order_is_read_as_it_was_placed() -> None:
    client = _OneOrder()
    table = OrdersTable(client, "orders")
    order = _order(_request())

    table.place(order)

    assert table.read_order_with_steps(order.order_id)[0] == order
    assert client.item["record"] == {"S": ORDER_RECORD}


def test_the_representation_is_the_documented_one() -> None:
    _, shown = _stored(_order(_request()))

    check({"$ref": "#/components/schemas/Order"}, shown)


def test_only_properties_of_the_schema_are_exceptions() -> None:
    assert NOT_STORED.keys() | NOT_REPRESENTED.keys() <= PROPERTIES.keys()
    assert VALUES.keys() <= PROPERTIES.keys()
