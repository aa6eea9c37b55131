"""Turns a fault on and off in a deployed service, by an environment variable of its function."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from botocore.exceptions import ClientError

from handlers.contract.fault import FAULT_VARIABLE, Fault, InvalidFault
from orderctl.deployed_workflow import DeployedWorkflow
from orderctl.errors import OperatorError, WrongArguments
from orderctl.stack import Stack


class Service(StrEnum):
    """The services that can be made to fail."""

    INVENTORY = "inventory"
    PAYMENT = "payment"
    NOTIFICATION = "notification"


# The first state of the workflow that invokes the function of the service.
_FIRST_STATE: Final = {
    Service.INVENTORY: "ReserveInventory",
    Service.PAYMENT: "AuthorizePayment",
    Service.NOTIFICATION: "NotifyReceived",
}
_PROD: Final = "prod"
# What a call needs besides: it reads and writes a record, and calls a provider or a topic.
_WORK_SECONDS: Final = 1.0
_CONFLICTS: Final = frozenset({"PreconditionFailedException", "ResourceConflictException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Function:
    """The configuration of a function; every change gives it another `revision`."""

    name: str
    revision: str
    timeout: float  # seconds
    variables: Mapping[str, str]


class FaultSwitch:
    """The fault of one service of a deployed stack."""

    def __init__(self, stack: Stack, service: Service, workflow: DeployedWorkflow | None = None) -> None:
        self._lambda = stack.client("lambda")
        self._service = service
        self._arn = (workflow or DeployedWorkflow(stack)).function_arn(_FIRST_STATE[service])

    def read(self) -> Fault | None:
        """Return the fault that is on, or None."""
        text = self._function().variables.get(FAULT_VARIABLE)
        return Fault.parse(text) if text is not None else None

    def turn_on(self, fault: Fault, *, force: bool = False) -> None:
        """Turn the fault on, from the next invocation; the stage prod needs `force`."""
        function = self._function()
        self._require_possible(function, fault, force=force)
        self._configure(function, {**function.variables, FAULT_VARIABLE: str(fault)})

    def turn_off(self) -> None:
        """Turn the fault off."""
        function = self._function()
        if FAULT_VARIABLE in function.variables:
            others = {name: value for name, value in function.variables.items() if name != FAULT_VARIABLE}
            self._configure(function, others)

    def check(self, fault: Fault | None) -> None:
        """Raise the error that `turn_on` would raise for this fault; nothing is changed."""
        if fault is not None:
            self._require_possible(self._function(), fault, force=False)

    def most_latency(self) -> float:
        """Return by how many seconds a call can be slower and still succeed."""
        return self._function().timeout - _WORK_SECONDS

    def _require_possible(self, function: _Function, fault: Fault, *, force: bool) -> None:
        if not force and function.variables.get("STAGE", _PROD) == _PROD:
            raise OperatorError(
                f"The {self._service} service is in the stage prod",
                why="a fault there affects customers",
                what_to_do="Add --force to turn it on anyway.",
            )
        if fault.latency > function.timeout - _WORK_SECONDS:
            raise WrongArguments(
                f"A latency of {fault.latency:g} s is too long",
                why=f"the {self._service} function is stopped after {function.timeout:g} s, and its work "
                f"takes up to {_WORK_SECONDS:g} s: its calls would fail instead of being slow",
                what_to_do=f"At most {function.timeout - _WORK_SECONDS:g}s. With --rate, calls fail.",
            )

    def _function(self) -> _Function:
        found = self._lambda.get_function_configuration(FunctionName=self._arn)
        return _Function(
            name=found["FunctionName"],
            revision=found["RevisionId"],
            timeout=found["Timeout"],
            variables=found.get("Environment", {}).get("Variables", {}),
        )

    def _configure(self, function: _Function, variables: Mapping[str, str]) -> None:
        """Change the variables and wait until new invocations get them."""
        try:
            self._lambda.update_function_configuration(
                FunctionName=function.name,
                Environment={"Variables": dict(variables)},
                RevisionId=function.revision,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _CONFLICTS:
                raise
            raise OperatorError(
                f"The function of the {self._service} service was changed at the same time",
                why="a deployment or another command is running",
                what_to_do="Try again when it has ended.",
            ) from None
        self._lambda.get_waiter("function_updated_v2").wait(
            FunctionName=function.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )


def switched_on(stack: Stack, services: Collection[str]) -> list[Service]:
    """Return those of the services that have a fault; none where the operator may not read that.

    Costs DescribeStateMachine and a call for each service; nothing without a service that can have one.
    """
    known = [service for service in Service if service in services]
    if not known:
        return []
    try:
        workflow = DeployedWorkflow(stack)
        return [service for service in known if FaultSwitch(stack, service, workflow).read()]
    except (ClientError, OperatorError, InvalidFault):
        return []


def turn_off_command(service: Service, options: str = "") -> str:
    """Return the command that ends the fault; `options` are those of the stack."""
    return f"orderctl fault {service} off{options}"
