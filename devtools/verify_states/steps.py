"""The steps of a recording: a state, what it was given, and what followed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from devtools.asl.definition import Definition, State, handler_of
from devtools.recording.history import Event
from devtools.recording.recording import Recording
from devtools.recording.task_responses import TaskResponse, returns
from orderctl.deployed_workflow import states
from orderctl.picture.machine import inner_machines
from orderctl.trace import ATTEMPT, ATTEMPT_FAILED, ATTEMPT_SUCCEEDED

ENTERED: Final = "StateEntered"
_EXITED: Final = "StateExited"
ATTEMPT_ENDS: Final = ATTEMPT_SUCCEEDED | ATTEMPT_FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """The longest wait before a retry, in seconds; with full jitter the wait is anything up to it.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """

    seconds: float
    jitter: bool

    def allows(self, wait: float | None) -> bool:
        """Return whether a wait in whole seconds is within it; None is no wait at all."""
        if wait is None:
            return False
        return 0 <= wait <= self.seconds if self.jitter else int(wait) == int(self.seconds)

    def __str__(self) -> str:
        """Return the text of a report."""
        return f"{'0 to ' if self.jitter else ''}{self.seconds:g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What follows a step. Fields that are None are not compared, except `next_state`."""

    status: str
    next_state: str | None = None
    output: Any = None
    error: str | None = None
    cause: str | None = None
    parameters: Any = None
    branch_input: Any = None
    result: Any = None
    caught_by: int | None = None
    retried_by: int | None = None
    back_off: BackOff | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One attempt of a task, or one run of another state.

    `retries` counts the attempts before; `retrier_retries` those of the retrier that has the error,
    and is None when there is none.
    """

    scenario: str
    state: str
    execution_input: Any
    input: Any
    response: TaskResponse | None
    retries: int
    retrier_retries: int | None
    expected: Expectation


def steps_of(recording: Recording, definition: Definition) -> Iterator[Step]:
    """Yield a step for each attempt of each task, and one for each other state.

    A Parallel state that fails has none: no recording has one, because no branch fails.
    """
    declared = dict(states(definition))
    for events in recording.outcome.history.values():
        for visit in _visits(events):
            state = declared[visit.name]
            if state["Type"] == "Task":
                yield from _attempts(recording, visit, state)
            elif state["Type"] != "Parallel" or visit.exit:
                yield _other(recording, visit, state)


def recorded_events(recording: Recording) -> Counter[str]:
    """Count the entered states and the attempts of a recording, by the name of the state."""
    events = (event for each in recording.outcome.history.values() for event in each)
    return Counter(
        f"{event['state']} {'attempt' if event['type'] in ATTEMPT_ENDS else 'entered'}"
        for event in events
        if event["type"] in ATTEMPT_ENDS or event["type"].endswith(ENTERED)
    )


def covered_events(steps: Sequence[Step], definition: Definition) -> Counter[str]:
    """Count what the steps of one recording cover, as `recorded_events` does."""
    tasks = {name for name, state in states(definition) if state["Type"] == "Task"}
    covered = Counter(f"{step.state} entered" for step in steps if step.retries == 0)
    covered.update(f"{step.state} attempt" for step in steps if step.state in tasks)
    return covered


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """One run of a state: its events, and the state after it (None at the end)."""

    events: Sequence[Event]
    next_state: str | None

    @property
    def name(self) -> str:
        return str(self.events[0]["state"])

    @property
    def input(self) -> Any:
        return self.events[0]["input"]

    @property
    def exit(self) -> Event | None:
        return next((event for event in self.events if event["type"].endswith(_EXITED)), None)


def _visits(events: Sequence[Event]) -> Iterator[_Visit]:
    starts = [index for index, event in enumerate(events) if event["type"].endswith(ENTERED)]
    for start, end in pairwise([*starts, len(events)]):
        following = events[end]["state"] if end < len(events) else None
        yield _Visit(events=events[start:end], next_state=following)


def _attempts(recording: Recording, visit: _Visit, state: State) -> Iterator[Step]:
    scheduled = [event for event in visit.events if event["type"] in ATTEMPT]
    responses = recording.responses[visit.name]
    retriers = state.get("Retry", [])
    used: Counter[int] = Counter()
    for attempt, (call, response) in enumerate(zip(scheduled, responses, strict=True)):
        index = handler_of(response["Throw"]["Error"], retriers) if "Throw" in response else None
        is_last = attempt == len(scheduled) - 1
        if "Return" in response:
            expected = _succeeded(visit, call, response)
        elif is_last:
            expected = _caught(visit, call, response, state)
        else:
            wait = recording.outcome.waits[visit.name][attempt]
            expected = _retried(call, response, retriers, index, wait)
        yield Step(
            scenario=recording.scenario,
            state=visit.name,
            execution_input=recording.input,
            input=visit.input,
            response=response,
            retries=attempt,
            retrier_retries=None if index is None else used[index],
            expected=expected,
        )
        if index is not None:
            used[index] += 1


def _succeeded(visit: _Visit, call: Event, response: TaskResponse) -> Expectation:
    return Expectation(
        status="SUCCEEDED",
        next_state=visit.next_state,
        output=visit.exit and visit.exit["output"],
        parameters=call["parameters"],
        result=response["Return"],
    )


def _caught(visit: _Visit, call: Event, response: TaskResponse, state: State) -> Expectation:
    error = response["Throw"]
    return Expectation(
        status="CAUGHT_ERROR" if visit.exit else "FAILED",
        next_state=visit.next_state,
        output=visit.exit and visit.exit["output"],
        error=error["Error"],
        cause=error["Cause"],
        parameters=call["parameters"],
        caught_by=handler_of(error["Error"], state.get("Catch", [])),
    )


def _retried(
    call: Event, response: TaskResponse, retriers: Sequence[State], index: int | None, wait: float
) -> Expectation:
    error = response["Throw"]
    jitter = index is not None and retriers[index].get("JitterStrategy", "NONE") != "NONE"
    return Expectation(
        status="RETRIABLE",
        error=error["Error"],
        cause=error["Cause"],
        parameters=call["parameters"],
        retried_by=index,
        back_off=BackOff(seconds=wait, jitter=jitter),
    )


def _other(recording: Recording, visit: _Visit, state: State) -> Step:
    response, branch_input = None, None
    if state["Type"] == "Parallel":
        branches = _branches(recording, visit.name, len(inner_machines(state)))
        response = returns([_output(events) for events in branches])
        branch_input = branches[0][0]["input"]
    end = visit.events[-1]
    is_failure = state["Type"] == "Fail"
    return Step(
        scenario=recording.scenario,
        state=visit.name,
        execution_input=recording.input,
        input=visit.input,
        response=response,
        retries=0,
        retrier_retries=None,
        expected=Expectation(
            status="FAILED" if is_failure else "SUCCEEDED",
            next_state=visit.next_state,
            output=visit.exit and visit.exit["output"],
            error=end.get("error") if is_failure else None,
            cause=end.get("cause", "") if is_failure else None,
            branch_input=branch_input,
        ),
    )


def _branches(recording: Recording, name: str, count: int) -> list[Sequence[Event]]:
    return [recording.outcome.history[f"{name}[{index}]"] for index in range(count)]


def _output(events: Sequence[Event]) -> Any:
    return events[-1]["output"]
