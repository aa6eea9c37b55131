"""Runs the order workflow one service call at a time, so that a test can interleave executions.

It supports the part of the Amazon States Language that the definition uses, and raises for the rest.
`test_stepper.py` compares it with moto's interpreter.
"""

import json
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from devtools.asl.moto_patches import TaskFailure

Json = Any
Definition = Mapping[str, Any]


@dataclass(eq=False, kw_only=True)
class Call:
    """One attempt of a Task, waiting for its response."""

    state: str
    resource: str
    parameters: Json
    attempt: int


@dataclass(frozen=True, kw_only=True)
class _Fork:
    branches: list["_Thread"]


_Thread = Generator[Call | _Fork, Json, Json]


class ExecutionFailedError(Exception):
    """The execution reached a Fail state, or an error that no catcher handles."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


@dataclass(eq=False, kw_only=True)
class _Join:
    parent: _Thread
    slot: "tuple[_Join, int] | None"
    results: list[Json]
    missing: int


@dataclass(eq=False)
class SteppedExecution:
    """One execution that stops at every service call.

    `waiting` are the calls that wait for a response; any of them may be next.
    `status` is RUNNING, SUCCEEDED or FAILED.
    """

    definition: Definition
    context: dict[str, Json]
    waiting: list[Call] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    status: str = "RUNNING"
    output: Json = None
    error: str | None = None

    def __post_init__(self) -> None:
        self._owners: dict[int, tuple[_Thread, tuple[_Join, int] | None]] = {}
        root = self._run(self.definition, self.context["Execution"]["Input"])
        self._advance(root, None, None)

    @property
    def arn(self) -> str:
        """The execution's ARN."""
        return str(self.context["Execution"]["Id"])

    @property
    def started(self) -> datetime:
        """The time of its start, in whole milliseconds."""
        return datetime.fromisoformat(self.context["Execution"]["StartTime"])

    def respond(self, call: Call, response: Json | TaskFailure) -> None:
        """Give a waiting call its response, and run to the next calls."""
        self.waiting.remove(call)
        thread, slot = self._owners.pop(id(call))
        self._advance(thread, slot, response)

    def _advance(self, thread: _Thread, slot: tuple[_Join, int] | None, value: Json) -> None:
        if self.status != "RUNNING":
            return
        try:
            request = next(thread) if value is None else thread.send(value)
        except StopIteration as end:
            self._finish(slot, end.value)
        except ExecutionFailedError as failure:
            self.status, self.error = "FAILED", failure.error
            self.waiting.clear()
        else:
            self._suspend(thread, slot, request)

    def _suspend(self, thread: _Thread, slot: tuple[_Join, int] | None, request: Call | _Fork) -> None:
        if isinstance(request, Call):
            self.waiting.append(request)
            self._owners[id(request)] = (thread, slot)
            return
        count = len(request.branches)
        join = _Join(parent=thread, slot=slot, results=[None] * count, missing=count)
        for index, branch in enumerate(request.branches):
            self._advance(branch, (join, index), None)

    def _finish(self, slot: tuple[_Join, int] | None, result: Json) -> None:
        if slot is None:
            self.status, self.output = "SUCCEEDED", result
            return
        join, index = slot
        join.results[index] = result
        join.missing -= 1
        if join.missing == 0:
            self._advance(join.parent, join.slot, join.results)

    def _run(self, machine: Definition, data: Json) -> _Thread:
        name: str | None = machine["StartAt"]
        while name is not None:
            state = machine["States"][name]
            self.visited.append(name)
            name, data = yield from self._state(name, state, data)
        return data

    def _state(
        self, name: str, state: Definition, data: Json
    ) -> Generator[Any, Json, tuple[str | None, Json]]:
        if "InputPath" in state:
            data = self._value(state["InputPath"], data)
        match state["Type"]:
            case "Task":
                return (yield from self._task(name, state, data))
            case "Parallel":
                argument = self._selected(state.get("Parameters"), data, default=data)
                results = yield _Fork(branches=[self._run(branch, argument) for branch in state["Branches"]])
                return state.get("Next"), self._merge(state, data, results)
            case "Choice":
                return self._chosen(state, data), data
            case "Pass":
                result = (
                    state["Result"]
                    if "Result" in state
                    else self._selected(state.get("Parameters"), data, default=data)
                )
                return state.get("Next"), _placed(state.get("ResultPath", "$"), data, result)
            case "Succeed":
                return None, data
            case "Fail":
                cause = (
                    self._value(state["CausePath"], data) if "CausePath" in state else state.get("Cause", "")
                )
                raise ExecutionFailedError(state["Error"], cause)
            case other:
                raise NotImplementedError(other)

    def _task(
        self, name: str, state: Definition, data: Json
    ) -> Generator[Any, Json, tuple[str | None, Json]]:
        retries = [0] * len(state.get("Retry", []))  # a count for each retrier
        while True:
            parameters = self._selected(state.get("Parameters"), data, default=data)
            response = yield Call(
                state=name, resource=state["Resource"], parameters=parameters, attempt=sum(retries)
            )
            if not isinstance(response, TaskFailure):
                return state.get("Next"), self._merge(state, data, response)
            if not self._retried(state, response, retries):
                return self._caught(state, data, response)

    @staticmethod
    def _retried(state: Definition, failure: TaskFailure, retries: list[int]) -> bool:
        for index, retrier in enumerate(state.get("Retry", [])):
            if _matches(retrier["ErrorEquals"], failure.error):
                retries[index] += 1
                return retries[index] <= int(retrier.get("MaxAttempts", 3))
        return False

    @staticmethod
    def _caught(state: Definition, data: Json, failure: TaskFailure) -> tuple[str, Json]:
        for catcher in state.get("Catch", []):
            if _matches(catcher["ErrorEquals"], failure.error):
                error = {"Error": failure.error, "Cause": failure.cause}
                return catcher["Next"], _placed(catcher.get("ResultPath", "$"), data, error)
        raise ExecutionFailedError(failure.error, failure.cause)

    def _merge(self, state: Definition, data: Json, result: Json) -> Json:
        selected = self._selected(state.get("ResultSelector"), result, default=result)
        return _placed(state.get("ResultPath", "$"), data, selected)

    def _selected(self, template: Json, data: Json, *, default: Json) -> Json:
        return default if template is None else self._filled(template, data)

    def _filled(self, template: Json, data: Json) -> Json:
        if isinstance(template, Mapping):
            return {
                key.removesuffix(".$"): self._value(entry, data)
                if key.endswith(".$")
                else self._filled(entry, data)
                for key, entry in template.items()
            }
        if isinstance(template, list):
            return [self._filled(entry, data) for entry in template]
        return template

    def _value(self, expression: str, data: Json) -> Json:
        call = re.fullmatch(r"States\.(\w+)\((.*)\)", expression)
        if call is None:
            return (
                _found(self.context, expression[1:])
                if expression.startswith("$$")
                else _found(data, expression)
            )
        name, arguments = (
            call.group(1),
            [self._argument(part.strip(), data) for part in call.group(2).split(",")],
        )
        if name == "Format":
            return str(arguments[0]).replace("{}", "%s") % tuple(arguments[1:])
        if name == "JsonToString":
            return json.dumps(arguments[0], separators=(",", ":"))
        if name == "StringToJson":
            return json.loads(arguments[0])
        raise NotImplementedError(expression)

    def _argument(self, text: str, data: Json) -> Json:
        return text[1:-1] if text.startswith("'") else self._value(text, data)

    def _chosen(self, state: Definition, data: Json) -> str:
        for rule in state["Choices"]:
            if _holds(rule, data):
                return str(rule["Next"])
        return str(state["Default"])


def _matches(names: list[str], error: str) -> bool:
    # no retrier or catcher handles a mistake in the definition
    return error != "States.Runtime" and (
        "States.ALL" in names
        or error in names
        or ("States.TaskFailed" in names and error != "States.Timeout")
    )


def _holds(rule: Definition, data: Json) -> bool:
    if "And" in rule:
        return all(_holds(part, data) for part in rule["And"])
    if "Or" in rule:
        return any(_holds(part, data) for part in rule["Or"])
    if "Not" in rule:
        return not _holds(rule["Not"], data)
    if "IsPresent" in rule:
        return _present(data, rule["Variable"]) is rule["IsPresent"]
    if "StringEquals" in rule:
        return bool(_found(data, rule["Variable"]) == rule["StringEquals"])
    raise NotImplementedError(str(rule))


def _present(data: Json, path: str) -> bool:
    try:
        _found(data, path)
    except KeyError:
        return False
    return True


def _found(data: Json, path: str) -> Json:
    """Read a path of the form `$`, `$.a.b` or `$[0].a`."""
    for part in re.findall(r"\.(\w+)|\[(\d+)\]|\['([^']+)'\]", path):
        key, index, quoted = part
        data = data[int(index)] if index else data[key or quoted]
    return data


def _placed(path: str | None, data: Json, result: Json) -> Json:
    """Put a result where ResultPath says: null discards it, `$` replaces the data, `$.a` adds a field."""
    if path is None:
        return data
    if path == "$":
        return result
    name = path.removeprefix("$.")
    if "." in name:
        raise NotImplementedError(path)
    return {**data, name: result}
