"""Checks of a definition that need no execution."""

import json
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from devtools.asl.definition import (
    TIMEOUT,
    Definition,
    State,
    for_cfn_lint,
    handler_of,
    longest_wait,
    retries_of,
)
from orderctl.deployed_workflow import states

_STATE_MACHINE_RULE = "E3601"
EXPRESS_SECONDS = 300
# How every task waits before a retry: 1 s, 2 s, then 4 s at most, shortened at random.
# How often it retries is in the recordings.
BACKOFF = {"IntervalSeconds": 1, "BackoffRate": 2, "MaxDelaySeconds": 4, "JitterStrategy": "FULL"}
# A function that is throttled because the account has no execution left is waited for longer.
THROTTLED = ["Lambda.TooManyRequestsException"]
THROTTLED_BACKOFF = {**BACKOFF, "MaxDelaySeconds": 8}


def violations(definition: Definition) -> list[str]:
    """Return every violation of the rules for tasks and of those for the execution's time."""
    return [*task_violations(definition), *time_violations(definition)]


def task_violations(definition: Definition) -> list[str]:
    """Return every violation of the rules for tasks."""
    return [problem for name, state in states(definition) for problem in _violations_of(name, state)]


def time_violations(definition: Definition) -> list[str]:
    """Return what is wrong with the execution's timeout, and with its explanation."""
    slowest, allowed = slowest_seconds(definition), definition.get("TimeoutSeconds", EXPRESS_SECONDS)
    found = []
    if not slowest < allowed < EXPRESS_SECONDS:
        found.append(
            f"the slowest execution takes {slowest:.0f} s, its timeout is {allowed} s, that of Express is "
            f"{EXPRESS_SECONDS} s: choose fewer retries, shorter timeouts of tasks, or another timeout"
        )
    if f" {slowest:.0f} s." not in definition["Comment"]:
        found.append(f"write in the comment that the slowest execution takes {slowest:.0f} s, and why")
    return found


def schema_violations(definition: Definition) -> list[str]:
    """Return the findings of cfn-lint's rule for state machines."""
    # It takes half a second to load, in every process that has a test of this folder.
    from cfnlint.api import lint  # noqa: PLC0415
    from cfnlint.config import ManualArgs  # noqa: PLC0415

    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": "arn:aws:iam::123456789012:role/workflow",
            "DefinitionString": json.dumps(for_cfn_lint(definition)),
        },
    }
    template = json.dumps({"Resources": {"OrderWorkflow": machine}})
    return [
        match.message
        for match in lint(template, config=ManualArgs(regions=["us-east-1"]))
        if match.rule.id == _STATE_MACHINE_RULE
    ]


def slowest_seconds(machine: Definition) -> float:
    """Return the seconds of the longest path, with the longest waits and every retry of one kind.

    A task that exhausts one retrier and then another can take longer. The execution's timeout may cut it off
    then; the order stays open, and the sweeper takes it up.
    """
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
    if handler_of(TIMEOUT, retriers) is None:
        yield f"{name} does not retry a timeout"
    for index, retrier in enumerate(retriers):
        waits = {field: retrier.get(field) for field in BACKOFF}
        expected = THROTTLED_BACKOFF if retrier["ErrorEquals"] == THROTTLED else BACKOFF
        if waits != expected:
            yield (
                f"{name} Retry[{index}] waits with {waits}, others with {expected}; "
                "if you mean it, change BACKOFF in tests/workflow/definition_checks.py and run `make record`"
            )
        if {"States.ALL", "States.TaskFailed"} & set(retrier["ErrorEquals"]):
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
    longest = state.get("TimeoutSeconds", EXPRESS_SECONDS)
    return max((_exhausted(retrier, longest) for retrier in state.get("Retry", [])), default=longest)


def _exhausted(retrier: Mapping[str, Any], longest: float) -> float:
    """Return the seconds until a retrier is exhausted; only an attempt that can time out lasts `longest`."""
    retries = retries_of(retrier)
    waits = sum(longest_wait(retrier, attempt) for attempt in range(retries))
    slow_attempts = 1 + (retries if TIMEOUT in retrier["ErrorEquals"] else 0)
    return slow_attempts * longest + waits


def _next(state: State) -> set[str]:
    ways = [state, *state.get("Catch", []), *state.get("Choices", [])]
    named = {way["Next"] for way in ways if "Next" in way}
    return named | ({state["Default"]} if "Default" in state else set())
