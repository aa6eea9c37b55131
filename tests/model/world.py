"""The whole system in one process: real handlers and workflow, in-memory AWS services."""

import json
import logging
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

from botocore.exceptions import ClientError
from botocore.session import Session

from handlers import inventory, notification, orders, payment, sweeper
from handlers.adapters import aws
from handlers.adapters.gateways.simulated import OUTAGE_TOKEN, SimulatedGateway
from handlers.adapters.time_budget import InvocationContext, TimeBudget
from handlers.contract import clock
from handlers.contract.names import INVENTORY_STEP, ORDER_RECORD
from handlers.contract.stock_counters import counter_id, counters_of
from handlers.domain.errors import GatewayUnavailable, RefundPending
from handlers.domain.payment_gateway import Authorization, PaymentRequest
from orderctl.dlq.orders import RedrivableOrders
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.queues import read_queues
from orderctl.dlq.redrive import Redrive
from orderctl.product_counters import ProductCounters
from orderctl.stack import QUEUES
from tests.dynamodb_items import from_item, to_item
from tests.fakes import LedgerGateway
from tests.model.fake_services import FakeBus, FakeQueues, FakeTopic
from tests.model.stepper import Call, SteppedExecution, TaskFailure

Json = Any

SERVICES: Final = {"Inventory": inventory, "Payment": payment, "Notification": notification}
"""The Lambdas by the name in their placeholder."""

ENVIRONMENT: Final = {
    "ORDERS_TABLE": "Orders",
    "INVENTORY_TABLE": "Inventory",
    "EVENT_BUS": "ecommerce",
    "TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:Notifications",
    "CURRENCY": "USD",
    "STAGE": "dev",
    "DELIVERY_DLQ_URL": "${DeliveryDlqUrl}",
    "SWEEP_AFTER_SECONDS": "360",
    "SWEEP_MAX_ATTEMPTS": "3",
    "HOLD_EXPIRES_AFTER_SECONDS": "7200",
    "CANCEL_CONFIRMED_SECONDS": "86400",
    "PAYMENT_GATEWAY": "simulated",
    "ORDER_ID_NAMESPACE": "6f0e4c43-9a53-4d8a-8f7c-2b11c0ffee00",
    "POWERTOOLS_SERVICE_NAME": "test",
}


EXECUTION_LASTS: Final = timedelta(seconds=285)
"""The longest that an execution can take, as docs/order-lifecycle.md says."""

PREFIXES: Final = {"dynamodb": "DynamoDB", "events": "EventBridge", "sqs": "SQS"}
"""The prefix that Step Functions puts before a service's error codes."""


class Killed(BaseException):
    """A Lambda's execution environment was killed while it ran."""


class RecoveredGateway(SimulatedGateway):
    """The simulated provider after its outage: it authorises the token of the outage too."""

    def authorize(self, request: PaymentRequest) -> Authorization:
        method = "pm_card_visa" if request.method == OUTAGE_TOKEN else request.method
        return super().authorize(replace(request, method=method))


@dataclass(slots=True, kw_only=True)
class RefundingGateway(LedgerGateway):
    """A provider whose refunds can fail, or take long; `mistakes` are calls that it can't make sense of."""

    refund_fault: str = ""  # "", "down" or "pending"
    mistakes: list[str] = field(default_factory=list)

    def refund(self, request: PaymentRequest, reference: str) -> None:
        if self.refund_fault == "down":
            raise GatewayUnavailable("the provider gives no refunds now")
        entry = self._entry(request)
        if not entry.captured or entry.authorization is None or entry.authorization.reference != reference:
            self.mistakes.append(f"a refund of {request.order_id}, which was not charged")
        entry.refunded = True
        if self.refund_fault == "pending":
            raise RefundPending(request.order_id, "re_1")


@dataclass(kw_only=True)
class Interrupter:
    """Interrupts a caller just before or just after its n-th service call.

    Every method of every client and of the gateway counts, so later code is covered too.
    """

    calls: list[str] = field(default_factory=list)
    _position: int | None = None
    _after: bool = False
    _action: Callable[[], Any] | None = None
    _counting: Lock = field(default_factory=Lock)
    observe: Callable[[str], None] = lambda _: None

    def kill(self, position: int, *, after: bool) -> None:
        """Kill the caller at this position; positions count from 0, from now on."""

        def die() -> None:
            raise Killed

        self.interrupt(position, die, after=after)

    def interrupt(self, position: int, action: Callable[[], Any], *, after: bool) -> None:
        """Run an action at a position; calls that the action makes do not count."""
        self.calls.clear()
        self._position, self._after, self._action = position, after, action

    @property
    def is_pending(self) -> bool:
        """Return whether the interruption is still to come."""
        return self._action is not None

    def reset(self) -> None:
        """Count from 0 again, without an interruption."""
        self.calls.clear()
        self._position = self._action = None

    def around(self, name: str, target: Any) -> Any:
        """Return the target; its calls are counted and may be interrupted."""
        return _Interrupted(self, name, target)

    def call(self, name: str, method: Any, positional: tuple[Any, ...], arguments: Mapping[str, Any]) -> Any:
        """Make a call, and run the action if its position is reached."""
        with self._counting:  # a redrive reads its queues in threads
            due = len(self.calls) == self._position
            self.calls.append(name)
        if due and not self._after:
            self._run_action()
        try:
            return method(*positional, **arguments)
        finally:
            self.observe(name)
            if due and self._after:
                self._run_action()  # also when the response is an error

    def _run_action(self) -> None:
        action, self._action, self._position = self._action, None, None
        if action:
            action()


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
    """`dynamodb` is a boto3 client or FastDynamoDB, its tables are named Orders and Inventory."""

    def __init__(self, dynamodb: Any, definition: Mapping[str, Any]) -> None:
        self.dynamodb = dynamodb
        self.definition = definition
        self.bus, self.topic = FakeBus(), FakeTopic()
        self.queues = FakeQueues(clock=lambda: self.now().timestamp())
        self.clients = {"dynamodb": dynamodb, "events": self.bus, "sns": self.topic, "sqs": self.queues}
        self.gateway = RefundingGateway()
        self.broken: set[str] = set()  # services that fail at each call
        self.late: set[int] = set()  # positions of events on the bus, see `perform`
        self.unredriven: set[int] = set()  # the same of those that an execution or a sweep announced
        self.interrupter = Interrupter(observe=self._note_stock)
        self.mistakes: list[str] = []  # refusals of orders for which there was enough
        self._least: list[dict[str, int]] = []  # of each product, while a reservation is being made
        self.time = datetime(2026, 11, 22, 9, tzinfo=UTC)
        self._names = 0

    @contextmanager
    def installed(self) -> Iterator["World"]:
        """Connect every handler in this process to this world."""
        services = [module._service for module in (orders, *SERVICES.values())]
        caches = [aws.client, sweeper._sweeper, *services]

        def create_client(_session: Session, service: str, **_: Any) -> Any:
            return self.interrupter.around(service, self.clients[service])

        with (
            patch.object(Session, "create_client", create_client),
            patch.object(
                payment, "payment_gateway", lambda _: self.interrupter.around("gateway", self.gateway)
            ),
            patch.object(clock, "datetime", self._clock()),
            patch.object(TimeBudget, "from_context", _without_pauses),
            _environment(),
        ):
            # An application log of every call is made for nobody.
            disabled = logging.root.manager.disable
            logging.disable()
            for cached in caches:
                cached.cache_clear()
            try:
                yield self
            finally:
                logging.disable(disabled)
                for cached in caches:
                    cached.cache_clear()

    def _clock(self) -> type[datetime]:
        """Return a datetime class with this world's time."""
        return type("WorldClock", (datetime,), {"now": staticmethod(lambda _: self.now())})

    def pass_time(self, seconds: float) -> None:
        """Let time pass without anything else happening."""
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        """Advance the time by a millisecond and return it, so that no two records have the same time."""
        self.time += timedelta(milliseconds=1)
        return self.time

    def place(
        self, items: Mapping[str, int], *, key: str | None = None, payment_method: str = "pm_card_visa"
    ) -> Json:
        """POST /orders; return API Gateway's response with a parsed body."""
        body = {
            "customerId": "cust-1",
            "customerEmail": "ada@example.com",
            "paymentMethod": payment_method,
            "items": [{"productId": product, "quantity": quantity} for product, quantity in items.items()],
        }
        return self.request("POST", "/orders", body=body, headers={"Idempotency-Key": key} if key else {})

    def cancel(self, order_id: str, *, comment: str | None = None) -> Json:
        """POST /orders/{orderId}/cancel; return API Gateway's response with a parsed body."""
        body = None if comment is None else {"reason": comment}
        return self.request("POST", f"/orders/{order_id}/cancel", body=body)

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
        response = orders.handler(event, self.context())
        return {**response, "body": json.loads(response["body"])}

    def sweep(self) -> Json:
        """Run the sweeper once; return its counts of orders."""
        known = len(self.bus.events)
        try:
            return sweeper.handler({}, self.context())
        finally:
            self.unredriven.update(range(known, len(self.bus.events)))

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
            plan = RedrivePlan.from_messages(found.messages, held, in_flight=found.in_flight)
            work = Redrive(stack, found, rate=1e9, now=self.now, sleep=self.pass_time)
            for _ in work.run(plan):
                pass

    def start(self, event: Json) -> SteppedExecution:
        """Start an execution for an event; it stops before its first calls."""
        self._names += 1
        started = clock.rfc3339(self.now()).replace(".000Z", "Z")  # as Step Functions writes it
        arn = f"arn:aws:states:us-east-1:123456789012:express:OrderWorkflow:{self._names}:{self._names}"
        context = {
            "Execution": {"Id": arn, "Name": str(self._names), "StartTime": started, "Input": event},
            "State": {"EnteredTime": started},
        }
        return SteppedExecution(self.definition, context)

    def perform(self, execution: SteppedExecution, call: Call) -> None:
        """Make a waiting call of an execution, and give the execution its response.

        What an execution puts on the bus after the time that it can take is `late`.
        """
        known = len(self.bus.events)
        execution.context["State"]["EnteredTime"] = clock.rfc3339(self.now())
        try:
            response = self.service_response(call)
        except TaskFailure as failure:
            response = failure
        except Killed:
            response = TaskFailure(error="States.Timeout", cause="no response")
        if self.now() - execution.started > EXECUTION_LASTS:
            self.late.update(range(known, len(self.bus.events)))
        self.unredriven.update(range(known, len(self.bus.events)))
        execution.respond(call, response)

    def run(self, execution: SteppedExecution) -> SteppedExecution:
        """Run an execution to its end; its oldest waiting call is made first."""
        while execution.waiting:
            self.perform(execution, execution.waiting[0])
        return execution

    def service_response(self, call: Call) -> Json:
        if call.resource.startswith("${"):
            service = call.resource.removeprefix("${").removesuffix("FunctionArn}")
            return self.invoke(service, call.parameters)
        service, _, action = call.resource.removeprefix("arn:aws:states:::").partition(":")
        target = self.interrupter.around(service, self.clients[service])
        method = re.sub(r"(?=[A-Z])", "_", action).lower()
        try:
            return getattr(target, method)(**with_table_name(call.parameters))
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise TaskFailure(error=f"{PREFIXES[service]}.{code}", cause=code) from error

    def invoke(self, service: str, payload: Json) -> Json:
        """Invoke a service's Lambda; raise its exception as a TaskFailure with the same name."""
        if service in self.broken:
            raise TaskFailure(error="KeyError", cause="a bug")
        try:
            with self._refusals_watched(payload["orderId"]) if service == "Inventory" else nullcontext():
                return SERVICES[service].handler(payload, self.context())
        except Exception as error:
            raise TaskFailure(error=type(error).__name__, cause=str(error)) from error

    @contextmanager
    def _refusals_watched(self, order_id: str) -> Iterator[None]:
        """Note a mistake when an order is refused although there was enough in every moment."""
        decided, least = self._record(order_id, INVENTORY_STEP), self.available()
        self._least.append(least)
        try:
            yield
        finally:
            self._least.remove(least)
            refused = self._record(order_id, INVENTORY_STEP).get("products", [])
            order = self._record(order_id, ORDER_RECORD)
            quantities = {line["productId"]: line["quantity"] for line in order.get("items", [])}
            self.mistakes += [
                f"{order_id} was refused: {product} had {least[product]} at least"
                for product in ([] if decided else refused)
                if least.get(product, 0) >= quantities[product]
            ]

    def _note_stock(self, call: str) -> None:
        if self._least and call == "dynamodb.transact_write_items":
            now = self.available()
            for least in self._least:
                least |= {product: min(least.get(product, 0), left) for product, left in now.items()}

    def _record(self, order_id: str, record: str) -> Json:
        key = to_item({"orderId": str(order_id), "record": record})
        return from_item(self.dynamodb.get_item(TableName="Orders", Key=key).get("Item", {}))

    def try_to_invoke(self, service: str, operation: str, order_id: str, execution_arn: str) -> str:
        """Invoke an operation; return its status or the name of its error."""
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

    def split(self, product: str, into: int) -> None:
        """Run `orderctl stock split`; 1 is `orderctl stock merge`."""
        client = self.interrupter.around("dynamodb", self.dynamodb)
        ProductCounters(client=client, table="Inventory", sleep=lambda _: None).split(product, into)

    def counters(self) -> dict[str, dict[str, int]]:
        """Return what each counter of every product has, by its key; "" has the counters of no product."""
        items = {item["productId"]: item for item in self._all("Inventory")}
        left = {key: int(item["available"]) for key, item in items.items()}
        found = {
            product: {key: left.pop(key) for key in _keys(item) if key in left}
            for product, item in items.items()
            if "unitPrice" in item
        }
        return found | {"": left}

    def available(self) -> dict[str, int]:
        """Return the available quantity of every product, in all its counters."""
        return {product: sum(counters.values()) for product, counters in self.counters().items() if product}

    def orders(self) -> dict[str, dict[str, Json]]:
        """Return each order's records, by order id and record name."""
        found: dict[str, dict[str, Json]] = defaultdict(dict)
        for item in self._all("Orders"):
            found[item["orderId"]][item["record"]] = item
        return found

    def _all(self, table: str) -> list[Json]:
        """Return every item; only tests may scan a table."""
        return [from_item(item) for item in self.dynamodb.scan(TableName=table)["Items"]]

    @staticmethod
    def context() -> Any:
        """Return Lambda's context object."""
        return SimpleNamespace(
            function_name="test",
            memory_limit_in_mb=512,
            invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:test",
            aws_request_id="request",
            get_remaining_time_in_millis=lambda: 30_000,
        )


@contextmanager
def _environment() -> Iterator[None]:
    """Set the environment's variables; patch.dict would write all the others again, too."""
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _without_pauses(context: InvocationContext) -> TimeBudget:
    return TimeBudget(
        remaining_millis=context.get_remaining_time_in_millis,
        sleep=lambda _: None,
        jitter=lambda ceiling: ceiling,
    )


def _keys(product: Mapping[str, Json]) -> list[str]:
    return [counter_id(product["productId"], number) for number in range(counters_of(product))]


def with_table_name(parameters: Mapping[str, Json]) -> Json:
    """Replace the placeholder of the Orders table; queues and the bus are named by their placeholders."""
    return {name: "Orders" if value == "${OrdersTableName}" else value for name, value in parameters.items()}
