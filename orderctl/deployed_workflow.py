"""The workflow as it is deployed: its definition, its log group and its functions."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from orderctl.errors import OperatorError
from orderctl.stack import Stack


class DeployedWorkflow:
    """The state machine of one stack, read once."""

    def __init__(self, stack: Stack) -> None:
        self._machine = stack.client("stepfunctions").describe_state_machine(
            stateMachineArn=stack.state_machine_arn
        )

    @property
    def definition(self) -> dict[str, Any]:
        """Return the definition, in Amazon States Language."""
        return dict(json.loads(self._machine["definition"]))

    @property
    def log_group(self) -> str:
        """Return the name of the log group; raise OperatorError where logging is off."""
        try:
            destination = self._machine["loggingConfiguration"]["destinations"][0]["cloudWatchLogsLogGroup"]
        except LookupError:
            raise OperatorError(
                "The state machine does not log its executions",
                what_to_do="Deploy the stack again: it turns the logging on.",
            ) from None
        return str(destination["logGroupArn"]).split(":log-group:")[1].removesuffix(":*")

    def function_arn(self, state_name: str) -> str:
        """Return the ARN of the Lambda function that the state invokes."""
        for name, state in states(self.definition):
            if name == state_name and (arn := function_of(state)):
                return arn
        raise OperatorError(
            f"The deployed workflow has no state {state_name}",
            why="another version of the app is deployed",
            what_to_do="Deploy the stack again, or use the version of orderctl that deployed it.",
        )


_INVOKE: Final = ":states:::lambda:invoke"


def function_of(state: Mapping[str, Any]) -> str:
    """Return the ARN of the function that a state invokes, or its placeholder; "" for other states.

    The resource is the ARN itself. Releases before that invoked it by `lambda:invoke`, and a rollback does.
    """
    resource = str(state.get("Resource", ""))
    if resource.endswith(_INVOKE):
        return str(state["Parameters"]["FunctionName"])
    return "" if ":states:" in resource else resource


def payload_of(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a state that invokes a function sends to it."""
    parameters: Mapping[str, Any] = state.get("Parameters", {})
    return parameters["Payload"] if str(state["Resource"]).endswith(_INVOKE) else parameters


def states(definition: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and state of every state, also of those in the branches of Parallel states."""
    for name, state in definition["States"].items():
        yield name, state
        for branch in state.get("Branches", []):
            yield from states(branch)
