"""Reading the deployed state machine."""

import json
from typing import Any

import pytest

from orderctl.deployed_workflow import DeployedWorkflow
from orderctl.errors import OperatorError

DEFINITION = {
    "States": {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"States": {"Bill": {"Type": "Task", "Resource": "arn:aws:lambda:us:1:function:bill"}}}
            ],
        },
        # as releases before have it
        "Ship": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "arn:ship", "Payload": {"operation": "ship"}},
        },
        "Store": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:updateItem", "Parameters": {}},
    }
}
LOG_GROUP_ARN = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/states/Orders:*"


class FakeStack:
    """A stack with this workflow, and its own Step Functions client."""

    state_machine_arn = "arn:machine"

    def __init__(self, **logging: Any) -> None:
        self._logging = logging

    def client(self, _service: str) -> "FakeStack":
        return self

    def describe_state_machine(self, **_: str) -> dict[str, Any]:
        return {"definition": json.dumps(DEFINITION), "loggingConfiguration": self._logging}


def workflow(**logging: Any) -> DeployedWorkflow:
    return DeployedWorkflow(FakeStack(**logging))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "arn"), [("Bill", "arn:aws:lambda:us:1:function:bill"), ("Ship", "arn:ship")]
)
def test_a_function_is_found_by_the_name_of_its_state(state: str, arn: str) -> None:
    assert workflow().function_arn(state) == arn


@pytest.mark.parametrize("state", ["Store", "Nothing"])
def test_a_state_that_invokes_no_function_is_reported(state: str) -> None:
    with pytest.raises(OperatorError, match=f"has no state {state}"):
        workflow().function_arn(state)


def test_the_log_group_is_that_of_the_state_machine() -> None:
    destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": LOG_GROUP_ARN}}]

    assert workflow(destinations=destinations).log_group == "/aws/vendedlogs/states/Orders"


@pytest.mark.parametrize("logging", [{"level": "OFF"}, {"destinations": []}])
def test_a_state_machine_that_logs_nothing_is_reported(logging: dict[str, Any]) -> None:
    with pytest.raises(OperatorError, match="does not log its executions"):
        _ = workflow(**logging).log_group
