"""Reading the log of an execution as a sequence of states and branches."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orderctl.trace import ExecutionTrace, LoggedEvent, StateRun, trace_execution

START = datetime(2026, 11, 22, 15, 14, 31, tzinfo=UTC)

Event = tuple[int, int, str] | tuple[int, int, str, dict[str, Any]]


def logged(events: Sequence[Event]) -> list[LoggedEvent]:
    return [
        LoggedEvent(
            id=event[0],
            previous_id=event[1],
            type=event[2],
            at=START + timedelta(milliseconds=10 * event[0]),
            details=event[3] if len(event) > 3 else {},
        )
        for event in events
    ]


def trace(*events: Event) -> ExecutionTrace:
    return trace_execution("arn", logged(events))


def names(runs: Sequence[StateRun]) -> list[Any]:
    """Return the names of the states; after a Parallel state come the names in its branches."""
    return [
        name
        for run in runs
        for name in (run.name, *([[names(branch.runs) for branch in run.branches]] if run.branches else []))
    ]


def two_branches(after_parallel: int) -> list[Event]:
    """Events of two parallel branches; `after_parallel` is the event before the join."""
    return [
        (1, 0, "ExecutionStarted"),
        (2, 0, "ParallelStateEntered", {"name": "Both"}),
        (3, 2, "ParallelStateStarted"),
        (4, 3, "TaskStateEntered", {"name": "Left"}),
        (5, 3, "TaskStateEntered", {"name": "Right"}),
        (6, 5, "TaskStateExited", {"name": "Right"}),
        (7, 4, "TaskStateExited", {"name": "Left"}),
        (8, 7, "PassStateEntered", {"name": "AfterLeft"}),
        (9, 8, "PassStateExited", {"name": "AfterLeft"}),
        (10, after_parallel, "ParallelStateSucceeded"),
        (11, after_parallel, "ParallelStateExited", {"name": "Both"}),
        (12, 11, "ChoiceStateEntered", {"name": "Decide"}),
        (13, 12, "ChoiceStateExited", {"name": "Decide"}),
        (14, 13, "ExecutionSucceeded"),
    ]


@pytest.mark.parametrize("after_parallel", [3, 6, 9])
def test_branches_are_separated_and_joined(after_parallel: int) -> None:
    result = trace(*two_branches(after_parallel))

    assert names(result.runs) == ["Both", [["Left", "AfterLeft"], ["Right"]], "Decide"]
    assert result.ending == "SUCCEEDED"


def test_the_trace_does_not_depend_on_the_order_of_the_logged_events() -> None:
    events = logged(two_branches(9))

    assert trace_execution("arn", reversed(events)) == trace_execution("arn", events)


def test_two_parallel_states_in_a_row_keep_their_own_branches() -> None:
    result = trace(
        (1, 0, "ExecutionStarted"),
        (2, 1, "ParallelStateEntered", {"name": "First"}),
        (3, 2, "ParallelStateStarted"),
        (4, 3, "PassStateEntered", {"name": "InFirst"}),
        (5, 4, "ParallelStateSucceeded"),
        (6, 5, "ParallelStateExited", {"name": "First"}),
        (7, 6, "ParallelStateEntered", {"name": "Second"}),
        (8, 7, "ParallelStateStarted"),
        (9, 8, "PassStateEntered", {"name": "InSecond"}),
        (10, 9, "ParallelStateSucceeded"),
        (11, 10, "ParallelStateExited", {"name": "Second"}),
    )

    assert names(result.runs) == ["First", [["InFirst"]], "Second", [["InSecond"]]]


@pytest.mark.parametrize(("kind", "sent"), [("Task", "parameters"), ("LambdaFunction", "input")])
def test_a_task_that_succeeds_at_last_has_its_attempts_and_no_error(kind: str, sent: str) -> None:
    result = trace(
        (1, 0, "TaskStateEntered", {"name": "ReserveInventory"}),
        (2, 1, f"{kind}Scheduled", {sent: "{}"}),
        (3, 2, f"{kind}Failed", {"error": "DependencyUnavailable", "cause": "throttled"}),
        (4, 3, f"{kind}Scheduled", {sent: "{}"}),
        (5, 4, f"{kind}Succeeded"),
        (6, 5, "TaskStateExited", {"name": "ReserveInventory", "output": json.dumps({"status": "RESERVED"})}),
    )

    run = result.runs[0]
    assert (run.status, run.error, run.has_succeeded) == ("RESERVED", "", True)
    assert [(each.error, each.cause, each.parameters) for each in run.attempts] == [
        ("DependencyUnavailable", "throttled", "{}"),
        ("", "", "{}"),
    ]
    assert run.waits == [pytest.approx(0.01)]
    assert run.seconds == pytest.approx(0.05)


def test_the_trace_of_a_running_execution_has_the_states_so_far() -> None:
    result = trace((1, 0, "ExecutionStarted"), (2, 1, "TaskStateEntered", {"name": "ReserveInventory"}))

    assert (names(result.runs), result.ending) == (["ReserveInventory"], "RUNNING")


def test_a_log_without_its_first_events_is_accepted() -> None:
    result = trace(*two_branches(9)[9:])

    assert names(result.runs) == ["Decide"]


@pytest.mark.parametrize("at", ["1795360471000", "2026-11-22T15:14:31.000Z"])
def test_an_event_is_parsed_from_the_log_formats_of_aws_and_of_the_local_cloud(at: str) -> None:
    event = LoggedEvent.from_json(
        {
            "id": "4",
            "type": "TaskStateEntered",
            "details": {"name": "Left"},
            "previous_event_id": "3",
            "event_timestamp": at,
            "execution_arn": "arn",
        }
    )

    assert (event.id, event.previous_id, event.details) == (4, 3, {"name": "Left"})
    assert event.at == START
