"""Builds the trace of an execution from its logged events: its states, branch by branch."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self

_BRANCHES_START: Final = "ParallelStateStarted"
_BRANCHES_END: Final = frozenset({"ParallelStateSucceeded", "ParallelStateFailed", "ParallelStateAborted"})
_ATTEMPT: Final = "TaskScheduled"
_ATTEMPT_FAILED: Final = frozenset({"TaskFailed", "TaskTimedOut", "TaskStartFailed", "TaskSubmitFailed"})
_ENDINGS: Final = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """One event of an execution's log."""

    id: int
    previous_id: int
    type: str
    at: datetime
    details: Mapping[str, Any]

    @classmethod
    def from_json(cls, event: Mapping[str, Any]) -> Self:
        """Parse an event of the log."""
        return cls(
            id=int(event["id"]),
            previous_id=int(event["previous_event_id"]),
            type=event["type"],
            at=_time(event["event_timestamp"]),
            details=event.get("details") or {},
        )


@dataclass(slots=True, kw_only=True)
class StateRun:
    """A state that the execution entered.

    `status` is the result of its task. `error` is the last error of its task.
    """

    name: str
    entered: datetime
    exited: datetime | None = None
    status: str = ""
    error: str = ""
    attempts: int = 0
    branches: list["Lane"] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Return how long the execution was in the state; 0 when its end is not logged."""
        return (self.exited - self.entered).total_seconds() if self.exited else 0.0


@dataclass(slots=True, kw_only=True)
class Lane:
    """A sequence of states: those of the execution itself, or those of one branch of a Parallel state."""

    parent: "Lane | None" = field(default=None, compare=False, repr=False)
    runs: list[StateRun] = field(default_factory=list)
    branches_open: bool = False
    joined: bool = False

    def new_branch(self) -> "Lane":
        """Start a branch of the Parallel state that this lane is in."""
        branch = Lane(parent=self)
        self.runs[-1].branches.append(branch)
        return branch

    def join(self) -> None:
        """End the branches of the Parallel state that this lane is in."""
        self.branches_open = False
        for run in self.runs[-1:]:  # empty when the log is not yet complete
            for branch in run.branches:
                branch.joined = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionTrace:
    """One execution; `ending` is RUNNING until its last event is logged."""

    arn: str
    ending: str
    runs: tuple[StateRun, ...]


def trace_execution(arn: str, events: Iterable[LoggedEvent]) -> ExecutionTrace:
    """Trace one execution from its events, which can be in any order."""
    root = Lane()
    ending = "RUNNING"
    for event, _ in follow(events, root):
        ending = _ENDINGS.get(event.type, ending)
    return ExecutionTrace(arn=arn, ending=ending, runs=tuple(root.runs))


def follow(events: Iterable[LoggedEvent], root: Lane) -> Iterator[tuple[LoggedEvent, Lane]]:
    """Add the states to the lanes; yield each event in order, with its lane."""
    lane_of_event = {0: root}
    for event in sorted(events, key=lambda event: event.id):
        lane = _lane(event, after=lane_of_event.get(event.previous_id, root))
        lane_of_event[event.id] = lane
        _record(event, lane)
        yield event, lane


def _lane(event: LoggedEvent, *, after: Lane) -> Lane:
    lane = after
    if event.type in _BRANCHES_END:
        while lane.parent and not lane.branches_open:
            lane = lane.parent
        lane.join()
    elif lane.branches_open:
        lane = lane.new_branch()
    # The event after a Parallel state can name the last event of a branch as its previous event.
    while lane.parent and lane.joined:
        lane = lane.parent
    return lane


def _record(event: LoggedEvent, lane: Lane) -> None:
    if event.type.endswith("StateEntered"):
        lane.runs.append(StateRun(name=event.details["name"], entered=event.at))
    if not lane.runs:
        return
    run = lane.runs[-1]
    if event.type.endswith("StateExited"):
        run.exited = event.at
        run.status = _status(event.details.get("output"))
    elif event.type == _BRANCHES_START:
        lane.branches_open = True
    elif event.type == _ATTEMPT:
        run.attempts += 1
    elif event.type in _ATTEMPT_FAILED:
        run.error = event.details.get("error", event.type)


def _status(output: str | None) -> str:
    """Return the result of a task, which is {"status": ...}; "" for any other output."""
    result = json.loads(output) if output else None
    return str(result["status"]) if isinstance(result, dict) and result.keys() == {"status"} else ""


def _time(text: str) -> datetime:
    # AWS logs milliseconds since the epoch; the local cloud can log RFC 3339.
    return datetime.fromtimestamp(int(text) / 1000, UTC) if text.isdigit() else datetime.fromisoformat(text)
