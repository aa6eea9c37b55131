"""The whole system in one process: the real handlers and workflow, in-memory services around them."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

from botocore.exceptions import ClientError

from handlers import inventory, notification, orders, payment, sweeper
from handlers.adapters import aws
from handlers.adapters.gateways.simulated import OUTAGE_TOKEN, SimulatedGateway
from handlers.contract import clock
from handlers.domain.payment_gateway import Authorization, PaymentRequest
from orderctl.dlq.orders import RedrivableOrders
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.queues import read_queues
from orderctl.dlq.redrive import Redrive
from orderctl.stack import QUEUES
from tests.dynamodb_items import from_item
from tests.fakes import LedgerGateway
from tests.model.fake_services import FakeBus, FakeQueues, FakeTopic
from tests.model.stepper import Call, SteppedExecution, TaskFailure

Json = Any

SERVICES: Final = {"Inventory": inventory, "Payment": payment, "Notification": notification}
"""The Lambdas by the name of their placeholder in the definition."""

ENVIRONMENT: Final = {
    "ORDERS_TABLE": "Orders",
    "INVENTORY_TABLE": "Inventory",
    "EVENT_BUS": "ecommerce",
    "TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:Notifications",
    "CURRENCY": "USD",
    "DELIVERY_DLQ_URL": "${DeliveryDlqUrl}",
    "SWEEP_AFTER_SECONDS": "360",
    "SWEEP_MAX_ATTEMPTS": "3",
    "PAYMENT_GATEWAY": "simulated",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    "POWERTOOLS_SERVICE_NAME": "test",
}


PREFIXES: Final = {"dynamodb": "DynamoDB", "events": "EventBridge", "sqs": "SQS"}
"""What Step Functions puts before the error codes of a service."""


class Killed(BaseException):
    """The execution environment of a Lambda is gone in the middle of its work."""


class MendedGateway(SimulatedGateway):
    """The simulated provider after its outage: every token that was down is authorised."""

    def authorize(self, request: PaymentRequest) -> Authorization:
        method = "pm_card_visa" if request.method == OUTAGE_TOKEN else request.method
        return super().authorize(replace(request, method=method))


@dataclass(kw_only=True)
class Interrupter:
    """Kills or overtakes a caller, just before or just after its n-th call to anything outside.

    Every method of every client and of the gateway counts, so a call that is added later is met too.
    """

    calls: list[str] = field(default_factory=list)
    _position: int | None = None
    _after: bool = False
    _happens: Callable[[], Any] | None = None
    _counting: Lock = field(default_factory=Lock)

    def kill(self, position: int, *, after: bool) -> None:
        """Kill whoever makes the call at this position; positions count from 0, from now on."""

        def die() -> None:
            raise Killed

        self.interrupt(position, die, after=after)

    def interrupt(self, position: int, happens: Callable[[], Any], *, after: bool) -> None:
        """Let something happen at a position; it may make calls of its own, which do not count."""
        self.calls.clear()
        self._position, self._after, self._happens = position, after, happens

    @property
    def is_armed(self) -> bool:
        """Tell whether what was to happen has not happened yet."""
        return self._happens is not None

    def leave_alone(self) -> None:
        """Count from 0 again and interrupt nothing."""
        self.calls.clear()
        self._position = self._happens = None

    def around(self, name: str, target: Any) -> Any:
        """Return the target with its methods counted."""
        return _Interrupted(self, name, target)

    def call(self, name: str, method: Any, positional: tuple[Any, ...], arguments: Mapping[str, Any]) -> Any:
        """Make a call, unless it is the caller's last."""
        with self._counting:  # a redrive reads its queues in threads
            due = len(self.calls) == self._position
            self.calls.append(name)
        if due and not self._after:
            self._happen()
        try:
            return method(*positional, **arguments)
        finally:
            if due and self._after:
                self._happen()  # also when the answer is an error

    def _happen(self) -> None:
        happens, self._happens, self._position = self._happens, None, None
        if happens:
            happens()


class _Interrupted:
    def __init__(self, interrupter: Interrupter, name: str, target: Any) -> None:
        self._interrupter, self._name, self._target = interrupter, name, target

    def __getattr__(self, method_name: str) -> Any:
        method = getattr(self._target, method_name)
        if not callable(method):
            return method
        return lambda *positional, **arguments: self._interrupter.call(
            f"{self._name}.{method_name}", method, positional, arguments
        )


class World:
    """`dynamodb` is a boto3 client or FastDynamoDB, its tables named Orders and Inventory."""

    def __init__(self, dynamodb: Any, definition: Mapping[str, Any]) -> None:
        self.dynamodb = dynamodb
        self.definition = definition
        self.bus, self.topic = FakeBus(), FakeTopic()
        self.queues = FakeQueues(clock=lambda: self.now().timestamp())
        self.clients = {"dynamodb": dynamodb, "events": self.bus, "sns": self.topic, "sqs": self.queues}
        self.gateway = LedgerGateway()
        self.interrupter = Interrupter()
        self.time = datetime(2026, 11, 22, 9, tzinfo=UTC)
        self._names = 0

    @contextmanager
    def installed(self) -> Iterator["World"]:
        """Let every handler in this process work in this world."""
        services = [module._service for module in (orders, *SERVICES.values())]
        caches = [aws.client, sweeper._sweeper, *services]

        def client(service: str, **_: Any) -> Any:
            return self.interrupter.around(service, self.clients[service])

        with (
            patch("boto3.client", client),
            patch.object(
                payment, "payment_gateway", lambda _: self.interrupter.around("gateway", self.gateway)
            ),
            patch.object(clock, "datetime", self._watch()),
            patch.dict("os.environ", ENVIRONMENT),
        ):
            for cached in caches:
                cached.cache_clear()
            try:
                yield self
            finally:
                for cached in caches:
                    cached.cache_clear()

    def _watch(self) -> type[datetime]:
        """Return a datetime that looks at this world's time."""
        return type("Watch", (datetime,), {"now": staticmethod(lambda _: self.now())})

    def now(self) -> datetime:
        """Return the time, a millisecond on at each look, so that no two records share theirs."""
        self.time += timedelta(milliseconds=1)
        return self.time

    def place(
        self, items: Mapping[str, int], *, key: str | None = None, payment_method: str = "pm_card_visa"
    ) -> Json:
        """POST /orders; return API Gateway's answer with a parsed body."""
        body = {
            "customerId": "cust-1",
            "customerEmail": "ada@example.com",
            "paymentMethod": payment_method,
            "items": [{"productId": product, "quantity": quantity} for product, quantity in items.items()],
        }
        return self.request("POST", "/orders", body=body, headers={"Idempotency-Key": key} if key else {})

    def request(
        self, method: str, path: str, *, body: Json = None, headers: Mapping[str, str] | None = None
    ) -> Json:
        """Call the API as API Gateway would."""
        all_headers = {"x-api-key": "secret", "Content-Type": "application/json", **(headers or {})}
        event = {
            "httpMethod": method,
            "path": path,
            "resource": path,
            "headers": all_headers,
            "multiValueHeaders": {name: [value] for name, value in all_headers.items()},
            "queryStringParameters": None,
            "multiValueQueryStringParameters": None,
            "requestContext": {
                "requestId": "r",
                "stage": "prod",
                "identity": {"apiKeyId": "key-1"},
                "path": path,
            },
            "body": None if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
        answer = orders.handler(event, self.context())
        return {**answer, "body": json.loads(answer["body"])}

    def sweep(self) -> Json:
        """Run the sweeper once; return how many orders came to which end."""
        return sweeper.handler({}, self.context())

    def redrive(self) -> None:
        """Run `orderctl dlq redrive all`."""
        stack: Any = SimpleNamespace(
            client=lambda service: self.interrupter.around(service, self.clients[service]),
            orders_table="Orders",
            bus_name="ecommerce",
            dlq_urls={name: f"${{{name.capitalize()}DlqUrl}}" for name in QUEUES},
        )
        held = [order.order_id for order in RedrivableOrders(stack, self.now).waiting()]
        with read_queues(stack, QUEUES, wait_seconds=0) as found:
            plan = RedrivePlan.from_messages(found.messages, held)
            work = Redrive(stack, found, rate=1e9)
            work._orders = RedrivableOrders(stack, self.now)
            for _ in work.run(plan):
                pass

    def start(self, event: Json) -> SteppedExecution:
        """Start one execution of the workflow for an event; it stands still before its first calls."""
        self._names += 1
        started = clock.rfc3339(self.now())
        arn = f"arn:aws:states:us-east-1:123456789012:express:OrderWorkflow:{self._names}:{self._names}"
        context = {
            "Execution": {"Id": arn, "Name": str(self._names), "StartTime": started, "Input": event},
            "State": {"EnteredTime": started},
        }
        return SteppedExecution(self.definition, context)

    def perform(self, execution: SteppedExecution, call: Call) -> None:
        """Let one waiting call of an execution happen, and give the execution its answer."""
        execution.context["State"]["EnteredTime"] = clock.rfc3339(self.now())
        try:
            answer = self._performed(call)
        except TaskFailure as failure:
            answer = failure
        except Killed:
            answer = TaskFailure(error="States.Timeout", cause="nobody answered")
        execution.respond(call, answer)

    def run(self, execution: SteppedExecution) -> SteppedExecution:
        """Let an execution run to its end, in the order in which its calls came up."""
        while execution.waiting:
            self.perform(execution, execution.waiting[0])
        return execution

    def _performed(self, call: Call) -> Json:
        service, _, action = call.resource.removeprefix("arn:aws:states:::").partition(":")
        if service == "lambda":
            service = call.parameters["FunctionName"].removeprefix("${").removesuffix("FunctionArn}")
            return {"Payload": self.invoke(service, call.parameters["Payload"])}
        target = self.interrupter.around(service, self.clients[service])
        method = re.sub(r"(?=[A-Z])", "_", action).lower()
        try:
            return getattr(target, method)(**named(call.parameters))
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise TaskFailure(error=f"{PREFIXES[service]}.{code}", cause=code) from error

    def invoke(self, service: str, payload: Json) -> Json:
        """Invoke one of the services' Lambdas; an exception of its becomes a TaskFailure of that name."""
        try:
            return SERVICES[service].handler(payload, self.context())
        except Exception as error:
            raise TaskFailure(error=type(error).__name__, cause=str(error)) from error

    def try_to_invoke(self, service: str, operation: str, order_id: str, execution_arn: str) -> str:
        """Ask a service for an operation; return its answer or the name of its error."""
        payload = {"operation": operation, "orderId": order_id, "executionArn": execution_arn}
        try:
            return str(self.invoke(service, payload)["status"])
        except TaskFailure as failure:
            return failure.error

    def stock(self, available: Mapping[str, int]) -> None:
        """Put products into the catalogue, at one dollar each."""
        for product, quantity in available.items():
            item = {"productId": {"S": product}, "name": {"S": product}}
            numbers = {"unitPrice": {"N": "100"}, "available": {"N": str(quantity)}}
            self.dynamodb.put_item(TableName="Inventory", Item=item | numbers)

    def available(self) -> dict[str, int]:
        """Return what every product has left."""
        return {item["productId"]: int(item["available"]) for item in self._all("Inventory")}

    def orders(self) -> dict[str, dict[str, Json]]:
        """Return each order's records, by order id and record name."""
        found: dict[str, dict[str, Json]] = defaultdict(dict)
        for item in self._all("Orders"):
            found[item["orderId"]][item["record"]] = item
        return found

    def _all(self, table: str) -> list[Json]:
        """Look at every item; tests may, requests never do."""
        return [from_item(item) for item in self.dynamodb.scan(TableName=table)["Items"]]

    @staticmethod
    def context() -> Any:
        """Return what Lambda hands a function beside its event."""
        return SimpleNamespace(
            function_name="test",
            memory_limit_in_mb=512,
            invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:test",
            aws_request_id="request",
            get_remaining_time_in_millis=lambda: 30_000,
        )


def named(parameters: Mapping[str, Json]) -> Json:
    """Name the Orders table as in this world; queues and the bus are called by their placeholders."""
    return {name: "Orders" if value == "${OrdersTableName}" else value for name, value in parameters.items()}
