"""What a picture says of a state: how it went, how long it took, and why it failed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from orderctl.cause import message, one_line
from orderctl.execution_outcome import is_overtaken
from orderctl.picture.machine import State
from orderctl.plain_text import printable
from orderctl.trace import Attempt, ExecutionTrace, StateRun

_LONGEST_CAUSE: Final = 1000  # letters, in the text that a pointer shows


class Standing(StrEnum):
    """How the execution went through a state; the CSS class of the state."""

    SUCCEEDED = "succeeded"
    RETRIED = "retried"
    CAUGHT = "caught"
    FAILED = "failed"
    RUNNING = "running"
    NOT_REACHED = "not-reached"


STANDING_WORDS: Final = {
    Standing.SUCCEEDED: "succeeded",
    Standing.RETRIED: "succeeded after a retry",
    Standing.CAUGHT: "failed, and the error was caught",
    Standing.FAILED: "failed",
    Standing.RUNNING: "running now",
    Standing.NOT_REACHED: "not reached",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StateView:
    """The texts of one state that was entered. `number` is its place in `ExecutionTrace.states`.

    `facts` are short, `result` is the status that its task returned, `problem` is one line, `spoken` is for a
    screen reader, and `details` has everything.
    """

    number: int
    name: str
    type: str
    service: str
    standing: Standing
    facts: tuple[str, ...] = ()
    result: str = ""
    problem: str = ""
    spoken: str = ""
    details: str = ""
    is_known: bool = True

    @property
    def all_facts(self) -> tuple[str, ...]:
        """Return the facts and, when its task returned a status, an arrow to it."""
        return (*self.facts, f"→ {self.result}") if self.result else self.facts


def facts_text(facts: Iterable[str]) -> str:
    """Write facts in one line."""
    return " · ".join(facts).replace(" · →", " →")


def view_state(  # noqa: PLR0913  the state, and what is around it
    run: StateRun,
    execution: ExecutionTrace,
    state: State | None,
    *,
    number: int,
    is_caught: bool = False,
    now: datetime | None = None,
) -> StateView:
    """Describe a state that was entered. `state` is None where the definition does not know it.

    `is_caught` tells that the execution went on by its Catch.
    """
    standing = _standing(run, execution, state, is_caught=is_caught)
    problem = printable(_problem(run, execution, state, standing))
    type_ = state.type if state else _likely_type(run)
    time = _time(run, standing, now)
    # The result of the state that parks a message is that of the step that failed.
    result = "" if run.name.startswith("Park") else run.status
    facts = filter(None, [time, _attempts(run, "waited {}")])
    spoken = [run.name, STANDING_WORDS[standing], time if run.exited else "", result]
    return StateView(
        number=number,
        name=printable(run.name),
        type=type_,
        service=state.service if state else "",
        standing=standing,
        facts=tuple(map(printable, facts)),
        result=printable(result),
        problem=problem,
        spoken=printable(
            ", ".join(filter(None, [*spoken, _attempts(run, "{} of waiting between them"), problem]))
        ),
        details=printable("\n".join(_details(run, type_, state, standing))),
        is_known=state is not None,
    )


def seconds_text(seconds: float) -> str:
    """Write how long something took: 120 ms, 4.2 s, 1 min 12 s."""
    if round(seconds, 3) < 1:
        return f"{seconds * 1000:.0f} ms"
    if round(seconds, 1) < 60:  # noqa: PLR2004  a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def _standing(run: StateRun, execution: ExecutionTrace, state: State | None, *, is_caught: bool) -> Standing:
    if state and state.type == "Fail":
        return Standing.FAILED
    if run.exited is None:
        if execution.is_running:
            return Standing.RUNNING
        return Standing.SUCCEEDED if execution.ending == "SUCCEEDED" else Standing.FAILED
    if run.error or is_caught:
        return Standing.CAUGHT
    return Standing.RETRIED if run.errors else Standing.SUCCEEDED


def _likely_type(run: StateRun) -> str:
    if run.branches:
        return "Parallel"
    return "Task" if run.attempts else "State"


def _problem(run: StateRun, execution: ExecutionTrace, state: State | None, standing: Standing) -> str:
    if is_overtaken(run):
        return "Lost the race: the order had gone another way"
    if run.error and standing is not Standing.RUNNING:
        return one_line(run.error, run.cause)
    if standing is Standing.FAILED:
        if (state and state.type == "Fail") or run is execution.runs[-1]:
            return one_line(execution.error, execution.cause)
        return "stopped when the execution ended"
    if run.errors:
        last = run.errors[-1]
        return f"Before: {one_line(last.error, last.cause)}"
    return ""


def _time(run: StateRun, standing: Standing, now: datetime | None) -> str:
    if run.exited:
        return seconds_text(run.seconds)
    if standing is Standing.RUNNING:
        return f"running for {seconds_text((now - run.entered).total_seconds())}" if now else "running"
    return ""


def _attempts(run: StateRun, waited: str) -> str:
    count = len(run.attempts)
    if count < 2:  # noqa: PLR2004  no wait between
        return "1 attempt" if count else ""
    return f"{count} attempts, {waited.format(seconds_text(sum(run.waits)))}"


def _details(run: StateRun, type_: str, state: State | None, standing: Standing) -> list[str]:
    service = f", {state.service}" if state and state.service else ""
    known = "" if state else " (the definition does not know this state)"
    took = f" after {seconds_text(run.seconds)}" if run.exited else ""
    heading = f"{run.name}: {type_}{service}{known}"
    lines = [
        heading,
        f"entered at {run.entered:%H:%M:%S.%f}"[:-3] + f" UTC, {STANDING_WORDS[standing]}{took}",
    ]
    return [*lines, *(_attempt(number, each) for number, each in enumerate(run.attempts, 1))]


def _attempt(number: int, attempt: Attempt) -> str:
    if attempt.ended is None:
        return f"attempt {number}: running"
    took = seconds_text((attempt.ended - attempt.started).total_seconds())
    if not attempt.error:
        return f"attempt {number}: succeeded after {took}"
    cause = message(attempt.cause)[:_LONGEST_CAUSE]
    return f"attempt {number}: {attempt.error} after {took}" + (f": {cause}" if cause else "")
