"""Reads an execution's history."""

import json
from typing import Any

from devtools.asl.interpreter import ExecutionResult


def states(execution: ExecutionResult) -> list[str]:
    """Return the names of the states that were entered."""
    return [entered["name"] for entered in _entered(execution)]


def entered_with(execution: ExecutionResult, state: str) -> Any:
    """Return the input of a state that was entered once."""
    (text,) = (entered["input"] for entered in _entered(execution) if entered["name"] == state)
    return json.loads(text)


def pauses(execution: ExecutionResult, state: str) -> list[float]:
    """Return the seconds before each retry of a state."""
    return [wait.seconds for wait in execution.waits if wait.state == state]


def failures(execution: ExecutionResult) -> list[tuple[str, str]]:
    """Return the error and the cause of each attempt that failed, of functions and of other calls."""
    details = ("taskFailedEventDetails", "lambdaFunctionFailedEventDetails")
    found = (event[name] for event in execution.events for name in details if name in event)
    return [(each["error"], each["cause"]) for each in found]


def _entered(execution: ExecutionResult) -> list[dict[str, Any]]:
    name = "stateEnteredEventDetails"
    return [event[name] for event in execution.events if name in event]
