"""The orders function and API Gateway give every response of the OpenAPI document, and no other."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple
from uuid import uuid4

import pytest

from tests.infrastructure.resources import of_type
from tests.openapi_document import check_response, operations, published
from tests.order_tables import OrderTables
from tests.orders_api import VALID_ORDER, ApiResponse, OrdersApi, deployed


class Given(NamedTuple):
    """A response of the function; `problem` is its type, None for a success."""

    operation: str
    status: int
    problem: str | None
    request: Callable[[OrdersApi], ApiResponse]


def _place_unknown_product(api: OrdersApi) -> ApiResponse:
    return api.place({**VALID_ORDER, "items": [{"productId": "unknown", "quantity": 1}]})


def _reuse_key(api: OrdersApi) -> ApiResponse:
    api.place(key="k1")
    return api.place({**VALID_ORDER, "customerId": "someone-else"}, key="k1")


def _list(api: OrdersApi) -> ApiResponse:
    return api.list(customerId="cust-17850")


def _read(api: OrdersApi) -> ApiResponse:
    return api.read(api.place().body["orderId"])


def _read_unknown(api: OrdersApi) -> ApiResponse:
    return api.read(str(uuid4()))


_OURS: Final = "urn:problem-type:ecommerce:"
_WORKING: Final = (
    Given("placeOrder", 202, None, OrdersApi.place),
    Given("placeOrder", 400, f"{_OURS}invalid-request", lambda api: api.post("{}")),
    Given("placeOrder", 422, f"{_OURS}unknown-products", _place_unknown_product),
    Given("placeOrder", 422, f"{_OURS}idempotency-key-reused", _reuse_key),
    Given("listOrders", 200, None, _list),
    Given("listOrders", 400, f"{_OURS}invalid-request", OrdersApi.list),
    Given("readOrder", 200, None, _read),
    Given("readOrder", 404, f"{_OURS}order-not-found", _read_unknown),
)
_WITHOUT_TABLE: Final = (
    Given("placeOrder", 503, "about:blank", OrdersApi.place),
    Given("listOrders", 503, "about:blank", _list),
    Given("readOrder", 503, "about:blank", _read_unknown),
)
# A function that is deployed without its settings stands for any bug.
_WITHOUT_SETTINGS: Final = tuple(given._replace(status=500) for given in _WITHOUT_TABLE)
_BY_FUNCTION: Final = (*_WORKING, *_WITHOUT_TABLE, *_WITHOUT_SETTINGS)

_ALL: Final = frozenset(operation.id for operation in operations())
_NONE: Final[frozenset[str]] = frozenset()
# The operations that can get each response of API Gateway.
_BY_GATEWAY: Final = {
    "ACCESS_DENIED": _ALL,
    "INVALID_API_KEY": _ALL,
    "THROTTLED": _ALL,
    "QUOTA_EXCEEDED": _ALL,
    "INTEGRATION_FAILURE": _ALL,
    "INTEGRATION_TIMEOUT": _ALL,
    "DEFAULT_5XX": _ALL,
    "BAD_REQUEST_PARAMETERS": frozenset({"listOrders"}),  # the only one with a parameter that can be missing
    "BAD_REQUEST_BODY": frozenset({"placeOrder"}),
    "REQUEST_TOO_LARGE": frozenset({"placeOrder"}),
    "MISSING_AUTHENTICATION_TOKEN": _NONE,  # no such path or method
    "RESOURCE_NOT_FOUND": _NONE,
    "DEFAULT_4XX": _NONE,
}


@pytest.fixture
def api(tables: OrderTables) -> Iterator[OrdersApi]:
    with deployed(tables):
        tables.stock("85123A", 100)
        yield OrdersApi()


def _ids(given: Given) -> str:
    return f"{given.operation} {given.status} {given.problem}"


def _assert_given(given: Given, api: OrdersApi) -> None:
    response = given.request(api)

    assert response.status == given.status
    assert response.body.get("type") == given.problem


@pytest.mark.parametrize("given", _WORKING, ids=_ids)
def test_the_function_gives_the_documented_response(api: OrdersApi, given: Given) -> None:
    _assert_given(given, api)


@pytest.mark.parametrize("given", _WITHOUT_TABLE, ids=_ids)
def test_an_outage_of_the_database_is_documented(
    api: OrdersApi, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_TABLE", "missing")
    monkeypatch.setenv("INVENTORY_TABLE", "missing")

    _assert_given(given, api)


@pytest.mark.parametrize("given", _WITHOUT_SETTINGS, ids=_ids)
def test_a_bug_is_documented(api: OrdersApi, given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORDERS_TABLE")

    _assert_given(given, api)


def _gateway_responses(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = of_type(template, "AWS::ApiGateway::GatewayResponse").values()
    return {each["ResponseType"]: each for each in found}


def _problem(gateway_response: dict[str, Any]) -> dict[str, Any]:
    problem: dict[str, Any] = json.loads(gateway_response["ResponseTemplates"]["application/json"])
    return problem


def test_the_responses_of_api_gateway_are_documented(dev_template: dict[str, Any]) -> None:
    for type_, response in _gateway_responses(dev_template).items():
        headers = {
            name.removeprefix("gatewayresponse.header.").lower(): value.strip("'")
            for name, value in response["ResponseParameters"].items()
        }
        for operation in (each for each in operations() if each.id in _BY_GATEWAY[type_]):
            check_response(
                operation.method,
                operation.path,
                status=int(response["StatusCode"]),
                headers=headers,
                body=_problem(response),
            )


def test_every_documented_status_is_given(dev_template: dict[str, Any]) -> None:
    by_gateway = _gateway_responses(dev_template)

    assert {*by_gateway} == {*_BY_GATEWAY}
    for operation in operations():
        given = {str(each.status) for each in _BY_FUNCTION if each.operation == operation.id} | {
            by_gateway[type_]["StatusCode"] for type_, ids in _BY_GATEWAY.items() if operation.id in ids
        }
        assert {*operation.body["responses"]} == given


def test_every_documented_problem_type_is_given(dev_template: dict[str, Any]) -> None:
    by_gateway = {_problem(each)["type"] for each in _gateway_responses(dev_template).values()}
    by_function = {each.problem for each in _BY_FUNCTION if each.problem}

    documented = published()["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]

    assert {*documented} == by_function | by_gateway
