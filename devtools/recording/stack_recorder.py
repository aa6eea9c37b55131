"""Makes a recording on a deployed stack, from the log of its execution."""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final, NamedTuple
from uuid import uuid4

from devtools.asl.definition import Definition, longest_waits, read_definition
from devtools.recording.history import Attempt, attempts_of, history_of, last_state
from devtools.recording.placeholders import Placeholders, substituted
from devtools.recording.recording import Origin, Outcome, Recording
from devtools.recording.stack_scenarios import GLASS, StackScenario
from devtools.recording.task_responses import TaskResponse
from handlers.contract.fault import Fault
from orderctl.api_client import ACCEPTED, OK, OrdersApi, problem
from orderctl.deployed_workflow import DeployedWorkflow, states
from orderctl.dlq.orders import RedrivableOrders
from orderctl.errors import OperatorError
from orderctl.execution_log import ExecutionLog
from orderctl.fault_switch import FaultSwitch, Service
from orderctl.products import ProductsTable
from orderctl.stack import Stack
from orderctl.trace import LoggedEvent

# The five minutes that an Express execution may take, and the delay of CloudWatch Logs.
_TIMEOUT_SECONDS: Final = 330
# The time to start an attempt after its wait.
_SCHEDULING_SECONDS: Final = 1.0
_ENDINGS: Final = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}


class LoggedExecution(NamedTuple):
    """An execution's ARN and its events in their order."""

    arn: str
    events: list[LoggedEvent]


class StackRecorder:
    """Records on one deployed stack; it must have this checkout's workflow."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._api = OrdersApi(stack)
        self._log = ExecutionLog(stack)
        self._definition = read_definition()
        self._deployed = substituted(self._definition, DeployedWorkflow(stack).definition)

    def record(self, scenario: StackScenario) -> Recording:
        """Run the scenario; raise OperatorError if the order does not end as expected."""
        for _ in ProductsTable(self._stack).stock([GLASS]):
            pass
        first = scenario.broken if scenario.before is None else scenario.before
        with self._broken(first):
            order_id = self._place(scenario)
            execution = self._execution(order_id, count=1)
        if scenario.before is not None:
            with self._broken(scenario.broken):
                if scenario.unannounced:
                    self._reopen(order_id)
                if scenario.cancels:
                    self._cancel(order_id)
                else:
                    self._deliver_again(execution)
                execution = self._execution(order_id, count=2)
        recording = self._recording(scenario.name, execution)
        _expect(scenario, recording, self._order(order_id))
        return recording

    @contextmanager
    def _broken(self, services: frozenset[Service]) -> Iterator[None]:
        with ExitStack() as faults:
            for service in sorted(services):
                switch = FaultSwitch(self._stack, service)
                faults.callback(switch.turn_off)
                switch.turn_on(Fault())
            yield

    def _place(self, scenario: StackScenario) -> str:
        response = self._api.place(scenario.request, idempotency_key=str(uuid4()))
        if response.status != ACCEPTED:
            raise problem(response)
        return str(response.body["orderId"])

    def _order(self, order_id: str) -> dict[str, Any]:
        response = self._api.get(order_id)
        if response.status != OK:
            raise problem(response)
        return dict(response.body)

    def _execution(self, order_id: str, count: int) -> LoggedExecution:
        """Wait until `count` executions of the order have ended, and return the last one."""
        since = datetime.fromisoformat(self._order(order_id)["createdAt"])
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            found = self._log.events_of(order_id, since)
            executions = [LoggedExecution(arn, _in_order(events)) for arn, events in found.items()]
            if len(executions) >= count and all(each.events[-1].type in _ENDINGS for each in executions):
                return max(executions, key=lambda execution: execution.events[0].at)
            time.sleep(0.5)
        raise OperatorError(
            f"Execution {count} of {order_id} was not completely logged within {_TIMEOUT_SECONDS} s",
            what_to_do=f"Look at its state with `orderctl trace {order_id}`.",
        )

    def _reopen(self, order_id: str) -> None:
        orders = RedrivableOrders(self._stack)
        orders.reopen(orders.read([order_id])[order_id], [])

    def _cancel(self, order_id: str) -> None:
        response = self._api.cancel(order_id)
        if response.status != ACCEPTED:
            raise problem(response)

    def _deliver_again(self, execution: LoggedExecution) -> None:
        event = json.loads(execution.events[0].details["input"])
        entry = {
            "EventBusName": self._stack.bus_name,
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Detail": json.dumps(event["detail"]),
        }
        if self._stack.as_operator().client("events").put_events(Entries=[entry])["FailedEntryCount"]:
            raise OperatorError("The bus did not accept the second OrderPlaced", what_to_do="Record again.")

    def _recording(self, name: str, execution: LoggedExecution) -> Recording:
        arn, events = execution
        placeholders = Placeholders.from_execution(arn, events[0], self._deployed)
        attempts = attempts_of(events, placeholders.replace)
        history = history_of(events, self._definition, placeholders.replace)
        ended = history["OrderWorkflow"][-1]
        return Recording(
            scenario=name,
            origin=_origin(self._stack),
            input=placeholders.event(json.loads(events[0].details["input"])),
            responses={state: [attempt.response for attempt in made] for state, made in attempts.items()},
            outcome=Outcome(
                history=history,
                waits=waits_of(attempts, self._definition),
                status=_ENDINGS[events[-1].type],
                output=ended.get("output"),
                error=ended.get("error"),
            ),
        )


def _in_order(events: Iterable[LoggedEvent]) -> list[LoggedEvent]:
    return sorted(events, key=lambda event: event.id)


def waits_of(attempts: dict[str, list[Attempt]], definition: Definition) -> dict[str, list[float]]:
    """Return the longest wait that each retry may make; raise OperatorError when one waited longer."""
    by_name = dict(states(definition))
    waits: dict[str, list[float]] = {}
    for name, made in attempts.items():
        allowed = longest_waits(by_name[name], _errors(name, [attempt.response for attempt in made[:-1]]))
        for attempt, longest in zip(made[1:], allowed, strict=True):
            if (attempt.waited or 0) > longest + _SCHEDULING_SECONDS:
                raise OperatorError(
                    f"{name} waited {attempt.waited} s before a retry, not {longest} s at most",
                    why="the machine is overloaded, or another workflow is deployed",
                    what_to_do="Record again.",
                )
        if allowed:
            waits[name] = allowed
    return waits


def _errors(name: str, responses: Sequence[TaskResponse]) -> list[str]:
    if any("Return" in response for response in responses):
        raise OperatorError(
            f"{name} succeeded after its timeout",
            why="the machine is overloaded",
            what_to_do="Record again.",
        )
    return [response["Throw"]["Error"] for response in responses]


def _origin(stack: Stack) -> Origin:
    local = stack.endpoint_url is not None
    return Origin(
        where="local" if local else "aws",
        engine=f"MiniStack {version('ministack')}, moto {version('moto')}" if local else "AWS Step Functions",
        date=datetime.now(UTC).date().isoformat(),
    )


def _expect(scenario: StackScenario, recording: Recording, order: dict[str, Any]) -> None:
    expected = {
        "status": scenario.status,
        "reason": scenario.reason,
        "ends in": scenario.ends_in,
        "parked": sorted(scenario.parked),
    }
    found = {
        "status": order["status"],
        "reason": order.get("reason"),
        "ends in": last_state(recording.outcome.history),
        "parked": _parked(recording),
    }
    wrong = [
        f"{name} is {found[name]}, not {expected[name]}" for name in expected if found[name] != expected[name]
    ]
    if wrong:
        raise OperatorError(
            f"{scenario.name} did not end as expected: {'; '.join(wrong)}",
            what_to_do="Correct the scenario in devtools/recording/stack_scenarios.py, or the workflow.",
        )


def _parked(recording: Recording) -> list[str]:
    """Return the steps whose message is on a dead-letter queue."""
    parks: dict[str, Sequence[TaskResponse]] = {
        state.removeprefix("Park"): responses
        for state, responses in recording.responses.items()
        if state.startswith("Park")
    }
    return sorted(step for step, responses in parks.items() if "Return" in responses[-1])
