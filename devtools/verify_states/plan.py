"""Plans the requests that check all recordings, and asks for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from devtools.asl.definition import Definition
from devtools.recording.recording import Recording
from devtools.verify_states.comparison import differences, refusal, report
from devtools.verify_states.engine import Engine, RefusedError
from devtools.verify_states.requests import Request, requests_of
from devtools.verify_states.steps import Step, covered_events, recorded_events, steps_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All requests; `missing` names the recorded events that no request covers."""

    requests: Sequence[Request]
    recordings: int
    steps: int
    events: int
    missing: Sequence[str]

    def __str__(self) -> str:
        """Return what the requests cover, and what they cost."""
        covered = self.events - len(self.missing)
        return (
            f"{self.recordings} recordings have {self.steps:,} steps. {len(self.requests):,} calls of "
            "TestState check each distinct one, after one call of ValidateStateMachineDefinition.\n"
            f"They cover {covered:,} of {self.events:,} recorded entries into a state and attempts of a task "
            f"({100 * covered / self.events:.4g} %).\n"
            "Nothing is deployed, and no service is called but Step Functions. AWS charges for executions; "
            "its documentation names no price for these two calls."
        )


def plan(definition: Definition, recorded: Sequence[Recording]) -> Plan:
    """Return the requests that check these recordings."""
    steps: list[Step] = []
    missing: list[str] = []
    events = 0
    for recording in recorded:
        found = list(steps_of(recording, definition))
        wanted = recorded_events(recording)
        gap = wanted - covered_events(found, definition)
        missing += [f"{recording.scenario}: {event}" for event in gap.elements()]
        events += wanted.total()
        steps += found
    return Plan(
        requests=requests_of(steps, definition),
        recordings=len(recorded),
        steps=len(steps),
        events=events,
        missing=missing,
    )


def verify(requests: Sequence[Request], engine: Engine, done: Callable[[int], None]) -> list[str]:
    """Ask for each request; return a text for each answer that is not the recorded one."""
    problems: list[str] = []
    for count, request in enumerate(requests, start=1):
        problems += filter(None, [_problem(request, engine)])
        done(count)
    return problems


def _problem(request: Request, engine: Engine) -> str:
    try:
        answer = engine.test(request.arguments)
    except RefusedError as error:
        return refusal(request, str(error))
    found = differences(request.expected, answer)
    return report(request, found) if found else ""
