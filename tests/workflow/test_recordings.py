"""The definition does what is recorded of it, with no network: the same states, retries, calls and output."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devtools.asl.definition import DEFINITION
from devtools.recording.hand_written_scenarios import hand_written
from devtools.recording.recording import RECORDINGS, Recording, recordings
from devtools.recording.scenarios import SCENARIOS
from tests.workflow.replay_pictures import draw_both
from tests.workflow.replays import check

TEXT = DEFINITION.read_text()


def _read(name: str) -> Recording:
    return Recording.read(RECORDINGS / f"{name}.json")


@pytest.mark.parametrize("file", recordings(), ids=lambda file: file.stem)
def test_it_is_replayed_as_recorded(file: Path, tmp_path: Path) -> None:
    recording = Recording.read(file)

    checked = check(TEXT, recording)

    if checked.complaint:
        picture = draw_both(json.loads(TEXT), recording, checked.outcome, tmp_path)
        pytest.fail(f"{checked.complaint}\nBoth as a picture: {picture}", pytrace=False)


def test_every_scenario_is_recorded_and_every_recording_has_a_scenario() -> None:
    declared = {scenario.name for scenario in SCENARIOS} | hand_written().keys()

    assert {file.stem for file in recordings()} == declared


def test_only_what_is_written_by_hand_says_so() -> None:
    by_hand = {file.stem for file in recordings() if Recording.read(file).recorded.where == "hand"}

    assert by_hand == hand_written().keys()


@pytest.mark.parametrize("name", hand_written())
def test_a_hand_written_recording_has_the_answers_that_its_scenario_gives(name: str) -> None:
    recording = _read(name)

    for state, given in hand_written()[name].answers.items():
        assert tuple(recording.answers[state]) == given


@pytest.mark.parametrize("file", recordings(), ids=lambda file: file.stem)
def test_no_recording_tells_whose_order_or_account_it_was(file: Path) -> None:
    text = file.read_text()

    found = re.findall(
        r"[\w.]+@[\w.]+|pm_\w+|\d{12}|arn:aws:\w+:\w|https?://|[0-9a-f]{8}-[0-9a-f]{4}|\d\d:\d\d:\d\d", text
    )

    assert found == []


def test_a_recording_is_written_as_it_was_read(tmp_path: Path) -> None:
    recording = _read("delivery_queue_fails_held")

    assert recording.write(tmp_path)

    assert (tmp_path / "delivery_queue_fails_held.json").read_text() == recording.to_text()
    assert Recording.read(tmp_path / "delivery_queue_fails_held.json") == recording


def test_recording_the_same_again_keeps_the_file_with_its_date(tmp_path: Path) -> None:
    recording = _read("bug_in_capture")
    recording.write(tmp_path)
    before = (tmp_path / "bug_in_capture.json").read_text()

    tomorrow = replace(recording, recorded=replace(recording.recorded, date="2199-01-01", engine="newer"))

    assert not tomorrow.write(tmp_path)
    assert (tmp_path / "bug_in_capture.json").read_text() == before


def test_a_task_without_a_recorded_answer_is_named_and_calls_nothing() -> None:
    recording = _read("captured_before")
    answers = {state: given for state, given in recording.answers.items() if state != "CapturePayment"}

    found = check(TEXT, replace(recording, answers=answers)).complaint

    assert "CapturePayment, attempt 0: no recorded answer" in found


def test_an_attempt_that_is_not_made_is_named() -> None:
    recording = _read("lambda_throttles_accepted")

    found = check(TEXT.replace('"MaxAttempts": 3', '"MaxAttempts": 2'), recording).complaint

    assert "CapturePayment: 4 recorded answers, 0 asked for" in found


def test_a_difference_names_the_state_and_how_to_record_again() -> None:
    changed = TEXT.replace("REMOVE reason, unannounced", "REMOVE unannounced")

    found = check(changed, _read("captured_before")).complaint

    assert "OrderWorkflow: differs in ConfirmOrder" in found
    assert '-   "UpdateExpression": "SET' in found
    assert '+   "UpdateExpression": "SET' in found
    assert found.endswith("record it again: orderctl record captured_before")


def test_another_back_off_is_a_difference() -> None:
    changed = TEXT.replace('"MaxDelaySeconds": 4', '"MaxDelaySeconds": 3')

    found = check(changed, _read("lambda_throttles_accepted")).complaint

    assert "waits:" in found


def test_the_answers_are_in_the_format_of_step_functions_local() -> None:
    mock = json.loads((RECORDINGS / "capture_down.json").read_text())["mock"]

    (machine,) = mock["StateMachines"].values()
    names: dict[str, Any] = machine["TestCases"]["capture_down"]

    assert names.keys() >= {"CapturePayment", "ParkCapturePayment"}
    assert mock["MockedResponses"][names["CapturePayment"]] == {
        "0-3": {"Throw": {"Error": "Lambda.ServiceException", "Cause": "Service Unavailable"}}
    }


def test_a_difference_is_drawn_side_by_side(tmp_path: Path) -> None:
    recording = _read("captured_before")
    changed = TEXT.replace('"Next": "AnnounceConfirmed"', '"Next": "NotifyConfirmed"')

    picture = draw_both(json.loads(changed), recording, check(changed, recording).outcome, tmp_path)

    assert picture == tmp_path / "captured_before.svg"
    assert "replayed" in picture.read_text()
