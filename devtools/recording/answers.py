"""What tasks answered, attempt by attempt, in the MockConfigFile format of Step Functions Local.

https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-test-sm-exec.html
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from devtools.asl.definition import MACHINE

Answer = Mapping[str, Any]
"""{"Return": what the task returned} or {"Throw": {"Error": ..., "Cause": ...}}."""

Answers = Mapping[str, Sequence[Answer]]
"""The answers of each attempt by the name of the state."""


def returns(value: Any) -> Answer:
    """Answer with a result."""
    return {"Return": value}


def throws(error: str, cause: str = "") -> Answer:
    """Answer with an error."""
    return {"Throw": {"Error": error, "Cause": cause}}


def to_mock_config(scenario: str, answers: Answers) -> dict[str, Any]:
    """Write answers as the MockConfigFile that has this scenario as its only test case."""
    names = {state: f"{scenario}.{state}" for state in sorted(answers)}
    return {
        "StateMachines": {MACHINE: {"TestCases": {scenario: names}}},
        "MockedResponses": {name: _by_attempt(answers[state]) for state, name in names.items()},
    }


def from_mock_config(scenario: str, config: Mapping[str, Any]) -> dict[str, list[Answer]]:
    """Read the answers of one test case."""
    names = config["StateMachines"][MACHINE]["TestCases"][scenario]
    return {state: _in_order(config["MockedResponses"][name]) for state, name in names.items()}


def _by_attempt(answers: Iterable[Answer]) -> dict[str, Answer]:
    ranges = {}
    for answer, run in groupby(enumerate(answers), key=lambda numbered: numbered[1]):
        attempts = [attempt for attempt, _ in run]
        first, last = attempts[0], attempts[-1]
        ranges[str(first) if first == last else f"{first}-{last}"] = answer
    return ranges


def _in_order(by_attempt: Mapping[str, Answer]) -> list[Answer]:
    found: dict[int, Answer] = {}
    for attempts, answer in by_attempt.items():
        first, _, last = attempts.partition("-")
        found |= dict.fromkeys(range(int(first), int(last or first) + 1), answer)
    return [found[attempt] for attempt in sorted(found)]
