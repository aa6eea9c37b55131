"""Which way an execution took through its state machine, and which ways it did not take."""

from collections.abc import Sequence
from dataclasses import dataclass

from orderctl.picture.machine import Machine, Transition, TransitionKind
from orderctl.trace import Lane, StateRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A state where the execution could have gone from another one, and why it would have."""

    target: str
    label: str
    is_catch: bool


def taken(machine: Machine | None, run: StateRun, after: StateRun | None) -> list[Transition]:
    """Return the transitions that lead from a state to the one after it: several rules can lead there."""
    if machine is None or after is None:
        return []
    found = [each for each in machine.transitions if (each.source, each.target) == (run.name, after.name)]
    by_error = [each for each in found if (each.kind is TransitionKind.CATCH) == bool(run.error)]
    return by_error or found


def alternatives(machine: Machine | None, run: StateRun, after: StateRun | None) -> list[Alternative]:
    """Return the ways not taken from a state, one for each target."""
    if machine is None:
        return []
    targets: dict[str, list[Transition]] = {}
    for each in machine.transitions:
        if each.source == run.name and each.target not in {"", after.name if after else ""}:
            targets.setdefault(each.target, []).append(each)
    return [
        Alternative(
            target=target,
            label=why(transitions) or "next",
            is_catch=all(each.kind is TransitionKind.CATCH for each in transitions),
        )
        for target, transitions in targets.items()
    ]


def is_caught(machine: Machine | None, run: StateRun, after: StateRun | None) -> bool:
    """Tell whether the execution went on from a state by its Catch."""
    if ways := taken(machine, run, after):
        return all(each.kind is TransitionKind.CATCH for each in ways)
    return after is not None and bool(run.error)


def why(transitions: Sequence[Transition]) -> str:
    """Say when an execution takes one of these transitions."""
    reasons = [_why(each) for each in transitions]
    return " or ".join(dict.fromkeys(filter(None, reasons)))


def _why(transition: Transition) -> str:
    if transition.kind is not TransitionKind.CATCH:
        return transition.label
    return "on " + " or ".join("any error" if name == "States.ALL" else name for name in transition.errors)


def branch_of(branches: Sequence[Machine], lane: Lane) -> Machine | None:
    """Return the branch that the states of a lane are in; None when the definition has another version."""
    names = [run.name for run in lane.runs]
    starting = [each for each in branches if names and each.start == names[0]]
    having = [each for each in branches if names and names[0] in each.states]
    return next(iter([*starting, *having]), None)


def in_order(branches: Sequence[Machine], lanes: Sequence[Lane]) -> list[tuple[Lane, Machine | None]]:
    """Return the lanes with their branches, in the order of the definition; unknown ones come last."""
    order = {id(branch): place for place, branch in enumerate(branches)}
    found = [(lane, branch_of(branches, lane)) for lane in lanes if lane.runs]
    return sorted(found, key=lambda each: order.get(id(each[1]), len(branches)))
