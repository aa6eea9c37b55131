"""A definition as a graph: states, the transitions between them, and a graph for each branch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from orderctl.errors import OperatorError
from orderctl.picture.rules import rule_text

_SERVICES: Final = {
    "lambda": "Lambda",
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
    "sqs": "SQS",
    "sns": "SNS",
    "states": "Step Functions",
}
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
_DEFAULT_MAX_ATTEMPTS: Final = 3
Definition = Mapping[str, Any]
ENDINGS: Final = frozenset({"Succeed", "Fail"})


class TransitionKind(StrEnum):
    """Why an execution goes from one state to another."""

    START = "start"
    NEXT = "next"
    CHOICE = "choice"
    CATCH = "catch"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One arrow; START has an empty source, END has an empty target."""

    source: str
    target: str
    kind: TransitionKind
    label: str = ""
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One box; `retries` is the maximum number of retries."""

    name: str
    type: str
    service: str = ""
    retries: int = 0
    branches: tuple["Machine", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A state machine, or one branch of a Parallel state."""

    start: str
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]

    def all_states(self) -> Iterator[State]:
        """Return the states, including those of branches."""
        for state in self.states.values():
            yield state
            for branch in state.branches:
                yield from branch.all_states()

    def all_transitions(self) -> Iterator[Transition]:
        """Return the transitions, including those of branches."""
        yield from self.transitions
        for state in self.states.values():
            for branch in state.branches:
                yield from branch.all_transitions()


def read_machine(definition: Definition) -> Machine:
    """Read an ASL definition or one of its branches.

    Raises OperatorError if it is not a definition, or if the target of a transition is missing.
    """
    if not {"StartAt", "States"} <= definition.keys():
        raise OperatorError("this is not a state machine", why="StartAt or States is missing")
    states = definition["States"]
    start = Transition(source="", target=definition["StartAt"], kind=TransitionKind.START)
    outgoing = [transition for name, state in states.items() for transition in _transitions(name, state)]
    for transition in (start, *outgoing):
        if transition.target not in {"", *states}:
            where = transition.source or "StartAt"
            raise OperatorError(f"{where} leads to {transition.target}", why="there is no such state")
    return Machine(
        start=definition["StartAt"],
        states={name: _state(name, state) for name, state in states.items()},
        transitions=(start, *outgoing),
    )


def inner_machines(state: Definition) -> Sequence[Definition]:
    """Return the branches of a Parallel state, or the machine that a Map state runs for each item."""
    return state.get("Branches") or [state[key] for key in ("ItemProcessor", "Iterator") if key in state]


def _state(name: str, state: Definition) -> State:
    return State(
        name=name,
        type=state["Type"],
        service=_service(state.get("Resource", "")),
        retries=max(
            (retry.get("MaxAttempts", _DEFAULT_MAX_ATTEMPTS) for retry in state.get("Retry", [])), default=0
        ),
        branches=tuple(read_machine(branch) for branch in inner_machines(state)),
    )


def _service(resource: str) -> str:
    """Return the service of a Resource: arn:aws:states:::SERVICE:action, or the ARN of a Lambda function."""
    fields = resource.replace(":aws-sdk:", ":").split(":")
    if fields[0] != "arn":
        return "Lambda" if resource else ""  # a placeholder of a function's ARN
    service = fields[5] if fields[2] == "states" else fields[2]
    return _SERVICES.get(service, service)


def _transitions(name: str, state: Definition) -> Iterator[Transition]:
    for rule in state.get("Choices", []):
        yield Transition(source=name, target=rule["Next"], kind=TransitionKind.CHOICE, label=rule_text(rule))
    if "Default" in state:
        yield Transition(source=name, target=state["Default"], kind=TransitionKind.CHOICE, label="otherwise")
    if "Next" in state:
        yield Transition(source=name, target=state["Next"], kind=TransitionKind.NEXT)
    elif state["Type"] not in {"Choice", *ENDINGS}:
        yield Transition(source=name, target="", kind=TransitionKind.END)
    for catcher in state.get("Catch", []):
        yield Transition(
            source=name,
            target=catcher["Next"],
            kind=TransitionKind.CATCH,
            errors=tuple(catcher["ErrorEquals"]),
        )
