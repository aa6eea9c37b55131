"""Parsing the requests of a client."""

from collections.abc import Callable
from typing import Any

import pytest

from handlers.api.errors import InvalidRequest, UnsupportedMediaType
from handlers.api.page_token import page_token
from handlers.api.requests import (
    DEFAULT_LIMIT,
    ListOrders,
    parse_cancel_order,
    parse_list_orders,
    parse_order_id,
    parse_place_order,
    require_json,
)
from handlers.contract.names import MAX_ITEMS_PER_ORDER
from handlers.domain.errors import OrderNotFound
from handlers.domain.order import ListPosition
from handlers.domain.order_request import RequestedItem
from tests.schemas import cancel_order_schema, place_order_schema

SCHEMA = place_order_schema()
CANCEL_SCHEMA = cancel_order_schema()
ORDER_ID = "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"


def order(**changes: Any) -> dict[str, Any]:
    valid = {
        "customerId": "cust-17850",
        "customerEmail": "ada@example.com",
        "paymentMethod": "pm_card_visa",
        "items": [{"productId": "85123A", "quantity": 6}],
    }
    return valid | changes


def refusal(parse: Callable[[], object]) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as refused:
        parse()
    return refused.value


def pointers_of(body: object) -> list[str]:
    return [violation.pointer for violation in refusal(lambda: parse_place_order(body, SCHEMA)).violations]


def test_a_valid_order_is_parsed_unchanged() -> None:
    request = parse_place_order(order(), SCHEMA)

    assert request.customer_id == "cust-17850"
    assert request.customer_email == "ada@example.com"
    assert request.payment_method == "pm_card_visa"
    assert request.items == (RequestedItem(product_id="85123A", quantity=6),)


def test_an_order_may_have_as_many_items_as_one_reservation_can_hold() -> None:
    items = [{"productId": f"P{number}", "quantity": 10_000} for number in range(MAX_ITEMS_PER_ORDER + 1)]

    assert len(parse_place_order(order(items=items[:-1]), SCHEMA).items) == MAX_ITEMS_PER_ORDER
    assert pointers_of(order(items=items)) == ["/items"]


def test_all_violations_are_reported_together() -> None:
    body = {
        "customerEmail": "nobody",
        "paymentMethod": "",
        "items": [{"productId": "A B", "quantity": 0}],
        "coupon": 1,
    }

    assert pointers_of(body) == [
        "/customerId",
        "/customerEmail",
        "/paymentMethod",
        "/items/0/productId",
        "/items/0/quantity",
        "/coupon",
    ]


def test_a_repeated_product_is_reported_at_its_second_position() -> None:
    items = [{"productId": product, "quantity": 1} for product in ["A", "B", "A", "A"]]

    assert pointers_of(order(items=items)) == ["/items/2/productId", "/items/3/productId"]


def test_repeated_products_are_reported_together_with_other_violations() -> None:
    items = [{"productId": "A", "quantity": 1}, 7, {"productId": "A"}]

    assert pointers_of(order(items=items)) == ["/items/1", "/items/2/quantity", "/items/2/productId"]


@pytest.mark.parametrize("quantity", [0, 10_001, -1, 1.0, 1.5, True, "6", None, [], 10**400])
def test_a_quantity_is_an_integer_from_1_to_10000(quantity: object) -> None:
    items = [{"productId": "A", "quantity": quantity}]

    assert pointers_of(order(items=items)) == ["/items/0/quantity"]


@pytest.mark.parametrize("body", [None, 1, "order", [], [order()], True])
def test_a_body_that_is_not_an_object_is_refused(body: object) -> None:
    assert pointers_of(body) == [""]


@pytest.mark.parametrize("email", ["ada@example.com", "a+b.c@mail.example.co.uk", "o'brien@xn--bcher-kva.ch"])
def test_plausible_addresses_are_accepted(email: str) -> None:
    assert parse_place_order(order(customerEmail=email), SCHEMA).customer_email == email


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "ada@.com",
        "ada@@example.com",
        "ada @example.com",
        "ada@example.com\n",
        "ada@exam_ple.com",
        "a" * 243 + "@example.com",
    ],
)
def test_implausible_addresses_are_refused(email: str) -> None:
    assert pointers_of(order(customerEmail=email)) == ["/customerEmail"]


@pytest.mark.parametrize(
    "number",
    [
        *("4222222222222", "4242424242424242", "5555555555554444", "378282246310005", "6304000000000000000"),
        *("4242 4242 4242 4242", "4242-4242-4242-4242", " 4242424242424242 "),
    ],
)
def test_a_card_number_is_refused_and_not_repeated(number: str) -> None:
    refused = refusal(lambda: parse_place_order(order(paymentMethod=number), SCHEMA))

    (violation,) = refused.violations
    assert violation.pointer == "/paymentMethod"
    assert "card numbers must never be sent" in violation.detail
    assert number.strip() not in f"{refused} {violation}"


@pytest.mark.parametrize(
    "token",
    [
        "4242424242424241",  # its check digit is wrong
        *("424242424242", "42424242424242424242"),  # too short, too long
        *(
            "pm_4242424242424242",
            "4242424242424242a",
            "4242--424242424242",
        ),
    ],
)
def test_a_token_that_only_resembles_a_card_number_is_accepted(token: str) -> None:
    assert parse_place_order(order(paymentMethod=token), SCHEMA).payment_method == token


@pytest.mark.parametrize(
    ("body", "comment"), [({}, None), ({"reason": "x"}, "x"), ({"reason": "x" * 200}, "x" * 200)]
)
def test_the_reason_of_a_cancellation_is_the_comment_of_the_client(body: object, comment: str | None) -> None:
    assert parse_cancel_order(body, CANCEL_SCHEMA) == comment


@pytest.mark.parametrize("code", [*range(0x20), 0x7F, *range(0x80, 0xA0)], ids=lambda code: f"U+{code:04X}")
def test_a_reason_has_no_control_characters(code: int) -> None:
    refused = refusal(lambda: parse_cancel_order({"reason": f"a{chr(code)}b"}, CANCEL_SCHEMA))

    assert [violation.pointer for violation in refused.violations] == ["/reason"]


@pytest.mark.parametrize(
    "content_type",
    [
        *(None, "application/json", "Application/JSON", "application/json; charset=utf-8"),
        *("application/json;charset=utf-8", "application/vnd.shop.order+json", " application/json "),
    ],
)
def test_a_body_is_json_or_not_declared(content_type: str | None) -> None:
    require_json(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        *("", "text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data"),
        *("application/jsonx", "text/json", "application/json text/plain", "application/ json", "+json"),
    ],
)
def test_a_body_of_another_type_is_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        require_json(content_type)


def test_two_notations_of_the_same_order_have_the_same_hash() -> None:
    reversed_members = dict(reversed(order().items()))

    requests = [parse_place_order(body, SCHEMA) for body in (order(), reversed_members)]

    assert requests[0].request_hash == requests[1].request_hash


@pytest.mark.parametrize(
    "changes",
    [
        {"customerId": "cust-1"},
        {"customerEmail": "bob@example.com"},
        {"paymentMethod": "pm_card_declined"},
        {"items": [{"productId": "85123A", "quantity": 7}]},
    ],
)
def test_another_order_has_another_hash(changes: dict[str, Any]) -> None:
    changed = parse_place_order(order(**changes), SCHEMA)

    assert changed.request_hash != parse_place_order(order(), SCHEMA).request_hash


def test_the_text_form_of_a_request_has_neither_address_nor_token() -> None:
    printed = repr(parse_place_order(order(), SCHEMA))

    assert "ada@example.com" not in printed
    assert "pm_card_visa" not in printed


def test_a_list_has_20_orders_by_default() -> None:
    request = parse_list_orders({"customerId": "cust-17850"})

    assert request == ListOrders(customer_id="cust-17850", limit=DEFAULT_LIMIT, after=None)
    assert DEFAULT_LIMIT == 20


@pytest.mark.parametrize("limit", ["1", "9", "10", "99", "100"])
def test_a_list_has_up_to_100_orders(limit: str) -> None:
    assert parse_list_orders({"customerId": "c", "limit": limit}).limit == int(limit)


@pytest.mark.parametrize("limit", ["", "0", "101", "1000", "-1", "+1", "1.0", "1e1", " 1", "1\n", "٣", "ten"])
def test_any_other_limit_is_refused(limit: str) -> None:
    assert "limit" in str(refusal(lambda: parse_list_orders({"customerId": "c", "limit": limit})))


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        *({"customerId": text} for text in ("", "c" * 65, "\ud800", "a b", "a\n", "<b>", "\u202ecust", "é")),
    ],
)
def test_a_list_without_a_customer_is_refused(parameters: dict[str, str]) -> None:
    assert "customerId" in str(refusal(lambda: parse_list_orders(parameters)))


@pytest.mark.parametrize("customer", ["cust-17850", "tenant:a.b_c", "A" * 64])
def test_a_customer_has_the_characters_of_the_contract(customer: str) -> None:
    assert parse_place_order(order(customerId=customer), SCHEMA).customer_id == customer
    assert parse_list_orders({"customerId": customer}).customer_id == customer


@pytest.mark.parametrize("customer", ["a b", "a\n", "<b>", "\x1b[2J", "\u202ecust", "é", "a/b"])
def test_another_customer_is_refused(customer: str) -> None:
    refused = refusal(lambda: parse_place_order(order(customerId=customer), SCHEMA))

    assert [violation.pointer for violation in refused.violations] == ["/customerId"]


def test_a_list_continues_at_its_token() -> None:
    position = ListPosition(created_at="2026-11-22T15:14:31.123Z", order_id=ORDER_ID)

    request = parse_list_orders({"customerId": "c", "nextToken": page_token(position, "c")})

    assert request.after == position


def test_an_order_id_may_have_upper_case_or_lower_case() -> None:
    assert parse_order_id(ORDER_ID.upper()) == ORDER_ID


@pytest.mark.parametrize(
    "text", ["", "1", "ORDER", f"{{{ORDER_ID}}}", ORDER_ID.replace("-", ""), f"{ORDER_ID} "]
)
def test_an_invalid_order_id_is_not_found(text: str) -> None:
    with pytest.raises(OrderNotFound):
        parse_order_id(text)
