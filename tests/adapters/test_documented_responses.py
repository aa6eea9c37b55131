"""The responses of the orders function and of API Gateway are those of the OpenAPI document."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple
from uuid import uuid4

import pytest

from tests.infrastructure.resources import of_type
from tests.openapi_document import check_response, operations, published
from tests.order_tables import OrderTables
from tests.orders_api import VALID_ORDER, ApiResponse, OrdersApi, deployed


class ExpectedResponse(NamedTuple):
    """A response of the function; `problem` is the problem type, or None."""

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


def _cancel(api: OrdersApi) -> ApiResponse:
    return api.cancel(api.place().body["orderId"], {"reason": "I ordered the wrong size"})


def _cancel_placed(api: OrdersApi) -> ApiResponse:
    return api.cancel(api.place(key="placed").body["orderId"])


def _cancel_unknown(api: OrdersApi) -> ApiResponse:
    return api.cancel(str(uuid4()))


def _cancel_with(api: OrdersApi, body: str, content_type: str = "application/json") -> ApiResponse:
    return api.cancel(str(uuid4()), body, headers={"Content-Type": content_type})


_OURS: Final = "urn:problem-type:ecommerce:"
_WORKING: Final = (
    ExpectedResponse("placeOrder", 202, None, OrdersApi.place),
    ExpectedResponse("placeOrder", 400, f"{_OURS}invalid-request", lambda api: api.post("{}")),
    ExpectedResponse("placeOrder", 415, "about:blank", lambda api: api.post("{}", content_type="text/xml")),
    ExpectedResponse("placeOrder", 422, f"{_OURS}unknown-products", _place_unknown_product),
    ExpectedResponse("placeOrder", 422, f"{_OURS}idempotency-key-reused", _reuse_key),
    ExpectedResponse("listOrders", 200, None, _list),
    ExpectedResponse("listOrders", 400, f"{_OURS}invalid-request", OrdersApi.list),
    ExpectedResponse("readOrder", 200, None, _read),
    ExpectedResponse("readOrder", 404, f"{_OURS}order-not-found", _read_unknown),
    ExpectedResponse("cancelOrder", 202, None, _cancel),
    ExpectedResponse("cancelOrder", 400, f"{_OURS}invalid-request", lambda api: _cancel_with(api, "[]")),
    ExpectedResponse("cancelOrder", 404, f"{_OURS}order-not-found", _cancel_unknown),
    ExpectedResponse("cancelOrder", 415, "about:blank", lambda api: _cancel_with(api, "{}", "text/xml")),
)
_WITHOUT_TABLE: Final = (
    ExpectedResponse("placeOrder", 503, "about:blank", OrdersApi.place),
    ExpectedResponse("listOrders", 503, "about:blank", _list),
    ExpectedResponse("readOrder", 503, "about:blank", _read_unknown),
    ExpectedResponse("cancelOrder", 503, "about:blank", _cancel_unknown),
)
# A missing setting gives the same response as any bug of the function.
_WITHOUT_SETTINGS: Final = tuple(expected._replace(status=500) for expected in _WITHOUT_TABLE)
# Of an order that its workflow settles in between, by its status.
_SETTLED: Final = {
    "REJECTED": ExpectedResponse("cancelOrder", 409, f"{_OURS}not-cancellable", _cancel_placed),
    "CONFIRMED": ExpectedResponse("cancelOrder", 409, f"{_OURS}order-being-confirmed", _cancel_placed),
}
_BY_FUNCTION: Final = (*_WORKING, *_WITHOUT_TABLE, *_WITHOUT_SETTINGS, *_SETTLED.values())

_ALL: Final = frozenset(operation.id for operation in operations())
_NONE: Final[frozenset[str]] = frozenset()
# The operations that can get each response from API Gateway.
_BY_GATEWAY: Final = {
    "ACCESS_DENIED": _ALL,
    "INVALID_API_KEY": _ALL,
    "THROTTLED": _ALL,
    "QUOTA_EXCEEDED": _ALL,
    "INTEGRATION_FAILURE": _ALL,
    "INTEGRATION_TIMEOUT": _ALL,
    "DEFAULT_5XX": _ALL,
    "BAD_REQUEST_PARAMETERS": frozenset({"listOrders"}),  # the only operation with a required parameter
    "BAD_REQUEST_BODY": frozenset({"placeOrder", "cancelOrder"}),
    "REQUEST_TOO_LARGE": frozenset({"placeOrder", "cancelOrder"}),
    "MISSING_AUTHENTICATION_TOKEN": _NONE,  # no such path or method
    "RESOURCE_NOT_FOUND": _NONE,
    "DEFAULT_4XX": _NONE,
}


@pytest.fixture
def api(tables: OrderTables) -> Iterator[OrdersApi]:
    with deployed(tables):
        tables.stock("85123A", 100)
        yield OrdersApi()


def _id(expected: ExpectedResponse) -> str:
    return f"{expected.operation} {expected.status} {expected.problem}"


def _assert_response(expected: ExpectedResponse, api: OrdersApi) -> None:
    response = expected.request(api)

    assert response.status == expected.status
    assert response.body.get("type") == expected.problem


@pytest.mark.parametrize("expected", _WORKING, ids=_id)
def test_the_function_gives_the_documented_response(api: OrdersApi, expected: ExpectedResponse) -> None:
    _assert_response(expected, api)


@pytest.mark.parametrize("status", _SETTLED)
def test_a_refused_cancellation_is_documented(api: OrdersApi, tables: OrderTables, status: str) -> None:
    tables.change(api.place(key="placed").body["orderId"], status=status)

    _assert_response(_SETTLED[status], api)


@pytest.mark.parametrize("expected", _WITHOUT_TABLE, ids=_id)
def test_an_outage_of_the_database_is_documented(
    api: OrdersApi, expected: ExpectedResponse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_TABLE", "missing")
    monkeypatch.setenv("INVENTORY_TABLE", "missing")

    _assert_response(expected, api)


@pytest.mark.parametrize("expected", _WITHOUT_SETTINGS, ids=_id)
def test_a_bug_is_documented(
    api: OrdersApi, expected: ExpectedResponse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORDERS_TABLE")

    _assert_response(expected, api)


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
        expected = {str(each.status) for each in _BY_FUNCTION if each.operation == operation.id} | {
            by_gateway[type_]["StatusCode"] for type_, ids in _BY_GATEWAY.items() if operation.id in ids
        }
        assert {*operation.body["responses"]} == expected


def test_every_documented_problem_type_is_given(dev_template: dict[str, Any]) -> None:
    by_gateway = {_problem(each)["type"] for each in _gateway_responses(dev_template).values()}
    by_function = {each.problem for each in _BY_FUNCTION if each.problem}

    documented = published()["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]

    assert {*documented} == by_function | by_gateway
