"""Which states an execution passed, branch by branch, from the events that Step Functions logs of it."""

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
        """Read an event as it is logged."""
        return cls(
            id=int(event["id"]),
            previous_id=int(event["previous_event_id"]),
            type=event["type"],
            at=_time(event["event_timestamp"]),
            details=event.get("details") or {},
        )


@dataclass(slots=True, kw_only=True)
class StateRun:
    """A state that the execution passed; `status` is what its task answered, `error` its last failure."""

    name: str
    entered: datetime
    exited: datetime | None = None
    status: str = ""
    error: str = ""
    attempts: int = 0
    branches: list["Lane"] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Return how long the execution was in the state, as far as it is logged."""
        return (self.exited - self.entered).total_seconds() if self.exited else 0.0


@dataclass(slots=True, kw_only=True)
class Lane:
    """The states that follow each other: the execution's own, or those of one branch of a Parallel state."""

    parent: "Lane | None" = field(default=None, compare=False, repr=False)
    runs: list[StateRun] = field(default_factory=list)
    branches_open: bool = False
    joined: bool = False

    def new_branch(self) -> "Lane":
        """Open a branch of the Parallel state that this lane is in."""
        branch = Lane(parent=self)
        self.runs[-1].branches.append(branch)
        return branch

    def join(self) -> None:
        """End the branches of the Parallel state that this lane is in."""
        self.branches_open = False
        for run in self.runs[-1:]:  # none where the log is not complete yet
            for branch in run.branches:
                branch.joined = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionTrace:
    """One execution; the ending is RUNNING until its last event is logged."""

    arn: str
    ending: str
    runs: tuple[StateRun, ...]


def trace_execution(arn: str, events: Iterable[LoggedEvent]) -> ExecutionTrace:
    """Put the events of one execution, in whatever order they were logged, into the order of its states."""
    root = Lane()
    ending = "RUNNING"
    for event, _ in follow(events, root):
        ending = _ENDINGS.get(event.type, ending)
    return ExecutionTrace(arn=arn, ending=ending, runs=tuple(root.runs))


def follow(events: Iterable[LoggedEvent], root: Lane) -> Iterator[tuple[LoggedEvent, Lane]]:
    """Fill the lanes; yield each event, in order, with the lane it belongs to."""
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
    # What follows a Parallel state may name the last event of one of its branches as the one before it.
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
    """Return what a task answered, where that is all it left in the state."""
    answer = json.loads(output) if output else None
    return str(answer["status"]) if isinstance(answer, dict) and answer.keys() == {"status"} else ""


def _time(text: str) -> datetime:
    # AWS logs milliseconds since the epoch; the interpreter of the local cloud may log RFC 3339.
    return datetime.fromtimestamp(int(text) / 1000, UTC) if text.isdigit() else datetime.fromisoformat(text)
