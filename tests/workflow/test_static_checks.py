"""Rules of the definition that are checked without an execution."""

import copy

import pytest

from devtools.asl.definition import read_definition
from tests.workflow.definition_checks import (
    schema_violations,
    slowest_seconds,
    task_violations,
    time_violations,
)

DEFINITION = read_definition()


def test_cfn_lint_finds_no_violation_in_the_state_machine() -> None:
    assert schema_violations(DEFINITION) == []


def test_cfn_lint_finds_a_state_without_a_next_state() -> None:
    broken = copy.deepcopy(DEFINITION)
    del broken["States"]["ConfirmOrder"]["Next"]

    assert schema_violations(broken) != []


def test_every_task_has_a_timeout_a_retry_and_a_catch() -> None:
    found = task_violations(DEFINITION)

    assert found == [], "\n".join(found)


@pytest.mark.parametrize("field", ["TimeoutSeconds", "Retry", "Catch"])
def test_a_task_without_a_timeout_retry_or_catch_is_named(field: str) -> None:
    broken = copy.deepcopy(DEFINITION)
    del broken["States"]["ConfirmOrder"][field]

    assert [problem for problem in task_violations(broken) if problem.startswith("ConfirmOrder")]


def test_a_task_that_retries_every_error_is_named() -> None:
    broken = copy.deepcopy(DEFINITION)
    broken["States"]["ConfirmOrder"]["Retry"][0]["ErrorEquals"].append("States.TaskFailed")

    assert task_violations(broken) == ["ConfirmOrder retries errors that a retry can't fix"]


def test_a_task_that_waits_otherwise_is_named_with_the_place_of_the_rule() -> None:
    broken = copy.deepcopy(DEFINITION)
    broken["States"]["ConfirmOrder"]["Retry"].append({"ErrorEquals": ["A"], "MaxDelaySeconds": 9})

    (found,) = task_violations(broken)

    assert found.startswith("ConfirmOrder Retry[1] waits with")
    assert found.endswith("change BACKOFF in tests/workflow/definition_checks.py and run `make record`")


def test_the_retrier_that_takes_longest_counts_for_the_slowest_execution() -> None:
    throttled = copy.deepcopy(DEFINITION)
    throttled["States"]["NotifyRejected"]["Retry"][0] |= {
        "MaxAttempts": 1,
        "IntervalSeconds": 100,
        "MaxDelaySeconds": 100,
    }

    # an attempt that is throttled fails at once, so the wait is followed by one long attempt
    assert slowest_seconds(throttled) == slowest_seconds(DEFINITION) + (100 + 10) - (4 * 10 + 7)


def test_a_definition_with_a_loop_never_ends() -> None:
    broken = copy.deepcopy(DEFINITION)
    broken["States"]["PaymentBroken"]["Next"] = "DecideOutcome"

    assert slowest_seconds(broken) == float("inf")


def test_the_slowest_execution_fits_its_timeout_and_the_five_minutes_of_express() -> None:
    slowest, found = slowest_seconds(DEFINITION), time_violations(DEFINITION)

    print(f"the slowest execution takes {slowest:.0f} s of {DEFINITION['TimeoutSeconds']} s")  # noqa: T201  part of the test report
    assert found == [], "\n".join(found)
