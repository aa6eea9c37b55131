"""Switches a fault on and off in a deployed service, by the configuration of its function."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from botocore.exceptions import ClientError

from handlers.contract.fault import FAULT_VARIABLE, Fault
from orderctl.errors import OperatorError
from orderctl.stack import Stack


class Service(StrEnum):
    """What can be broken."""

    INVENTORY = "inventory"
    PAYMENT = "payment"
    NOTIFICATION = "notification"


# The state in which the workflow asks the service first.
_FIRST_STATE: Final = {
    Service.INVENTORY: "ReserveInventory",
    Service.PAYMENT: "AuthorizePayment",
    Service.NOTIFICATION: "NotifyReceived",
}
_PROD: Final = "prod"
_CHANGED_MEANWHILE: Final = frozenset({"PreconditionFailedException", "ResourceConflictException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Function:
    """A function's configuration as it was read; `revision` tells whether it has changed since."""

    name: str
    revision: str
    variables: Mapping[str, str]


class FaultSwitch:
    """The fault of one service of a deployed stack."""

    def __init__(self, stack: Stack, service: Service) -> None:
        self._lambda = stack.client("lambda")
        self._service = service
        self._arn = _function_arn(stack, service)

    def read(self) -> Fault | None:
        """Return the fault that is on, None when the service is left alone."""
        text = self._function().variables.get(FAULT_VARIABLE)
        return Fault.parse(text) if text is not None else None

    def turn_on(self, fault: Fault, *, force: bool = False) -> None:
        """Let the service fail like this from its next invocation; in prod only by force."""
        function = self._function()
        if not force and function.variables.get("STAGE", _PROD) == _PROD:
            raise OperatorError(
                f"The {self._service} service is of the stage prod",
                why="customers would see the fault",
                what_to_do="If that is what you want, say --force.",
            )
        self._configure(function, {**function.variables, FAULT_VARIABLE: str(fault)})

    def turn_off(self) -> None:
        """Leave the service alone again."""
        function = self._function()
        if FAULT_VARIABLE in function.variables:
            others = {name: value for name, value in function.variables.items() if name != FAULT_VARIABLE}
            self._configure(function, others)

    def _function(self) -> _Function:
        found = self._lambda.get_function_configuration(FunctionName=self._arn)
        return _Function(
            name=found["FunctionName"],
            revision=found["RevisionId"],
            variables=found.get("Environment", {}).get("Variables", {}),
        )

    def _configure(self, function: _Function, variables: Mapping[str, str]) -> None:
        """Change the variables and wait until every environment that starts from now on has them."""
        try:
            self._lambda.update_function_configuration(
                FunctionName=function.name,
                Environment={"Variables": dict(variables)},
                RevisionId=function.revision,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _CHANGED_MEANWHILE:
                raise
            raise OperatorError(
                f"The {self._service} function is being changed by somebody else",
                what_to_do="Try again when the deployment or the other command is done.",
            ) from None
        self._lambda.get_waiter("function_updated_v2").wait(
            FunctionName=function.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )


def _function_arn(stack: Stack, service: Service) -> str:
    machine = stack.client("stepfunctions").describe_state_machine(stateMachineArn=stack.state_machine_arn)
    for name, state in _states(json.loads(machine["definition"])):
        if name == _FIRST_STATE[service]:
            return str(state["Parameters"]["FunctionName"])
    raise OperatorError(
        f"The workflow has no state {_FIRST_STATE[service]}",
        why="it is another version's",
        what_to_do="Deploy the stack again, or use the orderctl that deployed it.",
    )


def _states(definition: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, state in definition["States"].items():
        yield name, state
        for branch in state.get("Branches", []):
            yield from _states(branch)
