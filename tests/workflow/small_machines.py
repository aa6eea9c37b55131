"""Small state machines that show one behaviour of the interpreter."""

import json
from collections.abc import Callable
from typing import Any

from devtools.asl.interpreter import Event, ExecutionResult, Start, StateMachine, run

FAIL = {"Type": "Fail", "Error": "Caught"}
CATCH_ALL = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught"}]
RETRY_ALL = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 10, "BackoffRate": 2, "MaxAttempts": 3}


class Client:
    """Replaces a boto3 client: every method calls `behaviour`."""

    def __init__(self, behaviour: Callable[[dict[str, Any]], Any]) -> None:
        self._behaviour = behaviour

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda **request: self._behaviour(request)


def execute(
    states: dict[str, Any],
    behaviour: Callable[[dict[str, Any]], Any] = lambda _: {},
    input_: Any = None,
    on_event: Callable[[Event], None] = lambda _: None,
    *,
    in_place: bool = False,
    **machine: Any,
) -> ExecutionResult:
    definition = {"StartAt": next(iter(states)), "States": states, **machine}
    arn = "arn:aws:states:eu-central-1:123456789012"
    return run(
        StateMachine(
            arn=f"{arn}:stateMachine:m",
            name="m",
            type="EXPRESS",
            role_arn="arn:aws:iam::123456789012:role/r",
            definition=json.dumps(definition),
        ),
        Start(
            arn=f"{arn}:express:m:e:1", name="e", started_at="2026-11-22T15:14:31.123Z", input=input_ or {}
        ),
        client_for=lambda *_: Client(behaviour),
        sleep=lambda _: None,
        on_event=on_event,
        in_place=in_place,
    )


FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:f"


def task(resource: str = FUNCTION, **fields: Any) -> dict[str, Any]:
    called = resource if resource == FUNCTION else f"arn:aws:states:::{resource}"
    return {"Type": "Task", "Resource": called, "Parameters": {}, "End": True} | fields


def raising(error: Exception) -> Callable[[Any], Any]:
    def behaviour(_: Any) -> Any:
        raise error

    return behaviour
