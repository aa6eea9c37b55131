"""The results and errors of task attempts, in the MockConfigFile format of Step Functions Local.

https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-test-sm-exec.html
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from devtools.asl.definition import MACHINE

TaskResponse = Mapping[str, Any]
"""{"Return": what the task returned} or {"Throw": {"Error": ..., "Cause": ...}}."""

TaskResponses = Mapping[str, Sequence[TaskResponse]]
"""The responses of each attempt by the name of the state."""


def returns(value: Any) -> TaskResponse:
    """Respond with a result."""
    return {"Return": value}


def throws(error: str, cause: str = "") -> TaskResponse:
    """Respond with an error."""
    return {"Throw": {"Error": error, "Cause": cause}}


def to_mock_config(scenario: str, responses: TaskResponses) -> dict[str, Any]:
    """Write the responses as a MockConfigFile with this scenario as its only test case."""
    names = {state: f"{scenario}.{state}" for state in sorted(responses)}
    return {
        "StateMachines": {MACHINE: {"TestCases": {scenario: names}}},
        "MockedResponses": {name: _by_attempt(responses[state]) for state, name in names.items()},
    }


def from_mock_config(scenario: str, config: Mapping[str, Any]) -> dict[str, list[TaskResponse]]:
    """Read the responses of one test case."""
    names = config["StateMachines"][MACHINE]["TestCases"][scenario]
    return {state: _in_order(config["MockedResponses"][name]) for state, name in names.items()}


def _by_attempt(responses: Iterable[TaskResponse]) -> dict[str, TaskResponse]:
    ranges = {}
    for response, run in groupby(enumerate(responses), key=lambda numbered: numbered[1]):
        attempts = [attempt for attempt, _ in run]
        first, last = attempts[0], attempts[-1]
        ranges[str(first) if first == last else f"{first}-{last}"] = response
    return ranges


def _in_order(by_attempt: Mapping[str, TaskResponse]) -> list[TaskResponse]:
    found: dict[int, TaskResponse] = {}
    for attempts, response in by_attempt.items():
        first, _, last = attempts.partition("-")
        found |= dict.fromkeys(range(int(first), int(last or first) + 1), response)
    return [found[attempt] for attempt in sorted(found)]
