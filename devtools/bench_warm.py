"""Measures the processor time of a warm invocation, and compares it with bare calls of the same kind.

The transport is a stub: what is left is the code of the handler and of botocore. Each function makes an
invocation of an order of three lines. The bare handler only makes the same calls, with the same arguments and
with the clients that `boto3.client` makes.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from io import BytesIO
from statistics import median
from time import process_time
from typing import Any, Final
from unittest.mock import patch

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from devtools.measurement import Measurement, show
from orderctl.terminal import progress_bar

LIMIT: Final = 1.5
ROUNDS: Final = 15
_PAIRS: Final = 40
_ORDER_ID: Final = "0d6cf3ae-3f66-4f43-9c33-0f4ab9a0f6a1"
_EXECUTION: Final = "arn:aws:states:us-east-1:123456789012:express:OrderWorkflow:live:1:1"
_PRODUCTS: Final = ("85123A", "71053", "84406B")
_ENVIRONMENT: Final = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "STAGE": "bench",
    "ORDERS_TABLE": "Orders",
    "INVENTORY_TABLE": "Inventory",
    "EVENT_BUS": "ecommerce",
    "CURRENCY": "USD",
    "ORDER_ID_NAMESPACE": _ORDER_ID,
    "CANCEL_CONFIRMED_SECONDS": "86400",
    "PAYMENT_GATEWAY": "simulated",
    "TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:Notifications",
}
_CLIENTS: Final = ("dynamodb", "events", "sns")


@dataclass(frozen=True, slots=True)
class Context:
    """Lambda's context of an invocation."""

    function_name: str = "bench"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:bench"
    aws_request_id: str = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

    def get_remaining_time_in_millis(self) -> int:
        """Return more than any call may take."""
        return 15_000


@dataclass(frozen=True, slots=True)
class Function:
    """One Lambda function, and the event of its invocation."""

    name: str
    event: Mapping[str, Any]

    def invoke(self) -> None:
        """Invoke the handler as Lambda does."""
        import_module(f"handlers.{self.name}").handler(self.event, Context())


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of one invocation: a client of boto3, method and arguments."""

    bare: Mapping[str, Any]
    """A client of boto3 for each service."""

    made: list[tuple[Any, str, dict[str, Any]]] = field(default_factory=list)

    @contextmanager
    def recorded(self, clients: Iterable[Any]) -> Iterator[None]:
        """Note every call of these clients."""
        with ExitStack() as stack:
            for client in clients:
                noting = partial(self._note, client, client._make_api_call)  # noqa: SLF001  as in AWS X-Ray's SDK
                stack.enter_context(patch.object(client, "_make_api_call", noting))
            yield

    def _note(
        self, client: Any, call: Callable[..., Any], operation: str, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        method = next(name for name, each in client.meta.method_to_api_mapping.items() if each == operation)
        self.made.append((self.bare[client.meta.service_model.service_name], method, deepcopy(arguments)))
        response: dict[str, Any] = call(operation, arguments)
        return response

    def make(self) -> None:
        """Make the calls again, and nothing else: the bare handler."""
        for client, method, arguments in self.made:
            getattr(client, method)(**arguments)


class _Body(BytesIO):
    def stream(self) -> Iterator[bytes]:
        yield self.read()


def main() -> int:
    """Measure every function; return 1 if one exceeds the limit."""
    os.environ.update(_ENVIRONMENT)
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):  # noqa: PTH123  a device
        clients = _stubbed(import_module("handlers.adapters.aws").client)
        bare = _stubbed(boto3.client)
        for function in _FUNCTIONS:
            function.invoke()  # the loggers keep the stdout of their import
        measured = [_measure(function, clients.values(), bare) for function in _FUNCTIONS]
    show(measured)
    return 0 if all(each.is_within_limit for each in measured) else 1


def _measure(function: Function, clients: Iterable[Any], bare_clients: Mapping[str, Any]) -> Measurement:
    calls = Calls(bare_clients)
    with calls.recorded(clients):
        function.invoke()
    bare, whole = [], []
    with progress_bar(function.name, ROUNDS) as done:
        for count in range(1, ROUNDS + 1):
            for _ in range(_PAIRS):
                # They alternate, so that load on the machine affects both.
                bare.append(_processor_millis(calls.make))
                whole.append(_processor_millis(function.invoke))
            done(count)
    of_calls, of_whole = median(bare), median(whole)
    return Measurement(
        what=f"{function.name}: {of_whole:.2f} ms; its {len(calls.made)} calls alone: {of_calls:.2f} ms",
        value=of_whole / of_calls,
        limit=LIMIT,
        unit="times",
    )


def _processor_millis(action: Callable[[], None]) -> float:
    started = process_time()
    action()
    return 1000 * (process_time() - started)


def _stubbed(client: Callable[[str], Any]) -> dict[str, Any]:
    """Return clients whose requests are answered before they are sent.

    https://docs.aws.amazon.com/boto3/latest/guide/events.html
    """
    clients = {name: client(name) for name in _CLIENTS}
    for each in clients.values():
        each.meta.events.register("before-send", _respond)
    return clients


def _respond(request: AWSPreparedRequest, **_: object) -> AWSResponse:
    target = request.headers.get("X-Amz-Target", b"").decode()
    operation = target.rpartition(".")[2] or "Publish"
    return AWSResponse(request.url, 200, {}, _Body(_RESPONSES[operation]))


def _json(response: Mapping[str, Any]) -> bytes:
    return json.dumps(response).encode()


_STORED: Final = {
    "orderId": {"S": _ORDER_ID},
    "record": {"S": "ORDER"},
    "customerId": {"S": "cust-17850"},
    "customerEmail": {"S": "ada@example.com"},
    "paymentMethod": {"S": "pm_card_visa"},
    "items": {
        "L": [
            {"M": {"productId": {"S": product}, "quantity": {"N": "6"}, "unitPrice": {"N": "255"}}}
            for product in _PRODUCTS
        ]
    },
    "total": {"M": {"amount": {"N": "4590"}, "currency": {"S": "USD"}}},
    "requestHash": {"S": "0" * 64},
    "status": {"S": "PENDING"},
    "createdAt": {"S": "2026-11-22T15:14:31.123Z"},
    "updatedAt": {"S": "2026-11-22T15:14:31.123Z"},
    "openShard": {"S": "3"},
    "openKey": {"S": "IN_PROGRESS#2026-11-22T15:14:31.123Z"},
}
_CLAIM: Final = {
    "orderId": {"S": _ORDER_ID},
    "record": {"S": "STEP#notification#received"},
    "status": {"S": "SENDING"},
    "owner": {"S": _EXECUTION},
    "at": {"S": "2026-11-22T15:14:31.123Z"},
}
_PRICES: Final = [{"productId": {"S": product}, "unitPrice": {"N": "255"}} for product in _PRODUCTS]
_RESPONSES: Final = {
    "BatchGetItem": _json({"Responses": {"Inventory": _PRICES}, "UnprocessedKeys": {}}),
    "GetItem": _json({"Item": _STORED}),
    # The step is not recorded yet.
    "Query": _json({"Items": [_STORED]}),
    "PutItem": _json({}),
    "UpdateItem": _json({"Attributes": _CLAIM}),
    "TransactWriteItems": _json({}),
    "PutEvents": _json({"FailedEntryCount": 0, "Entries": [{"EventId": _ORDER_ID}]}),
    "Publish": (
        b'<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>'
        b"1</MessageId></PublishResult></PublishResponse>"
    ),
}


def _step(operation: str) -> Mapping[str, Any]:
    return {"operation": operation, "orderId": _ORDER_ID, "executionArn": _EXECUTION}


def _post() -> Mapping[str, Any]:
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "Host": "abcdefghij.execute-api.us-east-1.amazonaws.com",
        "Idempotency-Key": "bench",
        "User-Agent": "curl/8.7.1",
        "X-Amzn-Trace-Id": "Root=1-67411111-0123456789abcdef01234567",
        "X-Forwarded-For": "192.0.2.1",
        "x-api-key": "key",
    }
    body = {
        "customerId": "cust-17850",
        "customerEmail": "ada@example.com",
        "paymentMethod": "pm_card_visa",
        "items": [{"productId": product, "quantity": 6} for product in _PRODUCTS],
    }
    return {
        "resource": "/orders",
        "path": "/orders",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "stage": "prod",
            "path": "/prod/orders",
            "httpMethod": "POST",
            "identity": {"sourceIp": "192.0.2.1", "apiKeyId": "key-id", "apiKey": "key"},
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


_FUNCTIONS: Final = (
    Function("orders", _post()),
    Function("inventory", _step("reserve")),
    Function("payment", _step("authorize")),
    Function("notification", _step("received")),
)


if __name__ == "__main__":
    sys.exit(main())
