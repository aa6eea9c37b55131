"""The parts of the definition that recordings cover: states, choice rules, retriers and catchers."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from devtools.asl.definition import Definition, State, handler_of
from devtools.recording.history import Event, History
from orderctl.deployed_workflow import states
from orderctl.trace import ATTEMPT_FAILED, ATTEMPT_SUCCEEDED


def parts(definition: Definition) -> set[str]:
    """Return every part that a recording must cover."""
    return {item for name, state in states(definition) for item in _parts_of(name, state)}


def covered(definition: Definition, history: History) -> set[str]:
    """Return the parts that a recording covers."""
    by_name = dict(states(definition))
    return {item for events in history.values() for item in _covered_in(events, by_name)}


def _parts_of(name: str, state: State) -> Iterator[str]:
    yield name
    if state["Type"] == "Choice":
        yield f"{name} Default"
    for index, rule in enumerate(state.get("Choices", [])):
        yield f"{name} Choices[{index}]"
        for place, _ in _comparisons(rule):
            yield f"{name} Choices[{index}]{place} true"
            yield f"{name} Choices[{index}]{place} false"
    for index, retrier in enumerate(state.get("Retry", [])):
        yield f"{name} Retry[{index}] exhausted"
        yield f"{name} Retry[{index}] recovered"
        yield from (f"{name} Retry[{index}] {error}" for error in retrier["ErrorEquals"])
    for index, catcher in enumerate(state.get("Catch", [])):
        yield from (f"{name} Catch[{index}] {error}" for error in catcher["ErrorEquals"])


def _covered_in(events: list[Event], by_name: Mapping[str, State]) -> Iterator[str]:
    attempts: dict[str, list[str]] = defaultdict(list)  # the errors of a state; a success is an empty text
    for event in events:
        name = event.get("state", "")
        if event["type"].endswith("StateEntered"):
            yield name
        if event["type"] == "ChoiceStateEntered":
            yield from (f"{name} {decided}" for decided in _decided(by_name[name], event["input"]))
        if event["type"] in ATTEMPT_FAILED | ATTEMPT_SUCCEEDED:
            attempts[name].append(event.get("error", ""))
    for name, errors in attempts.items():
        yield from (f"{name} {handled}" for handled in _handled(by_name[name], errors))


def _handled(state: State, errors: list[str]) -> Iterator[str]:
    last = errors[-1]
    for error in filter(None, errors):
        index = handler_of(error, state["Retry"])
        if index is not None:
            yield f"Retry[{index}] {_matching_name(error, state['Retry'][index])}"
            if not last:
                yield f"Retry[{index}] recovered"
    if last:
        index = handler_of(last, state["Retry"])
        if index is not None:
            yield f"Retry[{index}] exhausted"
        index = handler_of(last, state["Catch"])
        if index is not None:
            yield f"Catch[{index}] {_matching_name(last, state['Catch'][index])}"


def _matching_name(error: str, handler: Mapping[str, Any]) -> str:
    return next(name for name in handler["ErrorEquals"] if handler_of(error, [{"ErrorEquals": [name]}]) == 0)


def _decided(choice: State, input_: Any) -> Iterator[str]:
    """Yield each comparison with its result, up to the first rule that matches."""
    for index, rule in enumerate(choice["Choices"]):
        compared: dict[str, bool] = {}
        holds = _holds(rule, input_, "", compared)
        yield from (f"Choices[{index}]{place} {str(result).lower()}" for place, result in compared.items())
        if holds:
            yield f"Choices[{index}]"
            return
    yield "Default"


def _holds(rule: Mapping[str, Any], input_: Any, place: str, compared: dict[str, bool]) -> bool:
    match rule:
        case {"And": parts}:
            return all(_holds(part, input_, f"{place}.And[{i}]", compared) for i, part in enumerate(parts))
        case {"Or": parts}:
            return any(_holds(part, input_, f"{place}.Or[{i}]", compared) for i, part in enumerate(parts))
        case {"Not": part}:
            return not _holds(part, input_, f"{place}.Not", compared)
    compared[place] = _compares(rule, input_)
    return compared[place]


def _compares(rule: Mapping[str, Any], input_: Any) -> bool:
    found: Any = input_
    for name in rule["Variable"].removeprefix("$.").split("."):
        found = found.get(name) if isinstance(found, dict) else None
    match rule:
        case {"StringEquals": expected}:
            return bool(found == expected)
        case {"IsPresent": expected}:
            return (found is not None) is expected
    raise ValueError(f"unknown comparison: {rule}")


def _comparisons(rule: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for operator in ("And", "Or"):
        for index, part in enumerate(rule.get(operator, [])):
            yield from _comparisons(part, f"{place}.{operator}[{index}]")
    if "Not" in rule:
        yield from _comparisons(rule["Not"], f"{place}.Not")
    if "Variable" in rule:
        yield place, rule
