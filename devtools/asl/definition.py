"""The workflow's definition as JSON: its states, and which retrier or catcher handles an error."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from devtools.checkout import REPOSITORY
from orderctl.deployed_workflow import states
from orderctl.picture.machine import inner_machines

DEFINITION: Final = REPOSITORY / "statemachines" / "order_workflow.asl.json"
MACHINE: Final = "OrderWorkflow"

Definition = Mapping[str, Any]
State = Mapping[str, Any]

TIMEOUT: Final = "States.Timeout"
# States.ALL and States.TaskFailed do not cover these errors.
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
_NEVER_HANDLED: Final = frozenset({"States.Runtime", "States.DataLimitExceeded"})
_DEFAULT_RETRIES: Final = 3


def read_definition(file: Path = DEFINITION) -> Definition:
    """Read the definition with its placeholders."""
    definition: Definition = json.loads(file.read_text())
    return definition


def for_cfn_lint(definition: Definition) -> Definition:
    """Return the definition without what cfn-lint doesn't know.

    Parallel states have Parameters: https://states-language.net/#state-type-table, as the CDK knows.
    A resource that is a placeholder is the ARN of a function.
    """
    known: Definition = json.loads(json.dumps(definition))
    for _, each in states(known):
        state = cast("dict[str, Any]", each)
        if state["Type"] == "Parallel":
            state.pop("Parameters", None)
        if state.get("Resource", "").startswith("${"):
            state["Resource"] = "arn:aws:lambda:us-east-1:123456789012:function:example"
    return known


def branches(machine: Definition) -> dict[str, str]:
    """Return the name of every branch, such as `Compensate[1]`, by its first state."""
    return {
        branch["StartAt"]: f"{name}[{index}]"
        for name, state in states(machine)
        for index, branch in enumerate(inner_machines(state))
    }


def handler_of(error: str, handlers: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the index of the first retrier or catcher that handles an error."""
    for index, handler in enumerate(handlers):
        if any(_covers(name, error) for name in handler["ErrorEquals"]):
            return index
    return None


def _covers(name: str, error: str) -> bool:
    if error in _NEVER_HANDLED:
        return False
    return name in {error, "States.ALL"} or (name == "States.TaskFailed" and error != TIMEOUT)


def retries_of(retrier: Mapping[str, Any]) -> int:
    """Return how often a retrier retries in one execution of its state."""
    return int(retrier.get("MaxAttempts", _DEFAULT_RETRIES))


def retries_left(state: State, error: str, before: Sequence[str] = ()) -> int:
    """Return how often a state still retries an error, after the errors `before` in the same execution.

    A retrier counts its own errors: "A retrier's parameters apply across all visits to the retrier in the
    context of a single-state execution."
    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    retriers = state.get("Retry", [])
    index = handler_of(error, retriers)
    if index is None:
        return 0
    used = sum(handler_of(each, retriers) == index for each in before)
    return max(retries_of(retriers[index]) - used, 0)


def longest_waits(state: State, errors: Sequence[str]) -> list[float]:
    """Return the longest wait in seconds after each of a state's errors, in their order."""
    retriers = state.get("Retry", [])
    retries = [0] * len(retriers)
    waits = []
    for error in errors:
        index = handler_of(error, retriers)
        if index is None:
            break
        waits.append(longest_wait(retriers[index], retries[index]))
        retries[index] += 1
    return waits


def longest_wait(retrier: Mapping[str, Any], attempt: int) -> float:
    """Return the longest wait in seconds before a retry; `attempt` counts from 0."""
    wait = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2) ** attempt
    return float(min(wait, retrier.get("MaxDelaySeconds", wait)))
