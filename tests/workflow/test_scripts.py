"""The hand-written scenarios follow the definition: they say what happens, not how often."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from devtools.asl.definition import Definition, read_definition
from devtools.recording.recording import Recording
from devtools.recording.script_recorder import record_script
from devtools.recording.scripts.catalogue import all_scripts
from devtools.recording.scripts.script import Script, fails, recovers, status
from devtools.recording.task_responses import throws
from orderctl.deployed_workflow import states
from orderctl.errors import OperatorError
from tests.workflow.recording_coverage import covered, parts

THROTTLED = "Lambda.TooManyRequestsException"
NEW_ERROR = "DynamoDB.MadeUpException"


def _tasks(definition: Definition) -> Iterator[Any]:
    return (state for _, state in states(definition) if "Retry" in state)


def _with_retries(count: int) -> Definition:
    """Return the definition with one retrier in each task, so that these tests outlive changes of it."""
    definition = read_definition()
    for task in _tasks(definition):
        errors = [error for retrier in task["Retry"] for error in retrier["ErrorEquals"]]
        task["Retry"] = [{**task["Retry"][-1], "ErrorEquals": errors, "MaxAttempts": count}]
    return definition


USUAL = _with_retries(3)


def _with_a_retrier_for_throttles(others: int = 3) -> Definition:
    """Give the throttles of Lambda a retrier of their own, with more retries."""
    definition = _with_retries(others)
    for task in _tasks(definition):
        (retrier,) = task["Retry"]
        if THROTTLED in retrier["ErrorEquals"]:
            retrier["ErrorEquals"].remove(THROTTLED)
            task["Retry"].insert(0, {**retrier, "ErrorEquals": [THROTTLED], "MaxAttempts": 6})
    return definition


def _with_another_retried_error() -> Definition:
    definition = copy.deepcopy(USUAL)
    for task in _tasks(definition):
        if task["Resource"].endswith(":dynamodb:updateItem"):
            task["Retry"][0]["ErrorEquals"].append(NEW_ERROR)
    return definition


@pytest.fixture(scope="module")
def gaps(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What only scenarios on a stack cover."""
    return _gaps(USUAL, _record_all(USUAL, tmp_path_factory.mktemp("usual")))


@pytest.mark.parametrize(
    "change",
    [
        lambda: _with_retries(4),
        lambda: _with_retries(2),
        _with_a_retrier_for_throttles,
        _with_another_retried_error,
    ],
    ids=["more retries", "fewer retries", "a second retrier", "another error"],
)
def test_scenarios_of_changed_retries_are_recorded_and_cover_them(
    change: Callable[[], Definition], gaps: set[str], tmp_path: Path
) -> None:
    definition = change()

    recorded = _record_all(definition, tmp_path)

    assert definition != USUAL
    assert _gaps(definition, recorded) - gaps == set()


def test_a_lasting_error_fails_once_more_than_its_retrier_retries() -> None:
    definition = _calling({"ErrorEquals": ["A"], "MaxAttempts": 1}, {"ErrorEquals": ["B"], "MaxAttempts": 5})
    script = _script(Call=(throws("B"), *fails("A"), *fails("B"), *fails("C")))

    (responses,) = script.unusual_responses(definition).values()

    errors = [response["Throw"]["Error"] for response in responses]
    assert errors == ["B", "A", "A", "B", "B", "B", "B", "B", "C"]


def test_an_error_without_a_retry_is_scripted_once() -> None:
    script = _script(Call=fails("A"))

    assert script.unusual_responses(_calling()) == {"Call": (throws("A"),)}


def test_a_retrier_without_a_number_retries_three_times() -> None:
    script = _script(Call=fails("A"))

    (responses,) = script.unusual_responses(_calling({"ErrorEquals": ["A"]})).values()

    assert len(responses) == 4


def test_errors_that_are_too_many_for_one_execution_are_shared_out_by_retrier() -> None:
    found = _scripted_errors(_with_a_retrier_for_throttles(others=1))

    assert found["lambda_throttles_accepted"] == [THROTTLED, "Lambda.ServiceException"]
    assert found["lambda_throttles_accepted_2"] == ["Lambda.AWSLambdaException"]


def test_a_retrier_of_its_own_is_exhausted_by_a_scenario_of_its_own() -> None:
    found = _scripted_errors(_with_a_retrier_for_throttles())

    assert found["capture_payment_exhausts_lambda_too_many_requests_exception"] == [THROTTLED] * 7


def test_an_error_without_a_theme_gets_a_scenario() -> None:
    scripts = all_scripts(_with_another_retried_error())

    responses = scripts["table_others_accepted"].unusual_responses(USUAL)["ConfirmOrder"]
    assert responses[-2:] == recovers("ConfirmOrder", NEW_ERROR)


@pytest.mark.parametrize(
    ("script", "problem", "to_do"),
    [
        (
            {"responses": {"AuthorizePayment": status("DECLINED")}, "ends_in": "MessageLost"},
            "it ends in OrderProcessed, the script says MessageLost",
            'write ends_in="OrderProcessed"',
        ),
        (
            {"responses": {"ReversePayment": status("VOIDED")}},
            "responses are left over: ReversePayment makes 0 of 1 attempts",
            "take them out of the script",
        ),
        (
            {"responses": {"CapturePayment": ()}},
            "no response for CapturePayment, attempt 0",
            "Write it in _USUAL of devtools/recording/scripts/script.py",
        ),
    ],
)
def test_a_script_that_can_not_be_recorded_says_what_to_write(
    script: dict[str, Any], problem: str, to_do: str
) -> None:
    with pytest.raises(OperatorError) as refused:
        record_script(Script(name="changed", description="", **script))

    assert problem in str(refused.value)
    assert to_do in str(refused.value)


def _record_all(definition: Definition, folder: Path) -> list[Recording]:
    file = folder / "definition.json"
    file.write_text(json.dumps(definition))
    return [record_script(script, file) for script in all_scripts(definition).values()]


def _gaps(definition: Definition, recorded: list[Recording]) -> set[str]:
    histories = [recording.outcome.history for recording in recorded]
    return parts(definition) - {item for history in histories for item in covered(definition, history)}


def _scripted_errors(definition: Definition) -> dict[str, list[str]]:
    """Return the errors of CapturePayment by scenario."""
    return {
        name: [
            response["Throw"]["Error"]
            for response in script.unusual_responses(definition).get("CapturePayment", ())
            if "Throw" in response
        ]
        for name, script in all_scripts(definition).items()
    }


def _script(**responses: Any) -> Script:
    return Script(name="made_up", description="", responses=responses)


def _calling(*retriers: Mapping[str, Any]) -> dict[str, Any]:
    call = {"Type": "Task", "Retry": list(retriers), "End": True}
    return {"StartAt": "Call", "States": {"Call": call}}
