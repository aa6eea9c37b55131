"""Measures what one order uses: calls, units, states, and the bytes of its logs as they are on AWS."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from devtools.cost.deployed import DeployedStack
from devtools.cost.durations import stages_of
from devtools.cost.execution_lines import line_on_aws, line_without_data
from devtools.cost.metrics_changes import is_counted, record_of
from devtools.cost.notes import event_bytes, notes_of, noting, read_notes, units_of
from devtools.cost.scenarios import Case, play
from devtools.cost.stored import stored_after
from orderctl.cost.measured import ACCESS_LOG, EXECUTION_LOG, Usage
from orderctl.errors import OperatorError
from orderctl.trace import ATTEMPT

_METRICS: Final = "metrics"
_SWEEPER: Final = "sweeper"
_ENDED: Final = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted")
_LOG_SECONDS: Final = 30
_POLL_SECONDS: Final = 0.2
# Two sweeps at once would be counted as one.
_MOST_ATTEMPTS: Final = 10

Messages = list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurer:
    """Measures on one deployed stack; `deployed` must enforce IAM, else the callers are not known."""

    deployed: DeployedStack

    def measure(self, case: Case) -> Usage:
        """Bring an order to its end and count what it used."""
        with noting(self.deployed.requests_file):
            placed = play(self.deployed.stack, case)
            noted = read_notes(self.deployed.requests_file, self.deployed.names)
        # A sweep may find the order. It costs the same without it.
        others = [note for note in noted if self.deployed.caller(note["caller"]) != _SWEEPER]
        notes = notes_of(others, [placed.order_id, *case.product_ids])
        units = units_of(notes, self.deployed.tables, self.deployed.caller)
        executions = self._executions(placed.order_id)
        functions = self._function_lines(placed.order_id)
        counted = [change for change in units.changes if is_counted(*change)]
        functions[_METRICS] = self._metrics_lines(counted)
        logs = {
            EXECUTION_LOG: [self._named(line_on_aws(line)) for line in chain(*executions)],
            ACCESS_LOG: placed.api_requests * [self.deployed.access_log_line],
            **functions,
        }
        return Usage(
            api_requests=placed.api_requests,
            invocations=_sorted(
                {service: _invocations(lines) for service, lines in functions.items()}
                | {_METRICS: len(counted)}
            ),
            calls={caller: _sorted(units.calls[caller]) for caller in sorted(units.calls)},
            write_units=_sorted(units.writes),
            read_units=_sorted(units.reads),
            events=_sorted(units.events),
            publishes=units.publishes,
            queue_requests=units.queue_requests,
            states=sum(map(_states, executions)),
            log_events=_sorted({name: len(lines) for name, lines in logs.items()}),
            executions=tuple(self._stages(lines) for lines in executions),
            log_bytes=_sorted({name: _bytes(lines) for name, lines in logs.items()}),
            execution_log_without_data=_bytes(
                self._named(line_without_data(line)) for line in chain(*executions)
            ),
            event_bytes=sum(map(event_bytes, _entries(notes))),
            stored_bytes=stored_after(units.changes, self.deployed.tables),
        )

    def measure_sweep(self) -> Usage:
        """Count what one sweep uses when nothing is overdue: the same numbers twice."""
        before = self._sweep()
        for _ in range(_MOST_ATTEMPTS):
            now = self._sweep()
            if now.calls == before.calls:
                return now
            before = now
        raise OperatorError("The sweeps differ", what_to_do="Measure again on a local cloud of its own.")

    def _sweep(self) -> Usage:
        with noting(self.deployed.requests_file):
            lines = self._invoke(_SWEEPER, {})
            noted = read_notes(self.deployed.requests_file, self.deployed.names)
        ours = [note for note in noted if self.deployed.caller(note["caller"]) == _SWEEPER]
        units = units_of(ours, self.deployed.tables, self.deployed.caller)
        return Usage(
            invocations={_SWEEPER: 1},
            calls={caller: _sorted(calls) for caller, calls in units.calls.items()},
            read_units=_sorted(units.reads),
            log_events={_SWEEPER: len(lines)},
            log_bytes={_SWEEPER: _bytes(lines)},
        )

    def _named(self, text: str) -> str:
        return self.deployed.names.text(text)

    def _executions(self, order_id: str) -> list[Messages]:
        """Return the lines of each execution of the order, when all of them have ended."""
        group = self.deployed.workflow.log_group
        deadline = time.monotonic() + _LOG_SECONDS
        while time.monotonic() < deadline:
            # The local cloud writes each execution into a stream of its own.
            streams = {line["logStreamName"] for line in self.deployed.lines(group, order_id)}
            found = [self._stream(group, stream) for stream in streams]
            if found and all(json.loads(lines[-1])["type"] in _ENDED for lines in found):
                return sorted(found, key=lambda lines: str(json.loads(lines[0])["event_timestamp"]))
            time.sleep(_POLL_SECONDS)
        raise OperatorError(f"The log has no end of an execution of {order_id}", what_to_do="Measure again.")

    def _stream(self, group: str, stream: str) -> Messages:
        return [line["message"] for line in self.deployed.lines(group, "", logStreamNames=[stream])]

    def _function_lines(self, order_id: str) -> dict[str, Messages]:
        """Return what the functions logged of the order; a line names it."""
        found = {}
        for service, function in self.deployed.functions.items():
            if service == _SWEEPER:
                continue
            lines = self.deployed.lines(function["LoggingConfig"]["LogGroup"], order_id)
            if messages := [self._named(line["message"].rstrip("\n")) for line in lines]:
                found[service] = messages
        return found

    def _metrics_lines(self, changes: Iterable[tuple[Any, Any]]) -> Messages:
        """Return what the metrics function logs of the changes of an order, in a batch of their own."""
        return self._invoke(_METRICS, {"Records": [record_of(*change) for change in changes]})

    def _invoke(self, service: str, event: Mapping[str, Any]) -> Messages:
        """Invoke a function and return what it logged; again when the local cloud invoked it meanwhile."""
        function = self.deployed.functions[service]
        for _ in range(_MOST_ATTEMPTS):
            since = int(1000 * time.time())
            response = self.deployed.stack.client("lambda").invoke(
                FunctionName=function["FunctionName"], Payload=json.dumps(event)
            )
            if "FunctionError" in response:
                raise OperatorError(f"{service} failed", what_to_do="Look at its log.")
            logged = self.deployed.lines(function["LoggingConfig"]["LogGroup"], "", startTime=since)
            messages = [line["message"].rstrip("\n") for line in logged]
            if sum(message.startswith("START ") for message in messages) == 1:
                # The lines of the platform are left out on AWS (SystemLogLevel WARN).
                return [self._named(message) for message in messages if message.startswith("{")]
        raise OperatorError(
            f"The local cloud invokes {service} all the time", what_to_do="Measure again on a quiet one."
        )

    def _stages(self, lines: Sequence[str]) -> tuple[tuple[tuple[str, ...], ...], ...]:
        stages = stages_of([json.loads(line) for line in lines], self._task)
        return tuple(tuple(tuple(branch) for branch in stage) for stage in stages)

    def _task(self, event: Mapping[str, Any]) -> str:
        """Return the function that a task invokes, or the service that it calls."""
        details = event["details"]
        if "resourceType" in details:
            return str(details["resourceType"])
        names = {each["FunctionArn"]: service for service, each in self.deployed.functions.items()}
        return names[details["resource"]]


def _states(lines: Iterable[str]) -> int:
    """Return how many state transitions an execution of a Standard workflow has: with its retries.

    https://aws.amazon.com/step-functions/pricing/
    """
    types = [str(json.loads(line)["type"]) for line in lines]
    retries = sum(each in ATTEMPT for each in types) - types.count("TaskStateEntered")
    return sum(each.endswith("StateEntered") for each in types) + retries


def _invocations(lines: Iterable[str]) -> int:
    parsed = (json.loads(line) for line in lines if line.startswith("{"))
    return len({line["function_request_id"] for line in parsed if "function_request_id" in line})


def _entries(notes: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for note in notes:
        if note["service"] == "events":
            yield from note["request"]["Entries"]


def _bytes(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) for line in lines)


def _sorted(counts: Mapping[str, float]) -> dict[str, float]:
    return {name: counts[name] for name in sorted(counts) if counts[name]}
