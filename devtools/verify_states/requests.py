"""The requests to TestState: each step once, however many recordings have it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from devtools.asl.definition import MACHINE, Definition, State
from devtools.recording.task_responses import TaskResponse
from devtools.verify_states.examples import VALUES, filled
from devtools.verify_states.steps import Expectation, Step
from orderctl.deployed_workflow import states

_LAMBDA: Final = "arn:aws:states:::lambda:invoke"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of TestState; `expected` is None when only the shape of the mocked result is checked."""

    state: str
    attempt: int  # from 0
    arguments: Mapping[str, Any]
    expected: Expectation | None
    scenarios: tuple[str, ...]


def requests_of(steps: Iterable[Step], definition: Definition) -> list[Request]:
    """Return the distinct requests; equal requests that expect different things stay apart."""
    found: dict[str, Request] = {}
    declared = dict(states(definition))
    for request in _all(steps, declared):
        expected = asdict(request.expected) if request.expected else None
        key = _json([request.arguments, expected])
        known = found.get(key, request)
        scenarios = tuple(dict.fromkeys([*known.scenarios, *request.scenarios]))
        found[key] = replace(known, scenarios=scenarios)
    return list(found.values())


def _all(steps: Iterable[Step], declared: Mapping[str, State]) -> Iterator[Request]:
    shapes: dict[str, Request] = {}
    for step in steps:
        arguments = _arguments(step, declared[step.state])
        yield Request(
            state=step.state,
            attempt=step.retries,
            arguments=arguments,
            expected=_filled(step.expected),
            scenarios=(step.scenario,),
        )
        if _is_lambda_result(step.response, declared[step.state]):
            shape = _shape_check(step, arguments)
            known = shapes.setdefault(shape.arguments["mock"]["result"], shape)
            yield replace(known, scenarios=shape.scenarios)


def _arguments(step: Step, state: State) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "stateName": step.state,
        "input": _json(filled(step.input)),
        "inspectionLevel": "DEBUG",
    }
    if step.response is None:
        # AWS refuses a mock, and with it a context, for Choice, Pass, Succeed and Fail.
        # https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
        return arguments
    arguments["mock"] = _mock(step.response, state)
    arguments["context"] = _json(filled(_context(step)))
    if step.retrier_retries is not None:
        arguments["stateConfiguration"] = {"retrierRetryCount": step.retrier_retries}
    return arguments


def _mock(response: TaskResponse, state: State) -> dict[str, Any]:
    if "Throw" in response:
        error = filled(response["Throw"])
        return {"errorOutput": {"error": error["Error"], "cause": error["Cause"]}}
    mode = "NONE" if _is_lambda_result(response, state) else "STRICT"
    return {"result": _json(filled(response["Return"])), "fieldValidationMode": mode}


def _is_lambda_result(response: TaskResponse | None, state: State) -> bool:
    return bool(response and "Return" in response and state.get("Resource") == _LAMBDA)


def _shape_check(step: Step, arguments: Mapping[str, Any]) -> Request:
    """Return the request that checks a function's result against Lambda's API.

    There the payload is text, and the state has it parsed. STRICT refuses the parsed one.
    https://github.com/localstack/localstack/blob/main/tests/aws/services/stepfunctions/v2/test_state/test_field_validation_mode.py
    """
    result = json.loads(arguments["mock"]["result"])
    as_text = {**result, "Payload": _json(result["Payload"])}
    mock = {"result": _json(as_text), "fieldValidationMode": "STRICT"}
    return Request(
        state=step.state,
        attempt=step.retries,
        arguments={**arguments, "mock": mock},
        expected=None,
        scenarios=(step.scenario,),
    )


def _context(step: Step) -> dict[str, Any]:
    """Return the Context object. AWS refuses other fields than these, and `Task` and `Map` here.

    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
    """
    return {
        "Execution": {
            "Id": "${ExecutionArn}",
            "Input": step.execution_input,
            "Name": "${ExecutionName}",
            "RoleArn": "${RoleArn}",
            "StartTime": "${StartTime}",
        },
        "State": {"EnteredTime": "${EnteredTime}", "Name": step.state, "RetryCount": step.retries},
        "StateMachine": {"Id": VALUES["StateMachineArn"], "Name": MACHINE},
    }


def _filled(expected: Expectation) -> Expectation:
    return replace(
        expected,
        output=filled(expected.output),
        cause=filled(expected.cause),
        parameters=filled(expected.parameters),
        branch_input=filled(expected.branch_input),
        result=filled(expected.result),
    )


def _json(value: Any) -> str:
    """Write JSON in one order of its keys, so that equal values give equal requests."""
    return json.dumps(value, sort_keys=True)
