"""What is kept of a release, so that the tests can hold the code of today against it.

Run `make release-inputs` when a version is released. It writes `last_release.json`:

- the input of every Lambda task, as the recordings of this release have it, with the statuses that its
  definition was recorded with;
- orders that this release stored, at every point where an execution can have ended or died, with their
  event, their dead letters and what this release makes of them in the end.
"""

import json
import logging
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Self
from unittest.mock import patch

from moto import mock_aws

from devtools.checkout import REPOSITORY
from devtools.recording.recording import Recording, recordings
from devtools.recording.task_responses import TaskResponse
from devtools.templates import template
from handlers.adapters.delivery_queue import DeliveryQueue
from handlers.adapters.event_bus import EventBus
from handlers.adapters.notification_topic import NotificationTopic
from handlers.adapters.open_orders import OpenOrders
from handlers.adapters.orders_table import OrdersTable
from handlers.adapters.time_budget import TimeBudget
from handlers.contract.names import DetailType, NotificationStatus, Stage
from handlers.domain.errors import DependencyUnavailable
from handlers.domain.sweep import SweepPolicy
from handlers.sweeper import Sweeper
from infrastructure.config import StageConfig
from tests.dynamodb_items import to_item
from tests.moto_clients import REGION, client
from tests.workflow.deployment import Deployment, deploy
from tests.workflow.in_process_shop import PLACED_AT, InProcessShop
from tests.workflow.interventions import Interventions, raising, refusal
from tests.workflow.lambda_runtime import LambdaRuntime
from tests.workflow.open_shop import opened

FILE: Final = Path(__file__).parent / "last_release.json"

_ORDER_ID: Final = "${OrderId}"
_EXECUTION_ARN: Final = "${ExecutionArn}"
# The call of an AWS service by the workflow itself: not retried.
_REFUSED = raising(refusal("AccessDeniedException"))
_DOWN = raising(DependencyUnavailable("down"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInput:
    """What the definition of the release sends to a function; `${OrderId}` and `${ExecutionArn}` vary.

    `function` is the placeholder of its ARN. `statuses` are those that the definition was recorded with.
    """

    state: str
    function: str
    payload: Mapping[str, Any]
    statuses: Sequence[str]

    def of_order(self, order_id: str, execution_arn: str) -> dict[str, Any]:
        values = {_ORDER_ID: order_id, _EXECUTION_ARN: execution_arn}
        return {name: values.get(value, value) for name, value in self.payload.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Where an order ends; `steps` has the status of each step by the name of its record."""

    status: str
    reason: str | None
    steps: Mapping[str, str]
    is_closed: bool

    @classmethod
    def of(cls, shop: InProcessShop, order_id: str) -> Self:
        order = shop.order(order_id)
        return cls(
            status=order["status"],
            reason=order.get("reason"),
            steps=shop.steps(order_id),
            is_closed=shop.open_key(order_id) is None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOrder:
    """An order that the release stored, with the records of its steps.

    `refused` has the error of each task that refuses the order in this state. `messages` are its dead letters
    by queue. `ending` is what the release itself made of the order later.
    """

    name: str
    records: Sequence[Mapping[str, Any]]
    event: Mapping[str, Any]
    messages: Mapping[str, Sequence[Mapping[str, Any]]]
    refused: Mapping[str, str]
    ending: Ending

    @property
    def order_id(self) -> str:
        return str(self.event["detail"]["orderId"])

    def store(self, shop: InProcessShop) -> None:
        """Put the records into the table as they are; records of today are removed before."""
        for record in shop.records(self.order_id):
            key = to_item({"orderId": self.order_id, "record": record})
            client("dynamodb").delete_item(TableName=shop.deployment.tables.orders, Key=key)
        for item in self.records:
            client("dynamodb").put_item(TableName=shop.deployment.tables.orders, Item=to_item(item))


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What is kept of a release."""

    version: str
    tasks: Sequence[TaskInput]
    orders: Sequence[KeptOrder]

    @classmethod
    def read(cls, file: Path = FILE) -> Self:
        found = json.loads(file.read_text())
        return cls(
            version=found["version"],
            tasks=[TaskInput(**task) for task in found["tasks"]],
            orders=[KeptOrder(**order | {"ending": Ending(**order["ending"])}) for order in found["orders"]],
        )

    def write(self, file: Path = FILE) -> None:
        """Write a line for each task and each order, so that git shows which of them changed."""
        fields = asdict(self)
        lists = [f' "{name}": [\n  {_lines(fields[name])}\n ]' for name in ("tasks", "orders")]
        file.write_text("{\n" + ",\n".join([f' "version": "{self.version}"', *lists]) + "\n}\n")


def resume(shop: InProcessShop, order: KeptOrder) -> None:
    """Run the workflow for the order as the sweeper or a redrive starts it.

    The sweeper emits the order when it is in progress. A redrive sends the event that the release emitted.
    """
    _sweep(shop, after=timedelta(days=1))
    swept = [
        detail
        for type_, detail in shop.announced()
        if type_ == DetailType.ORDER_PLACED and detail["orderId"] == order.order_id
    ]
    shop.process_event({**order.event, "detail": swept[-1] if swept else order.event["detail"]})


def invoke(shop: InProcessShop, task: TaskInput, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Invoke the function of a task; return its response, or its error as {"errorType", "errorMessage"}."""
    arn = shop.deployment.substitutions[task.function]
    runtime = LambdaRuntime(deployment=shop.deployment, interventions=shop.interventions)
    response = runtime.invoke(FunctionName=arn, Payload=json.dumps(payload).encode())
    returned: dict[str, Any] = json.load(response["Payload"])
    return returned


def take(deployment: Deployment) -> Release:
    """Take what is to be kept of the code and the recordings of this checkout."""
    tasks = _recorded_task_inputs([Recording.read(file) for file in recordings()])
    orders = []
    for name, story in _STORIES.items():
        deployment.hide_messages()
        with opened(deployment) as shop:
            orders.append(_keep(shop, name, story, tasks))
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    return Release(version=project["version"], tasks=tasks, orders=orders)


def _recorded_task_inputs(recorded: Sequence[Recording]) -> list[TaskInput]:
    """Return each distinct input of a Lambda task in the recordings, by state."""
    found: dict[tuple[str, str], TaskInput] = {}
    statuses: dict[str, set[str]] = {}
    for recording in recorded:
        for state, function, payload in _invocations(recording):
            task = TaskInput(state=state, function=function, payload=payload, statuses=())
            found.setdefault((state, json.dumps(payload, sort_keys=True)), task)
        for state, responses in recording.responses.items():
            statuses.setdefault(state, set()).update(_statuses(responses))
    return [replace(found[key], statuses=sorted(statuses[key[0]])) for key in sorted(found)]


def _invocations(recording: Recording) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for chain in recording.outcome.history.values():
        for event in chain:
            if event["type"] == "LambdaFunctionScheduled":
                yield event["state"], event["resource"].strip("${}"), event["parameters"]


def _statuses(responses: Sequence[TaskResponse]) -> Iterator[str]:
    for response in responses:
        returned = response.get("Return", {})
        if "status" in returned:
            yield returned["status"]


Story = Callable[[InProcessShop], str]


def _placed(shop: InProcessShop) -> str:
    return shop.place(mug=3)


def _swept(shop: InProcessShop) -> str:
    order_id = shop.place(mug=3)
    _sweep(shop, after=timedelta(hours=1))
    return order_id


def _given_up(shop: InProcessShop) -> str:
    order_id = shop.place(mug=3)
    for hours in range(1, 7):
        _sweep(shop, after=timedelta(hours=hours))
    return order_id


def _ended(broken: Mapping[str, Any], **order: Any) -> Story:
    """Return the story of an order whose execution meets these interventions."""

    def story(shop: InProcessShop) -> str:
        order_id = shop.place(**order)
        for call, behaviour in broken.items():
            shop.intervene(call, behaviour)
        shop.process(order_id)
        return order_id

    return story


def _untold(shop: InProcessShop) -> str:
    """The topic is down: the notifications are claimed and never sent."""
    with patch.object(NotificationTopic, "publish", side_effect=DependencyUnavailable("down")):
        return _ended({}, mug=3)(shop)


_STORIES: Final[Mapping[str, Story]] = {
    "placed": _placed,
    "emitted again by the sweeper": _swept,
    "given up by the sweeper": _given_up,
    "inventory down": _ended({"reserve": _DOWN}, mug=3),
    "payment down": _ended({"authorize": _DOWN}, mug=3),
    "capture down": _ended({"capture": _DOWN}, mug=3),
    "release down": _ended({"release": _DOWN}, mug=3, payment_method="pm_card_declined"),
    "reversal down": _ended({"reverse": _DOWN}, mug=11),
    "died before it was confirmed": _ended({"settle": _REFUSED}, mug=3),
    "died before it was rejected, out of stock": _ended({"settle": _REFUSED}, mug=11),
    "died before it was rejected, declined": _ended(
        {"settle": _REFUSED}, mug=3, payment_method="pm_card_declined"
    ),
    "died after it was confirmed": _ended({"close": _REFUSED}, mug=3),
    "died after it was rejected": _ended({"close": _REFUSED}, mug=11),
    "announcement not published": _ended({"announce": _REFUSED}, mug=3),
    "customer not told": _untold,
    "confirmed": _ended({}, mug=3),
    "rejected": _ended({}, mug=11),
}


def _keep(shop: InProcessShop, name: str, story: Story, tasks: Sequence[TaskInput]) -> KeptOrder:
    order_id = story(shop)
    shop.interventions = Interventions()
    kept = KeptOrder(
        name=name,
        records=[_aged(record) for record in shop.records(order_id).values()],
        event=shop.event(order_id),
        messages={
            queue: [_without_trace(message) for message in found]
            for queue in ("inventory", "payment", "notification", "delivery")
            if (found := shop.parked(queue))
        },
        refused={},
        ending=Ending.of(shop, order_id),
    )
    shop.deployment.hide_messages()
    refused = dict(_refusals(shop, kept, tasks))
    kept.store(shop)
    resume(shop, kept)
    return replace(kept, refused=refused, ending=Ending.of(shop, order_id))


def _refusals(shop: InProcessShop, kept: KeptOrder, tasks: Sequence[TaskInput]) -> Iterator[tuple[str, str]]:
    for task in tasks:
        kept.store(shop)
        response = invoke(shop, task, task.of_order(kept.order_id, "arn:of:another:execution"))
        if "errorType" in response:
            yield task.state, response["errorType"]


def _aged(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let a claim be as old as the order: a claim of today would keep others from sending."""
    return record | {"at": PLACED_AT} if record["status"] == NotificationStatus.SENDING else record


def _without_trace(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Drop the stack trace of a function's error, which names the files of this machine."""
    if "cause" not in message:
        return message
    error = json.loads(message["cause"])
    return message | {"cause": json.dumps({name: error[name] for name in ("errorMessage", "errorType")})}


def _sweep(shop: InProcessShop, *, after: timedelta) -> None:
    """Sweep as if it were later, when what is in progress now is overdue."""
    deployment = shop.deployment
    policy = deployment.environment_of("sweeper")
    Sweeper(
        open_orders=OpenOrders(client("dynamodb"), deployment.tables.orders),
        orders=OrdersTable(client("dynamodb"), deployment.tables.orders),
        bus=EventBus(client("events"), deployment.substitutions["EventBusName"]),
        delivery=DeliveryQueue(client("sqs"), deployment.substitutions["DeliveryDlqUrl"]),
        policy=SweepPolicy(
            after=timedelta(seconds=float(policy["SWEEP_AFTER_SECONDS"])),
            max_attempts=int(policy["SWEEP_MAX_ATTEMPTS"]),
            hold_expires_after=timedelta(seconds=float(policy["HOLD_EXPIRES_AFTER_SECONDS"])),
        ),
        now=lambda: datetime.now(UTC) + after,
    ).sweep(TimeBudget(remaining_millis=lambda: 55_000))


def _lines(values: Sequence[Any]) -> str:
    return ",\n  ".join(json.dumps(value, default=_number) for value in values)


def _number(value: Any) -> int:
    assert isinstance(value, Decimal)
    return int(value)


if __name__ == "__main__":
    logging.disable()  # the functions log every step
    os.environ |= {"AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION}
    with TemporaryDirectory() as outdir, mock_aws():
        take(deploy(template(StageConfig.for_stage(Stage.DEV), Path(outdir)))).write()
