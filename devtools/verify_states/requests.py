"""The requests to TestState: each step once, however many recordings have it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from devtools.asl.definition import MACHINE, Definition, State
from devtools.recording.task_responses import TaskResponse
from devtools.verify_states.examples import VALUES, filled
from devtools.verify_states.steps import Expectation, Step
from orderctl.deployed_workflow import function_of, states


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of TestState, and what it is to answer."""

    state: str
    attempt: int  # from 0
    arguments: Mapping[str, Any]
    expected: Expectation
    scenarios: tuple[str, ...]


def requests_of(steps: Iterable[Step], definition: Definition) -> list[Request]:
    """Return the distinct requests; equal requests that expect different things stay apart."""
    found: dict[str, Request] = {}
    declared = dict(states(definition))
    for request in _all(steps, declared):
        key = _json([request.arguments, request.expected])
        known = found.get(key, request)
        scenarios = tuple(dict.fromkeys([*known.scenarios, *request.scenarios]))
        found[key] = replace(known, scenarios=scenarios)
    return list(found.values())


def _all(steps: Iterable[Step], declared: Mapping[str, State]) -> Iterator[Request]:
    for step in steps:
        arguments = _arguments(step, declared[step.state])
        yield Request(
            state=step.state,
            attempt=step.retries,
            arguments=arguments,
            expected=_filled(step.expected),
            scenarios=(step.scenario,),
        )


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
    # A function returns any JSON: no API describes it.
    mode = "NONE" if function_of(state) else "STRICT"
    return {"result": _json(filled(response["Return"])), "fieldValidationMode": mode}


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
    return json.dumps(value, sort_keys=True, default=_fields)


def _fields(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass. `asdict` would copy all that is in them, which takes seconds."""
    return {field.name: getattr(value, field.name) for field in fields(value)}
