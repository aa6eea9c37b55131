"""The responses of the HTTP API of the deployed system, by status."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.http_requests import JSON, NO_ORDER, assert_problem, get, order_of, post

RFC_3339_MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def pointers(problem: Mapping[str, Any]) -> set[str]:
    return {error["pointer"] for error in problem["errors"]}


def test_an_accepted_order_has_its_total_and_its_location(
    shop: DeployedShop, product: str, customer: str
) -> None:
    response = post(shop, order_of(customer, [{"productId": product, "quantity": 6}]))

    order = response.json()
    assert response.status == 202
    assert response.headers["Content-Type"] == "application/json"
    assert order["links"]["self"] == f"/orders/{order['orderId']}"
    assert "Idempotency-Replayed" not in response.headers
    assert order.keys() == {"orderId", "status", "total", "createdAt", "links"}
    assert (order["status"], order["total"]) == ("PENDING", {"amount": 1530, "currency": "USD"})
    assert RFC_3339_MILLISECONDS.fullmatch(order["createdAt"])


def test_the_location_of_an_accepted_order_can_be_followed(
    shop: DeployedShop, product: str, customer: str
) -> None:
    response = post(shop, order_of(customer, [{"productId": product, "quantity": 1}]))

    location = urljoin(f"{shop.stack.api_url}orders", response.headers["Location"])

    assert location == f"{shop.stack.api_url}orders/{response.json()['orderId']}"
    assert get(shop, location.removeprefix(shop.stack.api_url)).status == 200


def test_a_replay_is_accepted_with_the_first_order(shop: DeployedShop, product: str, customer: str) -> None:
    body = order_of(customer, [{"productId": product, "quantity": 1}])
    first = post(shop, body, Idempotency_Key=customer)
    shop.wait_until_not_pending(first.json()["orderId"])

    replay = post(shop, body, Idempotency_Key=customer)

    assert replay.status == 202
    assert replay.headers["Idempotency-Replayed"] == "true"
    assert replay.json() == first.json() | {"status": "CONFIRMED"}
    assert len(shop.wait_for_orders_of(customer, count=1)) == 1


def test_every_request_without_a_key_places_an_order(shop: DeployedShop, product: str, customer: str) -> None:
    body = order_of(customer, [{"productId": product, "quantity": 1}])

    order_ids = {post(shop, body).json()["orderId"] for _ in range(2)}

    assert {order["orderId"] for order in shop.wait_for_orders_of(customer, count=2)} == order_ids
    assert len(order_ids) == 2


def test_a_key_of_another_order_is_refused(shop: DeployedShop, product: str, customer: str) -> None:
    post(shop, order_of(customer, [{"productId": product, "quantity": 1}]), Idempotency_Key=customer)

    response = post(
        shop, order_of(customer, [{"productId": product, "quantity": 2}]), Idempotency_Key=customer
    )

    assert_problem(response, 422)
    assert [order["total"]["amount"] for order in shop.wait_for_orders_of(customer, count=1)] == [255]


def test_every_unknown_product_is_named(shop: DeployedShop, product: str, customer: str) -> None:
    items = [{"productId": name, "quantity": 1} for name in ("no-such-1", product, "no-such-2")]

    response = post(shop, order_of(customer, items))

    problem = assert_problem(response, 422)
    assert pointers(problem) == {"/items/0/productId", "/items/2/productId"}
    assert all("no-such" in error["detail"] for error in problem["errors"])
    assert shop.orders_of(customer) == []


def test_all_violations_of_an_order_are_reported_together(shop: DeployedShop, customer: str) -> None:
    body = {
        "customerId": customer,
        "customerEmail": "not an address",
        "items": [
            {"productId": "A B", "quantity": 0},
            {"productId": "MUG", "quantity": 1},
            {"productId": "MUG", "quantity": 10_001},
            {"productId": "POT", "quantity": "1", "price": 1},
        ],
        "coupon": "FREE",
    }

    response = post(shop, body)

    problem = assert_problem(response, 400)
    assert pointers(problem) == {
        "/customerEmail",
        "/paymentMethod",
        "/items/0/productId",
        "/items/0/quantity",
        "/items/2/productId",
        "/items/2/quantity",
        "/items/3/quantity",
        "/items/3/price",
        "/coupon",
    }
    assert shop.orders_of(customer) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"order"', b"\xff\xfe", b"1e999", b'{"items": NaN}', b"[" * 20_000],
    ids=["nothing", "cut off", "array", "null", "string", "not UTF-8", "infinite", "NaN", "deeply nested"],
)
def test_a_body_that_is_not_an_order_is_refused(shop: DeployedShop, body: bytes) -> None:
    assert_problem(post(shop, body), 400)


@pytest.mark.parametrize(("count", "status"), [(0, 400), (98, 202), (99, 400)])
def test_an_order_may_have_1_to_98_products(
    shop: DeployedShop, customer: str, count: int, status: int
) -> None:
    products = [shop.sell() for _ in range(count)]

    response = post(shop, order_of(customer, [{"productId": name, "quantity": 1} for name in products]))

    assert response.status == status
    accepted = int(status == 202)
    assert (
        len(shop.wait_for_orders_of(customer, count=1) if accepted else shop.orders_of(customer)) == accepted
    )


def test_a_key_that_is_too_long_is_refused(shop: DeployedShop, product: str, customer: str) -> None:
    body = order_of(customer, [{"productId": product, "quantity": 1}])

    response = post(shop, body, Idempotency_Key="k" * 256)

    assert_problem(response, 400)
    assert shop.orders_of(customer) == []


def test_an_order_is_shown_with_its_steps(shop: DeployedShop, product: str, customer: str) -> None:
    placed = post(shop, order_of(customer, [{"productId": product, "quantity": 2}])).json()
    shop.wait_until_not_pending(placed["orderId"])

    response = get(shop, f"orders/{placed['orderId']}")

    order = response.json()
    assert response.status == 200
    assert order.keys() == {
        *("orderId", "customerId", "status", "reason", "items", "total", "steps", "execution"),
        *("cancellation", "createdAt", "updatedAt"),
    }
    assert (order["customerId"], order["createdAt"]) == (customer, placed["createdAt"])
    assert order["items"] == [{"productId": product, "quantity": 2, "unitPrice": 255}]
    assert order["steps"]["payment"].keys() == {"status", "provider", "reference", "at"}
    assert order["steps"]["inventory"].keys() == {"status", "at"}
    assert "ada@example.com" not in response.data.decode()
    assert "pm_card_visa" not in response.data.decode()


@pytest.mark.parametrize("order_id", [NO_ORDER, "no-uuid", "STEP%23inventory"])
def test_an_order_that_does_not_exist_is_not_found(shop: DeployedShop, order_id: str) -> None:
    assert_problem(get(shop, f"orders/{order_id}"), 404)


def test_the_orders_of_a_customer_are_listed_in_pages_newest_first(
    shop: DeployedShop, product: str, customer: str
) -> None:
    placed = [
        post(shop, order_of(customer, [{"productId": product, "quantity": 1}])).json()["orderId"]
        for _ in range(3)
    ]
    shop.wait_for_orders_of(customer, count=3, status="CONFIRMED")

    first = get(shop, f"orders?customerId={customer}&limit=2").json()
    second = get(shop, f"orders?customerId={customer}&limit=2&nextToken={first['nextToken']}").json()

    assert [order["orderId"] for order in first["orders"] + second["orders"]] == placed[::-1]
    assert [order["status"] for order in first["orders"]] == ["CONFIRMED", "CONFIRMED"]
    assert not second.get("nextToken")


def test_a_customer_without_orders_has_an_empty_list(shop: DeployedShop, customer: str) -> None:
    assert get(shop, f"orders?customerId={customer}").json()["orders"] == []


@pytest.mark.parametrize(
    "query", ["", "customerId=", "customerId=c&limit=0", "customerId=c&limit=x", "customerId=c&nextToken=x"]
)
def test_a_list_with_invalid_parameters_is_refused(shop: DeployedShop, query: str) -> None:
    assert_problem(get(shop, f"orders?{query}"), 400)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "orders"), ("GET", "orders?customerId=c"), ("GET", f"orders/{NO_ORDER}")]
)
@pytest.mark.parametrize("key", [{}, {"x-api-key": "wrong"}], ids=["no key", "wrong key"])
def test_a_request_without_a_valid_key_is_refused(
    shop: DeployedShop, method: str, path: str, key: dict[str, str]
) -> None:
    assert shop.request(method, path, headers=JSON | key).status == 403
