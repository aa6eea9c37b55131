"""Builds the trace of an execution from its logged events: its states, branch by branch."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final, Self

_BRANCHES_START: Final = "ParallelStateStarted"
_BRANCHES_END: Final = frozenset({"ParallelStateSucceeded", "ParallelStateFailed", "ParallelStateAborted"})
_START: Final = "ExecutionStarted"
RUNNING: Final = "RUNNING"
UNKNOWN: Final = "UNKNOWN"
# An Express execution lasts at most 5 minutes.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
LONGEST_EXECUTION: Final = timedelta(minutes=5)
# A function that is invoked by its ARN has events of its own.
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
ATTEMPT: Final = frozenset({"TaskScheduled", "LambdaFunctionScheduled"})
ATTEMPT_SUCCEEDED: Final = frozenset({"TaskSucceeded", "LambdaFunctionSucceeded"})
ATTEMPT_FAILED: Final = frozenset(
    {
        "TaskFailed", "TaskTimedOut", "TaskStartFailed", "TaskSubmitFailed",
        "LambdaFunctionFailed", "LambdaFunctionTimedOut", "LambdaFunctionStartFailed",
        "LambdaFunctionScheduleFailed",
    }
)  # fmt: skip
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
class Attempt:
    """One call of a task; `ended` is None until its result is logged, `error` is "" when it has none."""

    started: datetime
    ended: datetime | None = None
    error: str = ""
    cause: str = ""
    # What was sent, as JSON; "" where it is not logged.
    parameters: str = ""


@dataclass(slots=True, kw_only=True)
class StateRun:
    """A state that the execution entered; `status` is the result of its task.

    `input` and `output` are JSON, "" where they are not logged.
    """

    name: str
    entered: datetime
    exited: datetime | None = None
    status: str = ""
    input: str = ""
    output: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    branches: list["Lane"] = field(default_factory=list)

    @property
    def errors(self) -> list[Attempt]:
        """Return the attempts that failed."""
        return [attempt for attempt in self.attempts if attempt.error]

    @property
    def error(self) -> str:
        """Return the error that its task ended with; "" when it succeeded, also after failed attempts."""
        return self.attempts[-1].error if self.attempts else ""

    @property
    def cause(self) -> str:
        """Return the cause of that error."""
        return self.attempts[-1].cause if self.attempts else ""

    @property
    def has_succeeded(self) -> bool:
        """Tell whether its task ended without an error."""
        return self.exited is not None and not self.error

    @property
    def waits(self) -> list[float]:
        """Return the seconds between a failed attempt and the next one."""
        pairs = pairwise(self.attempts)
        return [(after.started - before.ended).total_seconds() for before, after in pairs if before.ended]

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
class StartEvent:
    """The event that started an execution. EventBridge has its time in whole seconds.

    `is_replayed`: it came from an archive.
    """

    id: str
    detail_type: str
    at: datetime
    is_replayed: bool = False

    @classmethod
    def from_input(cls, text: str | None) -> Self | None:
        """Parse the input of an execution; None when it is not logged, or no event."""
        try:
            event = json.loads(text or "")
            return cls(
                id=str(event["id"]),
                detail_type=str(event["detail-type"]),
                at=datetime.fromisoformat(event["time"]),
                # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
                is_replayed="replay-name" in event,
            )
        except (KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionTrace:
    """One execution; `ending` is RUNNING until its last event is logged. `error` is that of a failed one.

    `ending` is UNKNOWN when it must have ended without that event: the local cloud was killed, or the log is
    not whole.
    """

    arn: str
    ending: str
    runs: tuple[StateRun, ...]
    started: datetime | None = None
    ended: datetime | None = None
    event: StartEvent | None = None
    error: str = ""
    cause: str = ""

    @property
    def is_running(self) -> bool:
        """Tell whether its end is not logged, and can come."""
        return self.ending == RUNNING

    def at(self, now: datetime) -> Self:
        """Return it as it is known at that time: one that runs for too long has ended somehow."""
        is_over = self.started is not None and now - self.started > LONGEST_EXECUTION
        return replace(self, ending=UNKNOWN) if self.is_running and is_over else self

    @property
    def seconds(self) -> float | None:
        """Return how long it took; None until it has ended."""
        return (self.ended - self.started).total_seconds() if self.started and self.ended else None

    @property
    def states(self) -> Iterator[StateRun]:
        """Yield every state that it entered, also those in branches."""
        return _with_branches(self.runs)

    def state(self, name: str) -> StateRun | None:
        """Return the state of this name, if it entered it."""
        return next((run for run in self.states if run.name == name), None)


def _with_branches(runs: Iterable[StateRun]) -> Iterator[StateRun]:
    for run in runs:
        yield run
        for branch in run.branches:
            yield from _with_branches(branch.runs)


def trace_execution(arn: str, events: Iterable[LoggedEvent]) -> ExecutionTrace:
    """Trace one execution from its events, which can be in any order."""
    root = Lane()
    known: dict[str, Any] = {"ending": RUNNING}
    for event, _ in follow(events, root):
        if event.type == _START:
            known |= {"started": event.at, "event": StartEvent.from_input(event.details.get("input"))}
        elif event.type in _ENDINGS:
            ended = {name: str(event.details.get(name) or "") for name in ("error", "cause")}
            known |= {"ending": _ENDINGS[event.type], "ended": event.at, **ended}
    return ExecutionTrace(arn=arn, runs=tuple(root.runs), **known)


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
        details = event.details
        lane.runs.append(
            StateRun(name=details["name"], entered=event.at, input=str(details.get("input") or ""))
        )
    if not lane.runs:
        return
    run = lane.runs[-1]
    if event.type.endswith("StateExited"):
        run.exited = event.at
        run.output = str(event.details.get("output") or "")
        run.status = _status(run.output)
    elif event.type == _BRANCHES_START:
        lane.branches_open = True
    elif event.type in ATTEMPT:
        parameters = str(event.details.get("parameters") or event.details.get("input") or "")
        run.attempts.append(Attempt(started=event.at, parameters=parameters))
    elif event.type in ATTEMPT_FAILED | ATTEMPT_SUCCEEDED:
        _end_attempt(event, run)


def _end_attempt(event: LoggedEvent, run: StateRun) -> None:
    if not run.attempts:  # the log is not yet complete
        run.attempts.append(Attempt(started=event.at))
    attempt = run.attempts[-1]
    attempt.ended = event.at
    if event.type in ATTEMPT_FAILED:
        attempt.error = event.details.get("error") or event.type
        attempt.cause = event.details.get("cause") or ""


def _status(output: str | None) -> str:
    """Return the result of a task, which is {"status": ...}; "" for any other output."""
    result = json.loads(output) if output else None
    return str(result["status"]) if isinstance(result, dict) and result.keys() == {"status"} else ""


def _time(text: str) -> datetime:
    # AWS logs milliseconds since the epoch; the local cloud can log RFC 3339.
    return datetime.fromtimestamp(int(text) / 1000, UTC) if text.isdigit() else datetime.fromisoformat(text)
