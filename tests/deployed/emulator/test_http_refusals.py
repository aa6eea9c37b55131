"""The responses of the HTTP API above the rate limit, in an outage, and to odd requests.

Only on an emulator: API Gateway's limits are not exact on AWS, a function's new settings take a moment there,
and it may refuse odd requests by itself.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
import urllib3

from orderctl.stack import Stack
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.http_requests import NO_ORDER, assert_problem, get, order_of, post
from tests.waiting import eventually


def test_a_client_above_its_rate_limit_is_throttled(shop: DeployedShop) -> None:
    with key_of_a_small_plan(shop.stack) as key:
        statuses = [
            shop.request("GET", f"orders/{NO_ORDER}", headers={"x-api-key": key}).status for _ in range(3)
        ]

    assert statuses == [404, 429, 429]


@contextmanager
def key_of_a_small_plan(stack: Stack) -> Iterator[str]:
    """A key with one request in a quarter of an hour."""
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
        {"POWERTOOLS_LOGGER_SAMPLE_RATE": "crash"},  # the import fails: API Gateway responds by itself
    ],
    ids=["Orders table", "Inventory table", "event bus", "function"],
)
def test_a_request_that_failed_in_an_outage_succeeds_with_the_same_key(
    shop: DeployedShop, product: str, customer: str, broken: dict[str, str]
) -> None:
    body = order_of(customer, [{"productId": product, "quantity": 1}])

    with orders_function_with(shop.stack, broken):
        refused = post(shop, body, Idempotency_Key=customer)
    accepted = eventually(lambda: _accepted(post(shop, body, Idempotency_Key=customer)), "an accepted order")

    assert_problem(refused, 503)
    assert int(refused.headers["Retry-After"]) > 0
    shop.wait_until_not_pending(accepted["orderId"])
    assert [order["status"] for order in shop.orders_of(customer)] == ["CONFIRMED"]


def _accepted(response: urllib3.BaseHTTPResponse) -> Any:
    return response.json() if response.status == 202 else None


@contextmanager
def orders_function_with(stack: Stack, environment: dict[str, str]) -> Iterator[None]:
    """Give the orders function further environment variables, for example a missing table."""
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


@pytest.mark.parametrize("key", ["schlüssel", ""], ids=["not ASCII", "empty"])
def test_an_invalid_key_is_refused(shop: DeployedShop, product: str, customer: str, key: str) -> None:
    response = post(shop, order_of(customer, [{"productId": product, "quantity": 1}]), Idempotency_Key=key)

    assert_problem(response, 400)
    assert shop.orders_of(customer) == []


def test_an_order_id_of_a_control_character_is_not_found(shop: DeployedShop) -> None:
    assert_problem(get(shop, "orders/%00"), 404)
