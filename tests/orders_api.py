"""Calls the orders Lambda as API Gateway does, in this process, with tables and bus in moto."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Self

import pytest

from handlers import orders
from tests.moto_clients import client
from tests.moto_state import made_once
from tests.openapi_document import check_response
from tests.order_tables import OrderTables

# Break the first call of a method of a service; run an action before it; return the log lines so far.
Break = Callable[[str, str, Exception], None]
Interrupt = Callable[[str, str, Callable[[], Any]], None]
Logs = Callable[[], list[dict[str, Any]]]

_BUS: Final = "ecommerce"

VALID_ORDER: Final[Mapping[str, Any]] = {
    "customerId": "cust-17850",
    "customerEmail": "ada@example.com",
    "paymentMethod": "pm_card_visa",
    "items": [{"productId": "85123A", "quantity": 6}],
}


@dataclass(slots=True, kw_only=True)
class Context:
    """The context object of a Lambda invocation."""

    remaining_millis: int = 15_000
    function_name: str = "orders"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:orders"
    aws_request_id: str = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_millis

    def pass_millis(self, millis: int) -> None:
        self.remaining_millis -= millis


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiResponse:
    """A response of the function; `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def pointers(self) -> list[str]:
        return [error["pointer"] for error in self.body["errors"]]

    def checked(self, method: str, path: str) -> Self:
        """Return this response; fail unless the OpenAPI document has it."""
        check_response(method, path, status=self.status, headers=self.headers, body=self.body)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersApi:
    """One client; `api_key_id` is None for the emulated API Gateway, which sends no key id."""

    api_key_id: str | None = "key-id-1"
    api_key: str = "key-value-1"
    context: Context = field(default_factory=Context)

    def place(self, order: object = VALID_ORDER, *, key: str | None = None) -> ApiResponse:
        return self.post(json.dumps(order), key=key)

    def post(
        self,
        body: str | None,
        *,
        key: str | None = None,
        is_base64: bool = False,
        content_type: str | None = None,
    ) -> ApiResponse:
        given = {"Idempotency-Key": key, "Content-Type": content_type}
        headers = {name: value for name, value in given.items() if value is not None}
        response = self.call("POST", "/orders", body=body, headers=headers, is_base64=is_base64)
        return response.checked("post", "/orders")

    def cancel(
        self, order_id: str, body: object = None, *, headers: Mapping[str, str] | None = None
    ) -> ApiResponse:
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        response = self.call("POST", f"/orders/{order_id}/cancel", body=text, headers=headers)
        return response.checked("post", "/orders/{orderId}/cancel")

    def read(self, order_id: str) -> ApiResponse:
        return self.call("GET", f"/orders/{order_id}").checked("get", "/orders/{orderId}")

    def list(self, **parameters: str) -> ApiResponse:
        return self.call("GET", "/orders", parameters=parameters).checked("get", "/orders")

    def call(  # noqa: PLR0913  an event has this many parts
        self,
        method: str,
        path: str,
        *,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
        is_base64: bool = False,
    ) -> ApiResponse:
        sent = {"x-api-key": self.api_key, **(headers or {})}
        event = {
            "resource": _resource(path),
            "path": path,
            "httpMethod": method,
            "headers": sent,
            "multiValueHeaders": {name: [value] for name, value in sent.items()},
            "queryStringParameters": parameters or None,
            "multiValueQueryStringParameters": {name: [value] for name, value in (parameters or {}).items()}
            or None,
            "pathParameters": None,
            "stageVariables": None,
            "requestContext": {
                "requestId": "req-1",
                "stage": "prod",
                "path": f"/prod{path}",
                "httpMethod": method,
                "identity": {"sourceIp": "192.0.2.1"}
                | ({"apiKeyId": self.api_key_id, "apiKey": self.api_key} if self.api_key_id else {}),
            },
            "body": body,
            "isBase64Encoded": is_base64,
        }
        response = orders.handler(event, self.context)
        return ApiResponse(
            status=response["statusCode"],
            headers={name.lower(): values[0] for name, values in response["multiValueHeaders"].items()},
            text=response["body"],
        )


def _resource(path: str) -> str:
    if path == "/orders":
        return path
    return "/orders/{orderId}/cancel" if path.endswith("/cancel") else "/orders/{orderId}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BusListener:
    """A queue that receives every event of the bus."""

    sqs: Any
    queue_url: str

    @classmethod
    def on(cls, bus: str) -> Self:
        events, sqs = client("events"), client("sqs")
        url = sqs.create_queue(QueueName="listener")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.create_event_bus(Name=bus)
        events.put_rule(Name="all", EventBusName=bus, EventPattern='{"source": [{"prefix": ""}]}')
        events.put_targets(Rule="all", EventBusName=bus, Targets=[{"Id": "listener", "Arn": arn}])
        return cls(sqs=sqs, queue_url=url)

    def received(self) -> list[dict[str, Any]]:
        """Return the events since the last call."""
        found = self.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, VisibilityTimeout=600
        )
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@contextmanager
def deployed(tables: OrderTables) -> Iterator[BusListener]:
    """Give the function its environment and a bus; clear its cached service before and after."""
    environment = {
        "ORDERS_TABLE": tables.names.orders,
        "ORDER_ID_NAMESPACE": "6f0e4c43-9a53-4d8a-8f7c-2b11c0ffee00",
        "INVENTORY_TABLE": tables.names.inventory,
        "EVENT_BUS": _BUS,
        "CONSOLE_DOMAIN": "console.aws.amazon.com",
        "CURRENCY": "USD",
        "STAGE": "dev",
        "CANCEL_CONFIRMED_SECONDS": "86400",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        _clear_cache()
        yield made_once(["events", "sqs"], BusListener.on, _BUS)
    _clear_cache()


def _clear_cache() -> None:
    orders._service.cache_clear()
