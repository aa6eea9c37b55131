"""A replay of the definition has the recorded states, retries, calls and output."""

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devtools.asl.definition import DEFINITION
from devtools.recording.recording import RECORDINGS, Recording, recordings
from devtools.recording.scripts.catalogue import all_scripts
from devtools.recording.stack_scenarios import STACK_SCENARIOS
from tests.workflow.recording_check import check
from tests.workflow.replay_pictures import draw_both

TEXT = DEFINITION.read_text()


def _read(name: str) -> Recording:
    return Recording.read(RECORDINGS / f"{name}.json")


@pytest.mark.parametrize("file", recordings(), ids=lambda file: file.stem)
def test_a_recording_is_replayed_as_recorded(file: Path, tmp_path: Path) -> None:
    recording = Recording.read(file)

    checked = check(TEXT, recording)

    if checked.message:
        picture = draw_both(json.loads(TEXT), recording, checked.outcome, tmp_path)
        pytest.fail(f"{checked.message}\nBoth as a picture: {picture}", pytrace=False)


def test_every_scenario_has_a_recording_and_every_recording_has_a_scenario() -> None:
    declared = {scenario.name for scenario in STACK_SCENARIOS} | all_scripts().keys()

    assert {file.stem for file in recordings()} == declared


def test_only_the_recordings_of_scripts_are_marked_as_hand_written() -> None:
    by_hand = {file.stem for file in recordings() if Recording.read(file).origin.where == "hand"}

    assert by_hand == all_scripts().keys()


@pytest.mark.parametrize("name", all_scripts())
def test_a_hand_written_recording_has_the_responses_of_its_script(name: str) -> None:
    recording = _read(name)

    for state, responses in all_scripts()[name].responses.items():
        assert tuple(recording.responses[state]) == responses


@pytest.mark.parametrize("file", recordings(), ids=lambda file: file.stem)
def test_no_recording_has_personal_data_or_an_account(file: Path) -> None:
    text = file.read_text()

    found = re.findall(
        r"[\w.]+@[\w.]+|pm_\w+|\d{12}|arn:aws:\w+:\w|https?://|[0-9a-f]{8}-[0-9a-f]{4}|\d\d:\d\d:\d\d", text
    )

    assert found == []


def test_a_recording_that_is_read_and_written_is_unchanged(tmp_path: Path) -> None:
    recording = _read("delivery_queue_fails_held")

    assert recording.write(tmp_path)

    assert (tmp_path / "delivery_queue_fails_held.json").read_text() == recording.to_text()
    assert Recording.read(tmp_path / "delivery_queue_fails_held.json") == recording


def test_an_equal_recording_does_not_change_the_file(tmp_path: Path) -> None:
    recording = _read("bug_in_capture")
    recording.write(tmp_path)
    before = (tmp_path / "bug_in_capture.json").read_text()

    tomorrow = replace(recording, origin=replace(recording.origin, date="2199-01-01", engine="newer"))

    assert not tomorrow.write(tmp_path)
    assert (tmp_path / "bug_in_capture.json").read_text() == before


def test_a_task_without_a_recorded_response_is_named_and_makes_no_call() -> None:
    recording = _read("captured_before")
    responses = {name: given for name, given in recording.responses.items() if name != "CapturePayment"}

    found = check(TEXT, replace(recording, responses=responses)).message

    assert "CapturePayment, attempt 0: no recorded response" in found


def test_a_recorded_attempt_that_is_not_made_is_named() -> None:
    recording = _read("lambda_throttles_accepted")

    found = check(TEXT.replace('"MaxAttempts": 3', '"MaxAttempts": 2'), recording).message

    assert "CapturePayment: 0 of 4 recorded responses used" in found


def test_a_difference_names_the_state_and_how_to_record_again() -> None:
    changed = TEXT.replace("REMOVE reason, unannounced", "REMOVE unannounced")

    found = check(changed, _read("captured_before")).message

    assert "OrderWorkflow: differs in ConfirmOrder" in found
    assert '-   "UpdateExpression": "SET' in found
    assert '+   "UpdateExpression": "SET' in found
    assert found.endswith("record it again: orderctl record captured_before")


def test_another_back_off_is_a_difference() -> None:
    changed = TEXT.replace('"MaxDelaySeconds": 4', '"MaxDelaySeconds": 3')

    found = check(changed, _read("lambda_throttles_accepted")).message

    assert "waits:" in found


def test_a_replay_does_not_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)

    checked = check(TEXT, _read("lambda_throttles_accepted"))

    assert checked.outcome.waits["CapturePayment"] == [1, 2, 4]
    assert pauses == []


def test_the_responses_are_in_the_format_of_step_functions_local() -> None:
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
