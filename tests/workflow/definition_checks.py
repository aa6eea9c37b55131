"""Checks of a definition that need no execution."""

import json
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from cfnlint.api import lint
from cfnlint.config import ManualArgs

from devtools.asl.definition import Definition, State, longest_wait
from orderctl.deployed_workflow import states

_STATE_MACHINE_RULE = "E3601"
EXPRESS_SECONDS = 300


def violations(definition: Definition) -> list[str]:
    """Return every violation of the rules for all states."""
    found = [problem for name, state in states(definition) for problem in _violations_of(name, state)]
    slowest, allowed = slowest_seconds(definition), definition.get("TimeoutSeconds", EXPRESS_SECONDS)
    if not slowest < allowed < EXPRESS_SECONDS:
        found.append(f"the slowest execution takes {slowest:.0f} s, its timeout is {allowed} s")
    if f" {slowest:.0f} s." not in definition["Comment"]:
        found.append(f"the comment does not say that the slowest execution takes {slowest:.0f} s")
    return found


def schema_violations(definition: Definition) -> list[str]:
    """Return the findings of cfn-lint's rule for state machines."""
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": "arn:aws:iam::123456789012:role/workflow",
            "DefinitionString": json.dumps(definition),
        },
    }
    template = json.dumps({"Resources": {"OrderWorkflow": machine}})
    return [
        match.message
        for match in lint(template, config=ManualArgs(regions=["us-east-1"]))
        if match.rule.id == _STATE_MACHINE_RULE
    ]


def slowest_seconds(machine: Definition) -> float:
    """Return the seconds of the longest path, when every attempt times out and every wait is the longest."""
    return _slowest(machine, machine["StartAt"])


def _violations_of(name: str, state: State) -> Iterator[str]:
    if state["Type"] != "Task":
        return
    if state.get("TimeoutSeconds") not in {3, 10}:
        yield f"{name} has no timeout of 3 s (AWS) or 10 s (a function)"
    catchers = state.get("Catch", [])
    if not catchers or catchers[-1]["ErrorEquals"] != ["States.ALL"]:
        yield f"{name} does not end with a catch of every error"
    retriers = state.get("Retry", [])
    if len(retriers) != 1:
        yield f"{name} does not have exactly one retrier"
    backoff = retriers[-1] if retriers else {}
    numbers = {name: backoff.get(name) for name in ("IntervalSeconds", "BackoffRate", "MaxAttempts")}
    if numbers != {"IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 3}:
        yield f"{name} does not wait 1, 2 and 4 s for transient errors"
    if (backoff.get("MaxDelaySeconds"), backoff.get("JitterStrategy")) != (4, "FULL"):
        yield f"{name} has no full jitter, or no longest delay of 4 s"
    if "States.Timeout" not in backoff.get("ErrorEquals", []):
        yield f"{name} does not retry a timeout"
    if {"States.ALL", "States.TaskFailed"} & set(backoff.get("ErrorEquals", [])):
        yield f"{name} retries errors that a retry can't fix"


def _slowest(machine: Definition, name: str, before: frozenset[str] = frozenset()) -> float:
    if name in before:
        return inf  # a loop
    state = machine["States"][name]
    after = (_slowest(machine, next_, before | {name}) for next_ in _next(state))
    return _duration(state) + max(after, default=0)


def _duration(state: Mapping[str, Any]) -> float:
    if state["Type"] != "Task":
        branches = state.get("Branches", [])
        return max((_slowest(branch, branch["StartAt"]) for branch in branches), default=0)
    backoff = (state.get("Retry") or [{"MaxAttempts": 0}])[-1]
    attempts = backoff.get("MaxAttempts", 3)
    waits = sum(longest_wait(backoff, attempt) for attempt in range(attempts))
    return (attempts + 1) * state.get("TimeoutSeconds", EXPRESS_SECONDS) + waits


def _next(state: State) -> set[str]:
    ways = [state, *state.get("Catch", []), *state.get("Choices", [])]
    named = {way["Next"] for way in ways if "Next" in way}
    return named | ({state["Default"]} if "Default" in state else set())
