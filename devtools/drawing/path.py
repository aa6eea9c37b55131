"""The path of a recorded execution through its state machine, and the first difference of two paths."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from orderctl.errors import OperatorError
from orderctl.picture.machine import Machine, Transition, TransitionKind

_BRANCH: Final = re.compile(r"(?P<state>.+)\[(?P<index>\d+)\]")
_FAILED: Final = ("Failed", "TimedOut")
_RECORD_AGAIN: Final = "If the definition has changed since, record the execution again."

Recording = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A state that was entered; `failed` if its last attempt failed."""

    name: str
    attempts: int = 1
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The visits in order, by "MachineName" or "ParallelState[branch]", and the transitions taken."""

    scenario: str
    status: str
    visits: Mapping[str, tuple[Visit, ...]]
    transitions: frozenset[Transition] = field(default_factory=frozenset)

    def visit(self, name: str) -> Visit | None:
        """Return the last visit of a state."""
        return next(
            (visit for visits in self.visits.values() for visit in reversed(visits) if visit.name == name),
            None,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of the path that a drawing has."""
        return {
            key: [[visit.name, visit.attempts, visit.failed] for visit in visits]
            for key, visits in self.visits.items()
        }

    @classmethod
    def from_json(cls, json_path: Mapping[str, Any]) -> Self:
        """Read the JSON of the path that a drawing has."""
        visits = {
            key: tuple(Visit(name=name, attempts=attempts, failed=failed) for name, attempts, failed in each)
            for key, each in json_path.items()
        }
        return cls(scenario="", status="", visits=visits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first difference of two paths; `after` is empty at the start, and a visit is None at the end."""

    after: str
    expected: Visit | None
    actual: Visit | None

    def __str__(self) -> str:
        where = f"after {self.after}" if self.after else "at the start"
        if self.expected and self.actual and self.expected.name == self.actual.name:
            return f"in {self.expected.name}: expected {_ending(self.expected)}, got {_ending(self.actual)}"
        expected, actual = (visit.name if visit else "the end" for visit in (self.expected, self.actual))
        return f"{where}: expected {expected}, got {actual}"


def read_path(machine: Machine, recording: Recording) -> Path:
    """Follow a recording through the definition.

    Raises OperatorError if a state or a transition is not in the definition.
    """
    if "history" not in recording:
        raise OperatorError("this is not a recording of an execution", why="it has no history")
    visits = {key: tuple(_visits(events)) for key, events in recording["history"].items()}
    taken = {
        transition for key, each in visits.items() for transition in _follow(_part(machine, key), each, key)
    }
    return Path(
        scenario=recording.get("scenario", ""),
        status=recording.get("status", ""),
        visits=visits,
        transitions=frozenset(taken),
    )


def first_difference(expected: Path, actual: Path) -> Difference | None:
    """Return the first difference of two paths; a branch comes before the state after it."""
    key = next((key for key in (*expected.visits, *actual.visits) if not _BRANCH.fullmatch(key)), "")
    return _difference(expected, actual, key)


def _difference(expected: Path, actual: Path, key: str) -> Difference | None:
    both = expected.visits.get(key, ()), actual.visits.get(key, ())
    after = ""
    for index in range(max(map(len, both))):
        one, other = (visits[index] if index < len(visits) else None for visits in both)
        if one and other and one.name == other.name:
            inside = (_difference(expected, actual, branch) for branch in _branches(expected, one.name))
            if found := next(filter(None, inside), None):
                return found
        if one != other:
            return Difference(after=after, expected=one, actual=other)
        after = one.name if one else after
    return None


def _branches(path: Path, name: str) -> Iterator[str]:
    for key in path.visits:
        match = _BRANCH.fullmatch(key)
        if match and match["state"] == name:
            yield key


def _ending(visit: Visit) -> str:
    attempts = f"{visit.attempts} attempt{'s' * (visit.attempts != 1)}"
    return f"{attempts}, all failed" if visit.failed else attempts


def _visits(events: Sequence[Mapping[str, Any]]) -> Iterator[Visit]:
    visit: Visit | None = None
    results = 0
    for event in events:
        kind = event["type"]
        if kind.endswith("StateEntered"):
            if visit:
                yield visit
            visit, results = Visit(name=event["state"]), 0
        elif visit and not kind.startswith("Execution") and kind.endswith(("Succeeded", *_FAILED)):
            results += 1
            visit = replace(visit, attempts=results, failed=kind.endswith(_FAILED))
    if visit:
        yield visit


def _part(machine: Machine, key: str) -> Machine:
    """Return the state machine or branch with this key of the history."""
    match = _BRANCH.fullmatch(key)
    if not match:
        return machine
    branches = next((state.branches for state in machine.all_states() if state.name == match["state"]), ())
    if int(match["index"]) >= len(branches):
        raise OperatorError(
            f"the recording has a branch {key}", why="the definition has none", what_to_do=_RECORD_AGAIN
        )
    return branches[int(match["index"])]


def _follow(part: Machine, visits: Sequence[Visit], key: str) -> Iterator[Transition]:
    before = Visit(name="")
    for visit in visits:
        if visit.name not in part.states:
            raise OperatorError(
                f"the recording enters {visit.name} in {key}",
                why="the definition has no such state there",
                what_to_do=_RECORD_AGAIN,
            )
        yield _transition(part, before, visit)
        before = visit
    if not before.failed:
        yield from (
            each
            for each in part.transitions
            if each.source == before.name and each.kind is TransitionKind.END
        )


def _transition(part: Machine, before: Visit, visit: Visit) -> Transition:
    for each in part.transitions:
        caught = each.kind is TransitionKind.CATCH
        if (each.source, each.target) == (before.name, visit.name) and caught == before.failed:
            return each
    how = "by an error" if before.failed else "without an error"
    raise OperatorError(
        f"the recording goes from {before.name or 'the start'} to {visit.name}",
        why=f"the definition has no such transition {how}",
        what_to_do=_RECORD_AGAIN,
    )
