"""The workflow as it is deployed: its definition, its log group and its functions."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

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
            if name == state_name:
                return str(state["Parameters"]["FunctionName"])
        raise OperatorError(
            f"The deployed workflow has no state {state_name}",
            why="another version of the app is deployed",
            what_to_do="Deploy the stack again, or use the version of orderctl that deployed it.",
        )


def states(definition: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and state of every state, also of those in the branches of Parallel states."""
    for name, state in definition["States"].items():
        yield name, state
        for branch in state.get("Branches", []):
            yield from states(branch)
