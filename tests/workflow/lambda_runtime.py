"""Invokes the real handlers in this process, and responds as the Lambda service does."""

import io
import json
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from uuid import uuid4

from tests.workflow.deployment import Deployment
from tests.workflow.interventions import Interventions


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationContext:
    """The context object of an invocation."""

    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: int
    timeout_seconds: int
    aws_request_id: str = field(default_factory=lambda: str(uuid4()))

    def get_remaining_time_in_millis(self) -> int:
        return self.timeout_seconds * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaRuntime:
    """Replaces boto3's Lambda client; a test can intervene in a function and in its invocation."""

    deployment: Deployment
    interventions: Interventions

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803  boto3's names
        event = json.loads(Payload)
        result: dict[str, Any] = self.interventions.around(
            f"invoke {event['operation']}", lambda: self._run(FunctionName, event)
        )
        return result

    def _run(self, arn: str, event: dict[str, Any]) -> dict[str, Any]:
        function = self.deployment.function(arn)
        module, _, name = function["Handler"].rpartition(".")
        handler = getattr(import_module(module), name)
        context = InvocationContext(
            function_name=arn.rpartition(":")[2],
            invoked_function_arn=arn,
            memory_limit_in_mb=function["MemorySize"],
            timeout_seconds=function["Timeout"],
        )
        try:
            return response(self.interventions.around(event["operation"], lambda: handler(event, context)))
        except Exception as error:  # noqa: BLE001  a caller of Lambda gets a response to any exception
            return failure(error)


def response(payload: Any) -> dict[str, Any]:
    return {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": _stream(payload)}


def failure(error: Exception) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html."""
    return function_error(
        {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "requestId": str(uuid4()),
            "stackTrace": traceback.format_tb(error.__traceback__),
        }
    )


def function_error(payload: Mapping[str, Any]) -> dict[str, Any]:
    return response(payload) | {"FunctionError": "Unhandled"}


def _stream(payload: Any) -> io.BytesIO:
    return io.BytesIO(json.dumps(payload).encode())
