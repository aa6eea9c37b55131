"""What the HTTP API answers, status by status, on the deployed system."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
import urllib3

from orderctl.stack import Stack
from tests.local.shop import Shop, eventually

JSON = {"Content-Type": "application/json"}
RFC_3339_MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(scope="module")
def shop(local_stack: Stack) -> Shop:
    return Shop.on(local_stack)


@pytest.fixture(scope="module")
def product(shop: Shop) -> str:
    return shop.sell(unit_price=255)


@pytest.fixture
def customer() -> str:
    """A customer that no other test orders for."""
    return f"cust-{uuid4()}"


def order_of(customer: str, items: Any) -> dict[str, Any]:
    return {
        "customerId": customer,
        "customerEmail": "ada@example.com",
        "paymentMethod": "pm_card_visa",
        "items": items,
    }


def post(shop: Shop, body: Any, **headers: str) -> urllib3.BaseHTTPResponse:
    content = body if isinstance(body, (bytes, str)) else json.dumps(body)
    keyed = {name.replace("_", "-"): value for name, value in headers.items()}
    return shop.request(
        "POST", "orders", headers=JSON | {"x-api-key": shop.stack.api_key} | keyed, body=content
    )


def get(shop: Shop, path: str) -> urllib3.BaseHTTPResponse:
    return shop.request("GET", path, headers={"x-api-key": shop.stack.api_key})


def pointers(problem: Mapping[str, Any]) -> set[str]:
    return {error["pointer"] for error in problem["errors"]}


def test_an_order_is_accepted_with_its_total_and_its_address(shop: Shop, product: str, customer: str) -> None:
    response = post(shop, order_of(customer, [{"productId": product, "quantity": 6}]))

    order = response.json()
    assert response.status == 202
    assert response.headers["Content-Type"] == "application/json"
    assert order["links"]["self"] == f"/orders/{order['orderId']}"
    assert response.headers["Location"] == f"/prod/orders/{order['orderId']}"
    assert "Idempotency-Replayed" not in response.headers
    assert order.keys() == {"orderId", "status", "total", "createdAt", "links"}
    assert (order["status"], order["total"]) == ("PENDING", {"amount": 1530, "currency": "USD"})
    assert RFC_3339_MILLISECONDS.fullmatch(order["createdAt"])


def test_a_replay_is_accepted_as_the_order_it_repeats(shop: Shop, product: str, customer: str) -> None:
    body = order_of(customer, [{"productId": product, "quantity": 1}])
    first = post(shop, body, Idempotency_Key=customer)
    shop.wait_until_at_rest(first.json()["orderId"])

    replay = post(shop, body, Idempotency_Key=customer)

    assert replay.status == 202
    assert replay.headers["Idempotency-Replayed"] == "true"
    assert replay.json() == first.json() | {"status": "CONFIRMED"}
    assert len(shop.orders_of(customer)) == 1


def test_an_order_without_a_key_is_a_new_order_each_time(shop: Shop, product: str, customer: str) -> None:
    body = order_of(customer, [{"productId": product, "quantity": 1}])

    order_ids = {post(shop, body).json()["orderId"] for _ in range(2)}

    assert {order["orderId"] for order in shop.orders_of(customer)} == order_ids
    assert len(order_ids) == 2


def test_a_key_that_placed_another_order_is_refused(shop: Shop, product: str, customer: str) -> None:
    post(shop, order_of(customer, [{"productId": product, "quantity": 1}]), Idempotency_Key=customer)

    response = post(
        shop, order_of(customer, [{"productId": product, "quantity": 2}]), Idempotency_Key=customer
    )

    assert_problem(response, 422)
    assert [order["total"]["amount"] for order in shop.orders_of(customer)] == [255]


def test_products_that_are_not_sold_are_refused_by_name(shop: Shop, product: str, customer: str) -> None:
    items = [{"productId": name, "quantity": 1} for name in ("no-such-1", product, "no-such-2")]

    response = post(shop, order_of(customer, items))

    problem = assert_problem(response, 422)
    assert pointers(problem) == {"/items/0/productId", "/items/2/productId"}
    assert all("no-such" in error["detail"] for error in problem["errors"])
    assert shop.orders_of(customer) == []


def test_everything_that_is_wrong_with_an_order_is_told_at_once(shop: Shop, customer: str) -> None:
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
def test_a_body_that_is_no_order_is_refused(shop: Shop, body: bytes) -> None:
    assert_problem(post(shop, body), 400)


@pytest.mark.parametrize(("count", "status"), [(0, 400), (98, 202), (99, 400)])
def test_an_order_has_1_to_98_products(shop: Shop, customer: str, count: int, status: int) -> None:
    products = [shop.sell() for _ in range(count)]

    response = post(shop, order_of(customer, [{"productId": name, "quantity": 1} for name in products]))

    assert response.status == status
    assert len(shop.orders_of(customer)) == (status == 202)


@pytest.mark.parametrize("key", ["k" * 256, "schlüssel", ""], ids=["too long", "not ASCII", "empty"])
def test_a_key_that_is_none_is_refused(shop: Shop, product: str, customer: str, key: str) -> None:
    response = post(shop, order_of(customer, [{"productId": product, "quantity": 1}]), Idempotency_Key=key)

    assert_problem(response, 400)
    assert shop.orders_of(customer) == []


def test_an_order_is_shown_with_its_steps(shop: Shop, product: str, customer: str) -> None:
    placed = post(shop, order_of(customer, [{"productId": product, "quantity": 2}])).json()
    shop.wait_until_at_rest(placed["orderId"])

    response = get(shop, f"orders/{placed['orderId']}")

    order = response.json()
    assert response.status == 200
    assert order.keys() == {
        *("orderId", "customerId", "status", "reason", "items", "total", "steps", "execution"),
        *("createdAt", "updatedAt"),
    }
    assert (order["customerId"], order["createdAt"]) == (customer, placed["createdAt"])
    assert order["items"] == [{"productId": product, "quantity": 2, "unitPrice": 255}]
    assert order["steps"]["payment"].keys() == {"status", "reference", "at"}
    assert order["steps"]["inventory"].keys() == {"status", "at"}
    assert "ada@example.com" not in response.data.decode()
    assert "pm_card_visa" not in response.data.decode()


@pytest.mark.parametrize("order_id", [str(uuid4()), "no-uuid", "STEP%23inventory", "%00"])
def test_an_order_that_does_not_exist_is_not_found(shop: Shop, order_id: str) -> None:
    assert_problem(get(shop, f"orders/{order_id}"), 404)


def test_a_customers_orders_are_listed_newest_first_page_by_page(
    shop: Shop, product: str, customer: str
) -> None:
    placed = [
        post(shop, order_of(customer, [{"productId": product, "quantity": 1}])).json()["orderId"]
        for _ in range(3)
    ]
    shop.wait_until_at_rest(*placed)

    first = get(shop, f"orders?customerId={customer}&limit=2").json()
    second = get(shop, f"orders?customerId={customer}&limit=2&nextToken={first['nextToken']}").json()

    assert [order["orderId"] for order in first["orders"] + second["orders"]] == placed[::-1]
    assert [order["status"] for order in first["orders"]] == ["CONFIRMED", "CONFIRMED"]
    assert not second.get("nextToken")


def test_a_customer_without_orders_has_an_empty_list(shop: Shop, customer: str) -> None:
    assert get(shop, f"orders?customerId={customer}").json()["orders"] == []


@pytest.mark.parametrize(
    "query", ["", "customerId=", "customerId=c&limit=0", "customerId=c&limit=x", "customerId=c&nextToken=x"]
)
def test_a_list_that_can_not_be_made_is_refused(shop: Shop, query: str) -> None:
    assert_problem(get(shop, f"orders?{query}"), 400)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "orders"), ("GET", "orders?customerId=c"), ("GET", f"orders/{uuid4()}")]
)
@pytest.mark.parametrize("key", [{}, {"x-api-key": "wrong"}], ids=["no key", "wrong key"])
def test_nothing_is_answered_without_a_valid_key(
    shop: Shop, method: str, path: str, key: dict[str, str]
) -> None:
    assert shop.request(method, path, headers=JSON | key).status == 403


def test_a_client_that_asks_too_often_is_told_to_wait(shop: Shop) -> None:
    with key_of_a_small_plan(shop.stack) as key:
        answers = [
            shop.request("GET", f"orders/{uuid4()}", headers={"x-api-key": key}).status for _ in range(3)
        ]

    assert answers == [404, 429, 429]


@contextmanager
def key_of_a_small_plan(stack: Stack) -> Iterator[str]:
    """A key that may ask once, and then again after a quarter of an hour."""
    gateway = stack.client("apigateway")
    stage = {"apiId": stack.api_url.split("/")[-3], "stage": "prod"}
    key = gateway.create_api_key(name=f"small-{uuid4()}", enabled=True)
    plan = gateway.create_usage_plan(
        name=key["name"], apiStages=[stage], throttle={"rateLimit": 0.001, "burstLimit": 1}
    )
    gateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    try:
        yield str(key["value"])
    finally:
        gateway.delete_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"])
        gateway.delete_usage_plan(usagePlanId=plan["id"])
        gateway.delete_api_key(apiKey=key["id"])


@pytest.mark.parametrize(
    "broken",
    [
        {"ORDERS_TABLE": "does-not-exist"},
        {"INVENTORY_TABLE": "does-not-exist"},
        {"AWS_ENDPOINT_URL_EVENTBRIDGE": "http://127.0.0.1:1"},
    ],
    ids=["Orders table", "Inventory table", "event bus"],
)
def test_an_outage_asks_to_try_again_and_then_the_same_key_succeeds(
    shop: Shop, product: str, customer: str, broken: dict[str, str]
) -> None:
    body = order_of(customer, [{"productId": product, "quantity": 1}])

    with orders_function_with(shop.stack, broken):
        refused = post(shop, body, Idempotency_Key=customer)
    accepted = eventually(lambda: _accepted(post(shop, body, Idempotency_Key=customer)))

    assert_problem(refused, 503)
    assert int(refused.headers["Retry-After"]) > 0
    shop.wait_until_at_rest(accepted["orderId"])
    assert [order["status"] for order in shop.orders_of(customer)] == ["CONFIRMED"]


def _accepted(response: urllib3.BaseHTTPResponse) -> Any:
    return response.json() if response.status == 202 else None


@contextmanager
def orders_function_with(stack: Stack, environment: dict[str, str]) -> Iterator[None]:
    """Let the orders function look for its tables or the bus where they are not."""
    functions = stack.client("lambda")
    (function,) = [
        found
        for found in functions.list_functions()["Functions"]
        if "FunctionsOrders" in found["FunctionName"]
    ]
    name, deployed = function["FunctionName"], function["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": deployed | environment}
    )
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": deployed})


def assert_problem(response: urllib3.BaseHTTPResponse, status: int) -> dict[str, Any]:
    """Return a problem (RFC 9457) that tells nothing about what is inside."""
    text = response.data.decode()
    assert response.status == status, text
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert {"type", "title", "detail"} <= problem.keys()
    assert not re.search(
        r"Traceback|handlers|dynamodb|boto|does-not-exist|OrderProcessing", text, re.IGNORECASE
    )
    return dict(problem)
