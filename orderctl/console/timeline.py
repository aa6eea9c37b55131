"""When an execution was in each of its states, on one line of time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from orderctl.order_report import Execution
from orderctl.picture.machine import Machine
from orderctl.picture.state_view import StateView, view_state
from orderctl.trace import Attempt, StateRun

# What is shorter can't be seen.
_LEAST_SHARE: Final = 0.004
# The width of a line of time, in the units of its drawing.
WIDTH: Final = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A part of a line of time, from `x` for `width`; `kind` is state, attempt, failure or wait."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """A state; `depth` is 1 inside of a Parallel state, whose branches are numbered from 1."""

    view: StateView
    run: StateRun
    depth: int
    branch: int
    bars: Sequence[Bar]


def timeline(execution: Execution, machine: Machine | None, now: datetime) -> list[TimelineRow]:
    """Return every state that the execution entered, in the order of `ExecutionTrace.states`."""
    trace = execution.trace
    known = {state.name: state for state in machine.all_states()} if machine else {}
    start = trace.started or min((run.entered for run in trace.states), default=now)
    ends = [run.exited or (now if trace.is_running else run.entered) for run in trace.states]
    end = max([*ends, *([trace.ended] if trace.ended else [])], default=now)
    scale = _Scale(start=start, seconds=max((end - start).total_seconds(), 0.001), now=end)
    return [
        TimelineRow(
            view=view_state(run, trace, known.get(run.name), number=number, now=now),
            run=run,
            depth=depth,
            branch=branch,
            bars=[*_bars(run, scale)],
        )
        for number, (run, depth, branch) in enumerate(_places(trace.runs))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    start: datetime
    seconds: float
    now: datetime

    def bar(self, kind: str, begun: datetime, ended: datetime | None) -> Bar:
        offset = max(0.0, (begun - self.start).total_seconds()) / self.seconds
        share = max(_LEAST_SHARE, ((ended or self.now) - begun).total_seconds() / self.seconds)
        return Bar(
            kind=kind, x=round(min(offset, 1 - _LEAST_SHARE) * WIDTH, 1), width=round(share * WIDTH, 1)
        )


def _places(runs: Iterable[StateRun], depth: int = 0, branch: int = 0) -> Iterator[tuple[StateRun, int, int]]:
    for run in runs:
        yield run, depth, branch
        for number, lane in enumerate(run.branches, 1):
            yield from _places(lane.runs, depth + 1, number)


def _bars(run: StateRun, scale: _Scale) -> Iterator[Bar]:
    """Yield the time in the state, and on it its attempts and the waits between them."""
    yield scale.bar("state", run.entered, run.exited)
    before: Attempt | None = None
    for attempt in run.attempts:
        if before and before.ended:
            yield scale.bar("wait", before.ended, attempt.started)
        kind = "failure" if attempt.error else "attempt"
        yield scale.bar(kind, attempt.started, attempt.ended)
        before = attempt
