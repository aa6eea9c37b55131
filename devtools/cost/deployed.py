"""The deployed local stack as it is measured: its names, tables, functions and log groups."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from devtools.cost.aws_names import AwsNames
from devtools.cost.capacity import Index
from devtools.cost.notes import OPERATOR, WORKFLOW, Tables
from devtools.local_cloud.cdk_deploy import STACK_NAME
from devtools.local_cloud.deployed_app import deployed_template
from orderctl.deployed_workflow import DeployedWorkflow
from orderctl.stack import Stack

_HANDLER: Final = "handlers."


@dataclass(frozen=True)
class DeployedStack:
    """`requests_file` is where the local cloud notes its calls."""

    stack: Stack
    requests_file: Path

    @cached_property
    def names(self) -> AwsNames:
        """The names that its resources would have on AWS."""
        found = self.stack.client("cloudformation").describe_stack_resources(StackName=STACK_NAME)
        return AwsNames(found["StackResources"])

    @cached_property
    def tables(self) -> Tables:
        """Its two tables, by their names on AWS."""
        given = {self.stack.orders_table: "Orders", self.stack.inventory_table: "Inventory"}
        dynamodb = self.stack.client("dynamodb")
        return Tables(
            called={self.names.text(physical): name for physical, name in given.items()},
            indexes={
                name: tuple(_indexes(dynamodb.describe_table(TableName=physical)["Table"]))
                for physical, name in given.items()
            },
        )

    @cached_property
    def functions(self) -> Mapping[str, Mapping[str, Any]]:
        """The configurations of its functions, by their services."""
        pages = self.stack.client("lambda").get_paginator("list_functions").paginate()
        found = {each["Handler"]: each for page in pages for each in page["Functions"]}
        return {
            handler.removeprefix(_HANDLER).removesuffix(".handler"): each
            for handler, each in found.items()
            if handler.startswith(_HANDLER)
        }

    @cached_property
    def workflow(self) -> DeployedWorkflow:
        """Its state machine."""
        return DeployedWorkflow(self.stack)

    @property
    def definition_bytes(self) -> int:
        """The size of the definition, which an execution has in its memory."""
        return len(json.dumps(self.workflow.definition, separators=(",", ":")).encode())

    @property
    def memory_megabytes(self) -> int:
        """The memory of each function."""
        (size,) = {function["MemorySize"] for function in self.functions.values()}
        return int(size)

    @cached_property
    def access_log_line(self) -> str:
        """A line of the access log of the API with values as long as those of AWS."""
        resources = deployed_template(self.stack.endpoint_url or "")["Resources"].values()
        (stage,) = (each for each in resources if each["Type"] == "AWS::ApiGateway::Stage")
        line = str(stage["Properties"]["AccessLogSetting"]["Format"])
        for variable, value in _ACCESS_LOG_VALUES.items():
            line = line.replace(f'"$context.{variable}"', json.dumps(value))
        if "$context" in line:
            raise ValueError(f"devtools/cost/deployed.py has no value for {line}")
        return line

    def caller(self, arn: str) -> str:
        """Return who called: a service, the workflow, or an operator."""
        session = arn.rpartition("/")[2]
        for service, function in self.functions.items():
            if self.names.text(str(function["FunctionName"])) == session:
                return service
        return WORKFLOW if "assumed-role" in arn else OPERATOR

    def lines(self, log_group: str, pattern: str, **where: Any) -> Iterator[Mapping[str, Any]]:
        """Yield the lines of a log group that have this text."""
        logs = self.stack.client("logs")
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=log_group, filterPattern=f'"{pattern}"', **where
        )
        for page in pages:
            yield from page["events"]


# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
_ACCESS_LOG_VALUES: Final[Mapping[str, str]] = {
    "requestId": "9b111d0e-78f0-4104-ab87-f30dfceb5fc5",
    "extendedRequestId": "JKJaXmPLvHcESHA=",
    "requestTime": "26/Nov/2026:17:34:43 +0000",
    "identity.apiKeyId": "q1w2e3r4t5",
    "httpMethod": "POST",
    "resourcePath": "/orders",
    "status": "202",
    "error.responseType": "-",
    "responseLength": "312",
    "responseLatency": "74",
    "integration.integrationStatus": "200",
    "integrationLatency": "71",
    "integration.requestId": "c16b5258-ae67-4eb0-8cb4-b7f446cd2e5d",
    "xrayTraceId": "1-6b086db0-3254a78a6685487c6993403f",
}


def _indexes(table: Mapping[str, Any]) -> Iterator[Index]:
    of_table = {key["AttributeName"] for key in table["KeySchema"]}
    for index in table.get("GlobalSecondaryIndexes", []):
        keys = {key["AttributeName"] for key in index["KeySchema"]}
        projected = set(index["Projection"].get("NonKeyAttributes", []))
        yield Index(
            name=index["IndexName"],
            keys=frozenset(keys),
            attributes=frozenset(of_table | keys | projected),
        )
