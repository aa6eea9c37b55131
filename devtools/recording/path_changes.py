"""Compares the paths of two executions in one line: states, attempts and end."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain

from devtools.recording.history import Event, entered
from devtools.recording.recording import Outcome
from orderctl.trace import ATTEMPT


def path_change(before: Outcome, after: Outcome) -> str:
    """Return what changed, such as `CapturePayment 4 -> 5 attempts`; it is empty for the same path."""
    return "; ".join(_changes(before, after))


def _changes(before: Outcome, after: Outcome) -> Iterator[str]:
    yield from _changed_attempts(_attempts(before), _attempts(after))
    states_before, states_after = _states(before), _states(after)
    for verb, added in (
        ("enters", states_after - states_before),
        ("no longer enters", states_before - states_after),
    ):
        if added:
            yield f"{verb} {', '.join(added)}"
    if states_before == states_after and _order(before) != _order(after):
        yield "enters its states in another order"
    if before.status != after.status:
        yield f"{before.status} -> {after.status}"


def _changed_attempts(before: Counter[str], after: Counter[str]) -> Iterator[str]:
    """Yield each change of a number with the states that have it; states of one path only are left out."""
    states_of: dict[tuple[int, int], list[str]] = defaultdict(list)
    for state in before:
        if 0 != after[state] != before[state]:
            states_of[before[state], after[state]].append(state)
    for (old, new), states in states_of.items():
        yield f"{', '.join(states)} {old} -> {new} attempts"


def _attempts(outcome: Outcome) -> Counter[str]:
    return Counter(event["state"] for event in _events(outcome) if event["type"] in ATTEMPT)


def _states(outcome: Outcome) -> Counter[str]:
    return Counter(chain.from_iterable(_order(outcome).values()))


def _order(outcome: Outcome) -> dict[str, list[str]]:
    return {branch: entered(events) for branch, events in outcome.history.items()}


def _events(outcome: Outcome) -> Iterator[Event]:
    return chain.from_iterable(outcome.history.values())
