"""MiniStack's TestState, called in this process by a real boto3 client."""

import json
from collections.abc import Iterator
from typing import Any, Final

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from ministack.services import stepfunctions

_ACTIONS: Final = {
    "AWSStepFunctions.TestState": stepfunctions._test_state,
    "AWSStepFunctions.ValidateStateMachineDefinition": stepfunctions._validate_state_machine_definition,
}


def ministack_client() -> Any:
    """Return a client whose requests boto3 validates and writes, and MiniStack answers."""
    client = boto3.client(
        "stepfunctions", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    client.meta.events.register("before-send.sfn", _answer)
    return client


def _answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    target = request.headers["X-Amz-Target"]
    action = _ACTIONS[target.decode() if isinstance(target, bytes) else target]
    status, headers, body = action(json.loads(request.body))
    return AWSResponse(request.url, status, headers, _Body(body))


class _Body:
    """The body of a response, as urllib3 gives it."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._text
