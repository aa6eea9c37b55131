"""How the system is doing now: open orders, queues, faults, the sweeper, and how long orders took."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from botocore.exceptions import ClientError

from handlers.contract.fault import Fault
from handlers.contract.metrics import MetricName
from handlers.contract.names import OpenKind, OrderStatus
from orderctl.aws_calls import operator_error
from orderctl.deployed_workflow import DeployedWorkflow
from orderctl.dlq.queues import DeadLetterQueue, read_queues
from orderctl.errors import OperatorError
from orderctl.fault_switch import FaultSwitch, Service
from orderctl.open_orders import OpenOrders
from orderctl.order_stats import SettleSeconds
from orderctl.settlement import read_states
from orderctl.stack import QUEUES, Stack

_CLIENTS: Final = ("dynamodb", "lambda", "logs", "sqs", "stepfunctions")
# Of each of the eight partitions of the index: one Query each reads them all at once.
_MOST_OF_A_PARTITION: Final = 1_000
# The age of the oldest message is known only when all were received; meanwhile, a redrive can't take them.
_MOST_MESSAGES_READ: Final = 100
_SWEEPS: Final = timedelta(minutes=15)
# The newest minutes first: they have enough orders when the log is long.
_WINDOWS: Final = (timedelta(minutes=5), timedelta(hours=1))
_ENOUGH: Final = 100
_MOST_PAGES: Final = 3
_SETTLED: Final = (OrderStatus.CONFIRMED, OrderStatus.REJECTED)

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCounts:
    """Open orders by status; `complete` is False when there are more than were counted."""

    in_progress: Counter[str]
    waiting: Counter[str]
    longest_waiting_since: str | None
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """`hidden` messages are being read by others. `oldest` is None when it is empty or was not read."""

    name: str
    waiting: int
    hidden: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSweep:
    """The newest run of the sweeper, and how many orders it emitted again, cancelled or gave up."""

    at: datetime
    reemitted: int
    expired: int
    given_up: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStatus:
    """Each part is None when it was not asked for, or could not be read; `notes` say why it could not."""

    at: datetime
    open_orders: OpenCounts | None
    queues: Sequence[QueueState] | None
    faults: Mapping[Service, Fault | None] | None
    last_sweep: LastSweep | None
    settle_seconds: SettleSeconds | None
    notes: Sequence[str]


def read_system_status(stack: Stack, now: datetime) -> SystemStatus:
    """Read all parts at the same time.

    It costs 16 Query of the open-orders index, two calls for each queue, one for each function that can have
    a fault, DescribeStateMachine, a BatchGetItem, and at most 9 FilterLogEvents.
    """
    # A session makes its clients one at a time.
    for service in _CLIENTS:
        stack.client(service)
    notes: list[str] = []
    with ThreadPoolExecutor(5) as pool:
        workflow = pool.submit(_part, "The executions", notes, lambda: DeployedWorkflow(stack))
        orders = pool.submit(_part, "The open orders", notes, lambda: _open_counts(stack))
        queues = pool.submit(_part, "The queues", notes, lambda: _queues(stack))
        sweep = pool.submit(_part, "The sweeper's log", notes, lambda: _last_sweep(stack, now, notes))
        deployed = workflow.result()
        faults = settle = None
        if deployed is not None:
            faults = pool.submit(_part, "Faults", notes, lambda: _faults(stack, deployed))
            settle = pool.submit(
                _part, "The executions' log", notes, lambda: _settle_seconds(stack, deployed, now)
            )
        return SystemStatus(
            at=now,
            open_orders=orders.result(),
            queues=queues.result(),
            faults=faults.result() if faults else None,
            last_sweep=sweep.result(),
            settle_seconds=settle.result() if settle else None,
            notes=notes,
        )


def read_faults_and_sweep(stack: Stack, now: datetime) -> SystemStatus:
    """Read only the faults and the last sweep. Unlike the whole, that takes no dead letter from its queue.

    It costs DescribeStateMachine, a call for each function that can have a fault, and at most 3
    FilterLogEvents.
    """
    notes: list[str] = []
    faults = _part("Faults", notes, lambda: _faults(stack, DeployedWorkflow(stack)))
    sweep = _part("The sweeper's log", notes, lambda: _last_sweep(stack, now, notes))
    return SystemStatus(
        at=now,
        open_orders=None,
        queues=None,
        faults=faults,
        last_sweep=sweep,
        settle_seconds=None,
        notes=notes,
    )


def _part(name: str, notes: list[str], read: Callable[[], Part]) -> Part | None:
    """Read a part; what an operator may not read must not hide the others."""
    try:
        return read()
    except (ClientError, OperatorError) as error:
        explained = error if isinstance(error, OperatorError) else operator_error(error)
        notes.append(f"{name} can't be read. {' '.join(str(explained).splitlines())}")
        return None


def _open_counts(stack: Stack) -> OpenCounts:
    table = OpenOrders(stack)
    running, waiting = (table.sample(kind, most=_MOST_OF_A_PARTITION) for kind in OpenKind)
    return OpenCounts(
        in_progress=Counter(order.status for order in running.orders),
        waiting=Counter(order.status for order in waiting.orders),
        longest_waiting_since=waiting.orders[0].since if waiting.orders else None,
        complete=running.complete and waiting.complete,
    )


def _queues(stack: Stack) -> list[QueueState]:
    sizes = {name: DeadLetterQueue(stack, name).size() for name in QUEUES}
    filled = [name for name, size in sizes.items() if size.waiting]
    oldest: dict[str, datetime] = {}
    if filled and sum(size.waiting for size in sizes.values()) <= _MOST_MESSAGES_READ:
        with read_queues(stack, filled) as received:
            for letter in received.messages:  # the oldest first
                oldest.setdefault(letter.queue, letter.sent)
    return [
        QueueState(name=name, waiting=size.waiting, hidden=size.hidden, oldest=oldest.get(name))
        for name, size in sizes.items()
    ]


def _faults(stack: Stack, workflow: DeployedWorkflow) -> dict[Service, Fault | None]:
    return {service: FaultSwitch(stack, service, workflow).read() for service in Service}


def _last_sweep(stack: Stack, now: datetime, notes: list[str]) -> LastSweep | None:
    if stack.sweeper_log_group is None:
        notes.append("The stack does not say where its sweeper logs: deploy it again.")
        return None
    name = MetricName.SWEEPS_COMPLETED.value
    events = _events(stack, stack.sweeper_log_group, f'"{name}"', now - _SWEEPS, now)
    if not events:
        minutes = int(_SWEEPS.total_seconds() / 60)
        notes.append(f"The sweeper has not completed a run in the last {minutes} minutes.")
        return None
    newest = max(events, key=lambda event: int(event["timestamp"]))
    values = json.loads(newest["message"])
    return LastSweep(
        at=datetime.fromtimestamp(newest["timestamp"] / 1000, UTC),
        reemitted=_value(values, MetricName.ORDERS_REEMITTED),
        expired=_value(values, MetricName.HOLDS_EXPIRED),
        given_up=_value(values, MetricName.ORDERS_GIVEN_UP),
    )


def _value(values: Mapping[str, Any], name: MetricName) -> int:
    return int(sum(values.get(name.value, [])))


def _settle_seconds(stack: Stack, workflow: DeployedWorkflow, now: datetime) -> SettleSeconds | None:
    """Return how long orders took that were settled in the last hour, the newest, at most a hundred.

    An execution that only tells somebody of an order settles nothing: an order counts when it was settled
    first. One of an earlier version does not say when that was.
    """
    order_ids: list[str] = []
    for window in _WINDOWS:
        events = _events(stack, workflow.log_group, '"ExecutionSucceeded"', now - window, now)
        order_ids = list(dict.fromkeys(filter(None, map(_order_id, events))))
        if len(order_ids) >= _ENOUGH:
            break
    states = read_states(stack, order_ids[-_ENOUGH:])
    since = now - _WINDOWS[-1]
    settled = [state for state in states if state.status in _SETTLED and state.settled_at]
    return SettleSeconds.of(
        state.seconds for state in settled if state.settled_at and state.settled_at > since
    )


def _order_id(event: Mapping[str, Any]) -> str:
    """Return the id of the order; "" where the log has no execution data."""
    found = json.loads(event["message"])
    output = json.loads((found.get("details") or {}).get("output") or "{}")
    return str(output.get("orderId", "")) if isinstance(output, dict) else ""


def _events(
    stack: Stack, group: str, pattern: str, start: datetime, end: datetime
) -> list[Mapping[str, Any]]:
    request: dict[str, Any] = {
        "logGroupName": group,
        "filterPattern": pattern,
        "startTime": int(start.timestamp() * 1000),
        "endTime": int(end.timestamp() * 1000),
    }
    events: list[Mapping[str, Any]] = []
    for _ in range(_MOST_PAGES):
        page = stack.client("logs").filter_log_events(**request)
        events += page["events"]
        if "nextToken" not in page:
            break
        request["nextToken"] = page["nextToken"]
    return events
