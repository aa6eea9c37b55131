"""Small changes of a definition; a test should detect each of them."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from devtools.asl.definition import Definition

Change = Callable[[], None]
Changes = Iterator[tuple[str, str, Change]]
"""Kind, description, and a function that makes the change in place."""

_OTHER_ERRORS = {"States.ALL": "States.TaskFailed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A changed definition; `state` is where the change is, and empty for the machine itself."""

    kind: str
    state: str
    description: str
    definition: Definition


def mutants(definition: Definition) -> Iterator[Mutant]:
    """Yield every mutant, in the same order every time."""
    count = len(list(_all_changes(copy.deepcopy(definition))))
    for index in range(count):
        changed = copy.deepcopy(definition)
        state, (kind, description, change) = list(_all_changes(changed))[index]
        change()
        yield Mutant(kind=kind, state=state, description=description, definition=changed)


def _all_changes(machine: Any) -> Iterator[tuple[str, tuple[str, str, Change]]]:
    yield "", ("timeout", "machine without a timeout", _drop(machine, "TimeoutSeconds"))
    yield "", ("timeout", "machine's timeout halved", _set(machine, "TimeoutSeconds", 135))
    yield from _changes_of_machine(machine)


def _changes_of_machine(machine: Any) -> Iterator[tuple[str, tuple[str, str, Change]]]:
    names = list(machine["States"])
    start = machine["StartAt"]
    yield start, ("next", "starts at another state", _set(machine, "StartAt", _after(start, names)))
    for name, state in machine["States"].items():
        for change in _changes_of_state(name, state, names):
            yield name, change
        for branch in state.get("Branches", []):
            yield from _changes_of_machine(branch)


def _changes_of_state(name: str, state: Any, names: list[str]) -> Changes:
    for field in ("Next", "Default"):
        if field in state:
            target = _after(state[field], names, but=name)
            yield "next", f"{field} is {target}", _set(state, field, target)
    if "End" in state and len(names) > 1:
        yield "next", "continues", _continue_at(state, _after(name, names))
    if "TimeoutSeconds" in state:
        yield "timeout", "a second more", _set(state, "TimeoutSeconds", state["TimeoutSeconds"] + 1)
        yield "timeout", "dropped", _drop(state, "TimeoutSeconds")
    yield from _changes_of_paths(state)
    for field in ("Parameters", "ResultSelector"):
        yield from _changes_of_payload(state, field, field)
    yield from _changes_of_retries(state)
    yield from _changes_of_catches(state, name, names)
    yield from _changes_of_choices(state, name, names)
    yield from _changes_of_branches(state)
    yield from _changes_of_ends(state)


def _changes_of_paths(state: Any) -> Changes:
    if "InputPath" in state:
        yield "input path", "another", _set(state, "InputPath", "$")
        yield "input path", "dropped", _drop(state, "InputPath")
    if "ResultPath" in state:
        yield "result path", "another", _set(state, "ResultPath", "$.elsewhere")
        yield "result path", "dropped", _drop(state, "ResultPath")
    elif state["Type"] in {"Task", "Parallel", "Pass"}:
        yield "result path", "result thrown away", _set(state, "ResultPath", None)


def _changes_of_payload(owner: Any, key: Any, place: str) -> Changes:
    """Change and drop every field at every depth."""
    value = owner[key] if isinstance(owner, list) else owner.get(key)
    if isinstance(value, dict):
        for inner in list(value):
            yield f"{place.partition('.')[0].lower()} field", f"{place}.{inner} dropped", _drop(value, inner)
            yield from _changes_of_payload(value, inner, f"{place}.{inner}")
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from _changes_of_payload(value, index, f"{place}[{index}]")
    elif isinstance(value, str):
        other = "$$.State.Name" if str(key).endswith(".$") else f"{value}!"
        yield f"{place.partition('.')[0].lower()} value", f"{place} is {other}", _set(owner, key, other)


def _changes_of_retries(state: Any) -> Changes:
    retriers = state.get("Retry", [])
    for index, retrier in enumerate(retriers):
        yield "retry", f"Retry[{index}] dropped", _drop(retriers, index)
        attempts = retrier["MaxAttempts"]
        for other in {attempts + 1, max(attempts - 1, 0)} - {attempts}:
            yield "attempts", f"Retry[{index}]: {other} attempts", _set(retrier, "MaxAttempts", other)
        for field, others in (
            ("IntervalSeconds", (2,)),
            ("BackoffRate", (1, 3)),
            ("MaxDelaySeconds", (3, 60)),
            ("JitterStrategy", ("NONE",)),
        ):
            for value in others if field in retrier else ():
                yield "back-off", f"Retry[{index}]: {field} is {value}", _set(retrier, field, value)
        yield from _changes_of_errors(retrier, f"Retry[{index}]")


def _changes_of_catches(state: Any, name: str, names: list[str]) -> Changes:
    catchers = state.get("Catch", [])
    for index, catcher in enumerate(catchers):
        drop = _drop(catchers, index) if len(catchers) > 1 else _drop(state, "Catch")
        yield "catch", f"Catch[{index}] dropped", drop
        target = _after(catcher["Next"], names, but=name)
        yield "catch", f"Catch[{index}] leads to {target}", _set(catcher, "Next", target)
        yield "result path", f"Catch[{index}] another", _set(catcher, "ResultPath", "$.elsewhere")
        yield "result path", f"Catch[{index}] dropped", _drop(catcher, "ResultPath")
        yield from _changes_of_errors(catcher, f"Catch[{index}]")
    if len(catchers) > 1:
        yield "catch", "in another order", catchers.reverse


def _changes_of_errors(handler: Any, place: str) -> Changes:
    errors = handler["ErrorEquals"]
    for index, error in enumerate(errors):
        if len(errors) > 1:
            yield "error names", f"{place} without {error}", _drop(errors, index)
        other = _OTHER_ERRORS.get(error, f"{error}s")
        yield "error names", f"{place}: {other} instead of {error}", _set(errors, index, other)


def _changes_of_choices(state: Any, name: str, names: list[str]) -> Changes:
    rules = state.get("Choices", [])
    for index, rule in enumerate(rules):
        if len(rules) > 1:
            yield "choice", f"Choices[{index}] dropped", _drop(rules, index)
        target = _after(rule["Next"], names, but=name)
        yield "choice", f"Choices[{index}] leads to {target}", _set(rule, "Next", target)
        yield from _changes_of_condition(rule, f"Choices[{index}]")
    for index in range(len(rules) - 1):
        yield "choice", f"Choices[{index}] after the next", _swap(rules, index)


def _changes_of_condition(rule: Any, place: str) -> Changes:
    for operator, other in (("And", "Or"), ("Or", "And")):
        parts = rule.get(operator, [])
        if parts:
            yield "condition", f"{place}: {other} instead of {operator}", _rename(rule, operator, other)
        for index, part in enumerate(parts):
            yield "condition", f"{place}.{operator}[{index}] dropped", _drop(parts, index)
            yield from _changes_of_condition(part, f"{place}.{operator}[{index}]")
    if "Not" in rule:
        yield "condition", f"{place}: without Not", _without_not(rule)
        yield from _changes_of_condition(rule["Not"], f"{place}.Not")
    if "StringEquals" in rule:
        yield "condition", f"{place}: another value", _set(rule, "StringEquals", "SOMETHING")
    if "IsPresent" in rule:
        yield "condition", f"{place}: absent", _set(rule, "IsPresent", not rule["IsPresent"])
    if "Variable" in rule:
        yield "condition", f"{place}: another variable", _set(rule, "Variable", "$.orderId")


def _changes_of_branches(state: Any) -> Changes:
    branches = state.get("Branches", [])
    for index in range(len(branches)):
        yield "branch", f"Branches[{index}] dropped", _drop(branches, index)
    for index in range(len(branches) - 1):
        yield "branch", f"Branches[{index}] after the next", _swap(branches, index)


def _changes_of_ends(state: Any) -> Changes:
    for field in ("Error", "Cause"):
        if field in state:
            yield "end", f"another {field}", _set(state, field, "Something")
            yield "end", f"no {field}", _drop(state, field)
    if "CausePath" in state:
        yield "end", "another CausePath", _set(state, "CausePath", "$.orderId")
        yield "end", "no CausePath", _drop(state, "CausePath")
    if state["Type"] == "Succeed":
        yield "end", "fails", _set(state, "Type", "Fail")
    if "Result" in state:
        yield "result", "another", _set(state, "Result", {"status": "SOMETHING"})
        yield "result", "none", _drop(state, "Result")


def _after(name: str, names: list[str], but: str = "") -> str:
    others = [each for each in names if each != but]
    return others[(others.index(name) + 1) % len(others)]


def _set(owner: Any, key: Any, value: Any) -> Change:
    return lambda: owner.__setitem__(key, value)


def _drop(owner: Any, key: Any) -> Change:
    return lambda: owner.__delitem__(key)


def _rename(owner: Any, key: str, other: str) -> Change:
    return lambda: owner.__setitem__(other, owner.pop(key))


def _swap(values: list[Any], index: int) -> Change:
    return lambda: values.insert(index, values.pop(index + 1))


def _continue_at(state: Any, next_: str) -> Change:
    return lambda: state.update(Next=next_) or state.pop("End")


def _without_not(rule: Any) -> Change:
    return lambda: rule.update(rule.pop("Not"))
