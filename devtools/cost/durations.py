"""The tasks of an execution in their order, from its log: which are side by side, which are tried again."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from orderctl.trace import ATTEMPT, ATTEMPT_FAILED

Event = Mapping[str, Any]
"""A line of the log of an execution, parsed."""
Stages = list[list[list[str]]]
"""Stages one after the other; a stage has branches side by side; a branch has tasks one after the other."""

# The waits before a retry: 1 s, doubled, at most 4 s. With full jitter the average is half of it.
_LONGEST_WAIT: Final = 4.0
_OF_ATTEMPTS: Final = ATTEMPT | ATTEMPT_FAILED | {"TaskStarted", "LambdaFunctionStarted"}
_JOINS: Final = frozenset({"ParallelStateExited", "ParallelStateSucceeded"})


def stages_of(events: Sequence[Event], task_of: Callable[[Event], str]) -> Stages:
    """Return the tasks by stage and branch. `task_of` names the task of an attempt."""
    by_id = {event["id"]: event for event in events}
    stages: dict[tuple[str, str], list[str]] = {}
    for event in sorted(events, key=lambda each: int(each["id"])):
        if event["type"] not in ATTEMPT:
            continue
        parallel, branch = _place(event, by_id)
        tasks = stages.setdefault((parallel, branch), [])
        tasks += [*_wait(event, by_id), task_of(event)]
    return _grouped(stages)


def _place(event: Event, by_id: Mapping[str, Event]) -> tuple[str, str]:
    """Return the ids of the Parallel state and of the branch's first event; outside, both are its own."""
    current = event
    while (before := by_id.get(current["previous_event_id"])) is not None:
        if before["type"] == "ParallelStateStarted":
            return before["id"], current["id"]
        if before["type"] in _JOINS or current["type"] in _JOINS:
            break
        current = before
    return event["id"], event["id"]


def _wait(event: Event, by_id: Mapping[str, Event]) -> list[str]:
    failed = 0
    before = by_id.get(event["previous_event_id"])
    while before is not None and before["type"] in _OF_ATTEMPTS:
        failed += before["type"] in ATTEMPT_FAILED
        before = by_id.get(before["previous_event_id"])
    return [f"wait {min(2.0 ** (failed - 1), _LONGEST_WAIT) / 2:g}"] if failed else []


def _grouped(stages: Mapping[tuple[str, str], list[str]]) -> Stages:
    grouped: dict[str, list[list[str]]] = {}
    for (parallel, _), tasks in sorted(stages.items(), key=lambda each: int(each[0][0])):
        # The order of the branches differs from run to run.
        grouped[parallel] = sorted([*grouped.get(parallel, []), tasks])
    return list(grouped.values())
