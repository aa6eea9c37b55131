"""Rules that every state of the definition keeps."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from handlers.domain.errors import DependencyUnavailable, GatewayUnavailable, NotificationInProgress
from tests.workflow.deployment import DEFINITION

State = Mapping[str, Any]


def _states(machine: State) -> Iterator[tuple[str, State]]:
    for name, state in machine["States"].items():
        yield name, state
        for branch in state.get("Branches", []):
            yield from _states(branch)


MACHINE = json.loads(DEFINITION.read_text())
STATES = dict(_states(MACHINE))
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
CALLS = {name: task for name, task in TASKS.items() if task["Resource"].endswith(":lambda:invoke")}
TRANSIENT: dict[str, set[type[Exception]]] = {
    "Inventory": {DependencyUnavailable},
    "Payment": {DependencyUnavailable, GatewayUnavailable},
    "Notification": {DependencyUnavailable, NotificationInProgress},
}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_bounded_in_time_retried_and_caught(name: str) -> None:
    task = TASKS[name]

    assert task["TimeoutSeconds"] in {3, 10}
    backoff = task["Retry"][-1]
    assert "States.Timeout" in backoff["ErrorEquals"]
    assert (backoff["IntervalSeconds"], backoff["BackoffRate"], backoff["MaxAttempts"]) == (1, 2, 3)
    assert (backoff["MaxDelaySeconds"], backoff["JitterStrategy"]) == (4, "FULL")
    assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


@pytest.mark.parametrize("name", CALLS)
def test_a_call_retries_what_is_transient_in_its_service(name: str) -> None:
    retried = _retried(name)

    service = CALLS[name]["Parameters"]["FunctionName"].removesuffix("FunctionArn}").removeprefix("${")
    assert {error for error in retried if "." not in error} == {
        error.__name__ for error in TRANSIENT[service]
    }


def test_every_call_retries_the_same_failures_of_lambda() -> None:
    failures = {frozenset(error for error in _retried(name) if "." in error) for name in CALLS}

    assert len(failures) == 1


def _retried(name: str) -> set[str]:
    return {error for retrier in CALLS[name]["Retry"] for error in retrier["ErrorEquals"]}


@pytest.mark.parametrize("name", [name for name in TASKS if "'step'" in str(TASKS[name])])
def test_a_parked_message_names_the_step_that_failed(name: str) -> None:
    step = TASKS[name]["Parameters"]["MessageBody"]["step"]

    assert name == f"Park{step}"
    assert step in TASKS


def test_placeholders_are_those_that_the_deployment_fills(dev_template: dict[str, Any]) -> None:
    (machine,) = (
        resource["Properties"]
        for resource in dev_template["Resources"].values()
        if resource["Type"] == "AWS::StepFunctions::StateMachine"
    )

    placeholders = set(re.findall(r"\$\{(\w+)}", DEFINITION.read_text()))

    assert placeholders == machine["DefinitionSubstitutions"].keys()


def test_the_slowest_execution_ends_before_its_timeout_and_that_before_express_ends_it() -> None:
    slowest = _slowest(MACHINE, MACHINE["StartAt"])

    assert f"{slowest} s." in MACHINE["Comment"]
    assert slowest < MACHINE["TimeoutSeconds"] < 300


def _slowest(machine: State, name: str) -> int:
    """Add up the seconds from a state to the end, every attempt timing out and every pause at its longest."""
    state = machine["States"][name]
    return _duration(state) + max((_slowest(machine, next_) for next_ in _next(state)), default=0)


def _duration(state: State) -> int:
    branches = [_slowest(branch, branch["StartAt"]) for branch in state.get("Branches", [])]
    if state["Type"] != "Task":
        return max(branches, default=0)
    backoff = state["Retry"][-1]
    attempts = backoff["MaxAttempts"]
    longest = [
        min(backoff["IntervalSeconds"] * backoff["BackoffRate"] ** attempt, backoff["MaxDelaySeconds"])
        for attempt in range(attempts)
    ]
    return int((attempts + 1) * state["TimeoutSeconds"] + sum(longest))


def _next(state: State) -> set[str]:
    ways = [state, *state.get("Catch", []), *state.get("Choices", [])]
    named = {way["Next"] for way in ways if "Next" in way}
    return named | ({state["Default"]} if "Default" in state else set())
