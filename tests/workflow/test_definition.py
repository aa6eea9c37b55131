"""Rules for every state of the definition."""

import pytest

from devtools.asl.definition import read_definition
from handlers.domain.errors import DependencyUnavailable, GatewayUnavailable, NotificationInProgress
from orderctl.deployed_workflow import function_of, states

TASKS = {name: state for name, state in states(read_definition()) if state["Type"] == "Task"}
CALLS = {name: task for name, task in TASKS.items() if function_of(task)}
TRANSIENT: dict[str, set[type[Exception]]] = {
    "Inventory": {DependencyUnavailable},
    "Payment": {DependencyUnavailable, GatewayUnavailable},
    "Notification": {DependencyUnavailable, NotificationInProgress},
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_retries_the_transient_errors_of_its_service(name: str) -> None:
    retried = _retried(name)

    service = function_of(CALLS[name]).removesuffix("FunctionArn}").removeprefix("${")
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
