"""The definition keeps its rules before anything runs it."""

import copy

import pytest

from devtools.asl.definition import read_definition
from tests.workflow.definition_checks import schema_violations, slowest_seconds, violations

DEFINITION = read_definition()


def test_cfn_lint_finds_nothing_wrong_with_the_state_machine() -> None:
    assert schema_violations(DEFINITION) == []


def test_cfn_lint_would_find_a_state_without_its_next() -> None:
    broken = copy.deepcopy(DEFINITION)
    del broken["States"]["ConfirmOrder"]["Next"]

    assert schema_violations(broken) != []


def test_every_task_is_bounded_in_time_retried_and_caught() -> None:
    assert violations(DEFINITION) == []


@pytest.mark.parametrize("field", ["TimeoutSeconds", "Retry", "Catch"])
def test_a_task_that_is_not_is_named(field: str) -> None:
    broken = copy.deepcopy(DEFINITION)
    del broken["States"]["ConfirmOrder"][field]

    assert [problem for problem in violations(broken) if problem.startswith("ConfirmOrder")]


def test_a_task_that_retries_every_error_is_named() -> None:
    broken = copy.deepcopy(DEFINITION)
    broken["States"]["ConfirmOrder"]["Retry"][0]["ErrorEquals"].append("States.TaskFailed")

    assert violations(broken) == ["ConfirmOrder retries what trying again can't mend"]


def test_a_definition_that_goes_round_in_a_circle_never_ends() -> None:
    broken = copy.deepcopy(DEFINITION)
    broken["States"]["PaymentBroken"]["Next"] = "DecideOutcome"

    assert slowest_seconds(broken) == float("inf")


def test_the_slowest_execution_ends_within_its_timeout_and_that_within_the_one_of_express() -> None:
    slowest = slowest_seconds(DEFINITION)

    print(f"the slowest execution takes {slowest:.0f} s of {DEFINITION['TimeoutSeconds']} s")  # noqa: T201  for people
    assert slowest < DEFINITION["TimeoutSeconds"] < 300
