"""Checks mocked results and errors against the API models of the services, as botocore has them.

TestState's mode STRICT does the same on AWS, but it skips fields that the model does not have,
and it does not look at the names of errors.
https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import botocore.session
from botocore.model import OperationModel, Shape

# The call of a state whose resource is the ARN of a function.
INVOKE: Final = "lambda:invoke"
# Step Functions adds these to the result of a call that it makes itself.
_ADDED: Final = frozenset({"SdkHttpMetadata", "SdkResponseMetadata"})
# The models declare nothing as required, but these are in every response.
_ALWAYS: Final = {
    "dynamodb:updateItem": set(),
    "events:putEvents": {"FailedEntryCount", "Entries"},
    "sqs:sendMessage": {"MessageId"},
}
_NUMBERS: Final = frozenset({"integer", "long", "float", "double"})
_TYPES: Final = {"string": str, "blob": str, "timestamp": str, "boolean": bool, "list": list}

# The names of errors begin with the service, as Step Functions writes it.
_PREFIXES: Final = {"dynamodb": "DynamoDB", "events": "EventBridge", "sqs": "SQS", "lambda": "Lambda"}
# Errors of the SDK that Step Functions uses, and of Step Functions itself.
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
# https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
_BEYOND_THE_MODEL: Final = {
    "dynamodb": {"AmazonDynamoDBException", "SdkClientException"},
    "events": {"AmazonEventBridgeException", "SdkClientException", "FailedEntry"},
    "sqs": {"AmazonSQSException", "SdkClientException"},
    "lambda": {"AWSLambdaException", "SdkClientException", "ClientExecutionTimeoutException", "Unknown"},
}


def result_violations(call: str, result: Mapping[str, Any]) -> list[str]:
    """Return why a service can't give this result; `call` is for example dynamodb:updateItem."""
    if call == INVOKE:
        return []  # what a function returns is any JSON
    problems = [f"{name} is missing" for name in sorted(_ALWAYS[call] - result.keys())]
    response = {name: value for name, value in result.items() if name not in _ADDED}
    if response.get("FailedEntryCount"):
        problems.append("FailedEntryCount is an error, not a result")
    return [*problems, *_violations(response, _operation(call).output_shape, "result")]


def is_error_of(call: str, error: str) -> bool:
    """Return whether a call can fail with an error of this name.

    Step Functions gives an error outside of the model the name of the SDK's general exception.
    https://github.com/localstack/localstack/blob/main/tests/aws/services/stepfunctions/v2/error_handling/test_task_service_dynamodb.snapshot.json
    """
    service, _, _ = call.partition(":")
    prefix, _, name = error.rpartition(".")
    if error == "States.Timeout":
        return True
    if prefix == _PREFIXES[service]:
        modelled = {shape.name for shape in _operation(call).service_model.error_shapes}
        return name in _BEYOND_THE_MODEL[service] or bool({name, name.removesuffix("Exception")} & modelled)
    # the class of a function's exception, or an error of its runtime
    return service == "lambda" and prefix in {"", "Sandbox", "Runtime"}


@cache
def _operation(call: str) -> OperationModel:
    service, _, name = call.partition(":")
    model = botocore.session.get_session().get_service_model(service)
    return model.operation_model(name[0].upper() + name[1:])


def _violations(value: Any, shape: Shape, path: str) -> Iterator[str]:
    kind = shape.type_name
    expected = _TYPES.get(kind, dict)
    if kind in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield f"{path} is no number"
    elif not isinstance(value, expected):
        yield f"{path} is no {kind}"
    elif kind == "structure":
        yield from _of_structure(value, shape, path)
    elif kind == "list":
        for index, each in enumerate(value):
            yield from _violations(each, shape.member, f"{path}[{index}]")
    elif kind == "map":
        for name, each in value.items():
            yield from _violations(each, shape.value, f"{path}.{name}")
    elif kind == "string":
        yield from _of_string(value, shape, path)


def _of_structure(value: Mapping[str, Any], shape: Any, path: str) -> Iterator[str]:
    # Step Functions writes the names of all fields in PascalCase.
    members = {name[0].upper() + name[1:]: member for name, member in shape.members.items()}
    required = {name[0].upper() + name[1:] for name in shape.required_members}
    yield from (f"{path}.{name} is missing" for name in sorted(required - value.keys()))
    for name, each in value.items():
        if name in members:
            yield from _violations(each, members[name], f"{path}.{name}")
        else:
            yield f"{path}.{name} is not in the model"


def _of_string(value: str, shape: Any, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield f"{path} is none of {', '.join(shape.enum)}"
    limits = shape.metadata
    if not limits.get("min", 0) <= len(value) <= limits.get("max", len(value)):
        yield f"{path} has {len(value)} characters"
    if "pattern" in limits and not re.fullmatch(limits["pattern"], value):
        yield f"{path} does not match {limits['pattern']}"
