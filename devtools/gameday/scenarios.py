"""The failures of the game day. Each is caused for real, except those at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

from devtools.gameday.commands import run
from devtools.gameday.function_metrics import LAMBDA
from devtools.gameday.samples import Metric
from devtools.gameday.scenario import Day, Scenario, light_traffic, no_traffic
from devtools.gameday.slow_aws import Behaviour, proxied
from handlers.contract.events import Event
from handlers.contract.names import DetailType
from orderctl.deployed_workflow import states
from orderctl.fault_switch import Service
from orderctl.stack import QUEUES

_FAULTS_OFF: Final = tuple(f"orderctl fault {service} off" for service in Service)
_OWN_ORDER: Final = "orderctl place 85123A:1 --customer operator --email EMAIL --payment pm_card_visa --wait"
_PERMISSION: Final = "the permission is back"


def _of(kind: str, *subjects: str) -> frozenset[str]:
    return frozenset(f"{kind}-{subject}" for subject in subjects)


def _faults(*options: str) -> list[str]:
    return [" ".join(["orderctl", "fault", service, "on", *options]) for service in Service]


@contextmanager
def _everything_down(day: Day) -> Iterator[None]:
    """Let every service fail, and an event be lost, while nobody does anything for more than an hour."""
    with day.system.rule_target({"Arn": f"{day.system.stack.state_machine_arn}-that-is-gone"}):
        day.shop.place()
    for command in _faults():
        run(command, {})
    for _ in range(4):
        day.shop.place()
        day.watch.wait(lambda: False, timeout=2.0)
    yield


@contextmanager
def _no_schedule(day: Day) -> Iterator[None]:
    """Stop the schedule of the sweeper, and lose the event of an order, which then waits for it."""
    with day.system.no_schedule():
        with day.system.rule_target(None):
            day.shop.place()
        yield


@contextmanager
def _slow_services(day: Day) -> Iterator[None]:
    """Let each call of a service take more than 80 % of its 8 s, and an execution 285 s of the fast clock."""

    def shorten(definition: dict[str, Any]) -> None:
        definition["TimeoutSeconds"] = int(definition["TimeoutSeconds"] / day.watch.clock.factor)

    day.system.deploy_definition(shorten)
    for command in _faults("--latency", "6500ms"):
        run(command, {})
    yield
    day.system.deploy_definition(lambda release: release)


@contextmanager
def _bad_definition(day: Day) -> Iterator[None]:
    """Deploy a definition that confirms orders without the sort key of their record."""

    def misspell(definition: dict[str, Any]) -> None:
        del definition["States"]["ConfirmOrder"]["Parameters"]["Key"]["record"]

    day.system.deploy_definition(misspell)
    yield


@contextmanager
def _unknown_order(day: Day) -> Iterator[None]:
    """Put an event of nobody's order on the bus."""
    event = Event(detail_type=DetailType.ORDER_PLACED, detail={"orderId": str(uuid4()), "customerId": "x"})
    day.system.stack.client("events").put_events(Entries=[event.entry(day.system.stack.bus_name)])
    yield


@contextmanager
def _no_queue(day: Day) -> Iterator[None]:
    """Let payments fail, and deploy a definition that parks them as an empty message, which SQS refuses."""

    def empty(definition: dict[str, Any]) -> None:
        dict(states(definition))["ParkAuthorizePayment"]["Parameters"]["MessageBody"] = ""

    day.system.deploy_definition(empty)
    run("orderctl fault payment on", {})
    day.shop.place()
    yield


@contextmanager
def _no_orders_table(day: Day) -> Iterator[None]:
    """Take the Orders table from the API."""
    with day.system.denied_to_function("orders", "dynamodb:PutItem"):
        yield


@contextmanager
def _slow_database(day: Day) -> Iterator[None]:
    """Let each of the three calls of the API take 1.5 s; it waits 2 s for an answer."""
    slow = Behaviour(seconds=1.5)
    with (
        proxied(str(day.system.stack.endpoint_url), slow) as address,
        day.system.variables(
            "orders", {"AWS_ENDPOINT_URL_DYNAMODB": address, "AWS_ENDPOINT_URL_EVENTBRIDGE": address}
        ),
    ):
        yield


@contextmanager
def _throttled_table(day: Day) -> Iterator[None]:
    """Let DynamoDB refuse what the inventory function asks of the Orders table."""

    def count(operation: str) -> None:
        kind = "Read" if operation.startswith(("Get", "Query", "Batch")) else "Write"
        # Each refused request counts. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
        day.watch.note(Metric(namespace="AWS/DynamoDB", name=f"{kind}ThrottleEvents", subject="orders"), 1.0)

    with (
        proxied(str(day.system.stack.endpoint_url), Behaviour(throttled=count)) as address,
        day.system.variables("inventory", {"AWS_ENDPOINT_URL_DYNAMODB": address}),
    ):
        yield


@contextmanager
def _bad_setting_of_orders(day: Day) -> Iterator[None]:
    """Deploy the API with a setting that keeps its code from being loaded."""
    with day.system.variables("orders", {"POWERTOOLS_LOG_LEVEL": "NONSENSE"}):
        yield


@contextmanager
def _bad_setting_of_metrics(day: Day) -> Iterator[None]:
    """Deploy the metrics function without a setting that it needs."""
    with day.system.variables("metrics", {"STAGE": None}):
        yield


@contextmanager
def _synthetic(day: Day) -> Iterator[None]:
    """Write what CloudWatch would get: two periods of five minutes with one value each."""
    for _ in range(2):
        day.watch.note(Metric(namespace="AWS/States", name="ExecutionThrottled"), 12.0)
        day.watch.note(Metric(namespace=LAMBDA, name="Duration", subject="metrics"), 29_000.0)
        day.watch.note(Metric(namespace=LAMBDA, name="Duration", subject="orders"), 14_000.0)
        day.watch.wait(lambda: False, timeout=5.0)
    yield


SCENARIOS: Final = (
    Scenario(
        title="all services down, an event undelivered, and nobody looks for an hour",
        alarms=frozenset({"OrdersWaiting", "NoOrders", "DeliveriesFailed"})
        | _of("NotEmpty", *QUEUES)
        | _of("Old", *QUEUES)
        | _of("Errors", *Service),
        entries=("Errors-payment", "Parked", "DeliveriesFailed", "NoOrders"),
        broken=_everything_down,
        mended="the fault switch, off",
        cases=(*_FAULTS_OFF, _OWN_ORDER),
        meanwhile=no_traffic,
        limit=120.0,
    ),
    Scenario(
        title="the schedule of the sweeper is off",
        alarms=frozenset({"SweeperNotRunning"}),
        entries=("SweeperNotRunning",),
        broken=_no_schedule,
        mended="the schedule is on again",
        cases=("orderctl dlq redrive --order ORDER_ID --wait",),
    ),
    Scenario(
        title="the sweeper may not read the index",
        alarms=frozenset({"SweeperNotRunning", "Errors-sweeper"}),
        entries=("Errors-sweeper", "SweeperNotRunning"),
        broken=lambda day: day.system.denied_to_function("sweeper", "dynamodb:Query"),
        mended=_PERMISSION,
    ),
    Scenario(
        title="a bad definition is deployed",
        alarms=frozenset({"SettlementFailed", "ExecutionsFailed", "SweeperReemitting"}),
        entries=("SettlementFailed",),
        broken=_bad_definition,
        mended="orderctl rollback",
        cases=("orderctl rollback",),
    ),
    Scenario(
        title="every service is slow, and executions time out",
        alarms=frozenset({"ExecutionsTimedOut"}) | _of("NearTimeout", *Service),
        entries=("ExecutionsTimedOut", "NearTimeout-payment"),
        broken=_slow_services,
        mended="the fault switch, off",
        cases=_FAULTS_OFF,
        meanwhile=light_traffic,
        limit=90.0,
    ),
    Scenario(
        title="an event of nobody's order on the bus",
        alarms=frozenset({"OrderUnknown", "ExecutionsFailed"}),
        entries=("OrderUnknown",),
        broken=_unknown_order,
        mended="nothing: it changed nothing",
    ),
    Scenario(
        title="payments fail, and no message can be parked",
        alarms=frozenset({"MessageLost", "ExecutionsFailed"}),
        entries=("MessageLost",),
        broken=_no_queue,
        mended="orderctl rollback, and the fault switch, off",
        cases=("orderctl rollback", *_FAULTS_OFF),
        meanwhile=no_traffic,
    ),
    Scenario(
        title="the API may not write the Orders table",
        alarms=frozenset({"ServerErrors"}),
        entries=("ServerErrors",),
        broken=_no_orders_table,
        mended=_PERMISSION,
    ),
    Scenario(
        title="DynamoDB is slow for the API",
        alarms=frozenset({"SlowRequests"}),
        entries=("SlowRequests",),
        broken=_slow_database,
        mended="DynamoDB answers as before",
    ),
    Scenario(
        title="DynamoDB throttles the inventory function",
        alarms=frozenset({"TablesThrottled"}),
        entries=("TablesThrottled",),
        broken=_throttled_table,
        mended="DynamoDB takes everything again",
    ),
    Scenario(
        title="Lambda has no execution for the payment function",
        alarms=frozenset({"Throttles"}),
        entries=("Throttles",),
        broken=lambda day: day.system.no_concurrency("payment"),
        mended="the concurrency is back",
    ),
    Scenario(
        title="the API is deployed with a wrong setting",
        alarms=frozenset({"Errors-orders", "ServerErrors"}),
        entries=("Errors-orders", "ServerErrors"),
        broken=_bad_setting_of_orders,
        mended="the setting is back",
    ),
    Scenario(
        title="the metrics function is deployed without a setting",
        alarms=frozenset({"Errors-metrics"}),
        entries=("Errors-metrics",),
        broken=_bad_setting_of_metrics,
        mended="the setting is back",
    ),
    Scenario(
        title="SYNTHETIC: Step Functions throttles, and the functions orders and metrics are slow",
        alarms=frozenset({"ExecutionThrottled"}) | _of("NearTimeout", "metrics", "orders"),
        entries=("ExecutionThrottled", "NearTimeout-metrics"),
        broken=_synthetic,
        mended="the values end",
        is_synthetic=True,
    ),
)

# What can't be caused on the local cloud, with the reason. Its alarms get values that nothing emitted.
NOT_CAUSED: Final = {
    "ExecutionThrottled": "the local cloud has no limit of state transitions",
    "NearTimeout-orders": "the function answers 503 before its time is nearly used up",
    "NearTimeout-metrics": "the function calls nothing that could be slow: it reads what Lambda hands it",
}
