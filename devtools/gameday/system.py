"""The deployed system of the game day: its resources, and the ways to break them."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final

from handlers.contract.names import LIVE_ALIAS
from orderctl.deployed_workflow import DeployedWorkflow
from orderctl.stack import Stack

_POLICY: Final = "game-day"
Change = Callable[[dict[str, Any]], object]


class System:
    """One stack of a local cloud, and its faults. Each ends with its block."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._lambda = stack.client("lambda")
        self._iam = stack.client("iam")
        self._definition = json.dumps(DeployedWorkflow(stack).definition)

    @cached_property
    def functions(self) -> Mapping[str, Mapping[str, Any]]:
        """The configurations of the functions, by service."""
        found = self._lambda.list_functions()["Functions"]
        return {
            each["Handler"].split(".")[1]: each for each in found if each["Handler"].startswith("handlers.")
        }

    @property
    def log_groups(self) -> Mapping[str, str]:
        """The log groups of the functions, by service."""
        return {service: each["LoggingConfig"]["LogGroup"] for service, each in self.functions.items()}

    @property
    def services(self) -> Mapping[str, str]:
        """The services, by the names of their functions."""
        return {each["FunctionName"]: service for service, each in self.functions.items()}

    @contextmanager
    def variables(self, service: str, changes: Mapping[str, str | None]) -> Iterator[None]:
        """Change variables of a function; None removes one."""
        name = self.functions[service]["FunctionName"]
        before = self._lambda.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        changed = {name: value for name, value in (before | changes).items() if value is not None}
        self._set_variables(name, changed)
        try:
            yield
        finally:
            self._set_variables(name, before)

    def _set_variables(self, name: str, variables: Mapping[str, str]) -> None:
        self._lambda.update_function_configuration(
            FunctionName=name, Environment={"Variables": dict(variables)}
        )
        self._lambda.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})

    @contextmanager
    def no_concurrency(self, service: str) -> Iterator[None]:
        """Let a function have no execution at all."""
        name = self.functions[service]["FunctionName"]
        self._lambda.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        try:
            yield
        finally:
            self._lambda.delete_function_concurrency(FunctionName=name)

    @contextmanager
    def denied_to_function(self, service: str, *actions: str) -> Iterator[None]:
        """Take permissions from a function."""
        with self._denied(self.functions[service]["Role"], actions):
            yield

    @contextmanager
    def _denied(self, role_arn: str, actions: tuple[str, ...]) -> Iterator[None]:
        role = {"RoleName": role_arn.rpartition("/")[2], "PolicyName": _POLICY}
        statement = {"Effect": "Deny", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._iam.put_role_policy(**role, PolicyDocument=document)
        try:
            yield
        finally:
            self._iam.delete_role_policy(**role)

    @contextmanager
    def no_schedule(self) -> Iterator[None]:
        """Stop the schedule of the sweeper."""
        scheduler = self.stack.client("scheduler")
        (schedule,) = (
            each
            for each in scheduler.list_schedules()["Schedules"]
            if each["Target"]["Arn"] == self.functions["sweeper"]["FunctionArn"]
        )
        found = scheduler.get_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])
        kept = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
        settings = {name: found[name] for name in kept}
        scheduler.update_schedule(**settings, State="DISABLED")
        try:
            yield
        finally:
            scheduler.update_schedule(**settings, State="ENABLED")

    @contextmanager
    def rule_target(self, changes: Mapping[str, str] | None) -> Iterator[None]:
        """Change the target of the rule that starts the workflow; None removes it, and events are lost."""
        events = self.stack.client("events")
        (rule,) = (
            each["Name"]
            for each in events.list_rules(EventBusName=self.stack.bus_name)["Rules"]
            if "OrderPlaced" in each.get("EventPattern", "")
        )
        of_rule = {"Rule": rule, "EventBusName": self.stack.bus_name}
        (target,) = events.list_targets_by_rule(**of_rule)["Targets"]
        if changes is None:
            events.remove_targets(**of_rule, Ids=[target["Id"]])
        else:
            events.put_targets(**of_rule, Targets=[{**target, **changes}])
        try:
            yield
        finally:
            events.put_targets(**of_rule, Targets=[target])

    def deploy_definition(self, change: Change) -> None:
        """Change the definition of the release, publish it as a version, and let it be live.

        A deployment does so. It begins with the release, whatever was deployed after that.
        """
        definition = json.loads(self._definition)
        change(definition)
        stepfunctions = self.stack.client("stepfunctions")
        machine = self.stack.state_machine_arn
        stepfunctions.update_state_machine(stateMachineArn=machine, definition=json.dumps(definition))
        version = stepfunctions.publish_state_machine_version(stateMachineArn=machine)
        stepfunctions.update_state_machine_alias(
            stateMachineAliasArn=f"{machine}:{LIVE_ALIAS}",
            routingConfiguration=[
                {"stateMachineVersionArn": version["stateMachineVersionArn"], "weight": 100}
            ],
        )
