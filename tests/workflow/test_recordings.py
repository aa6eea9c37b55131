"""A replay of the definition has the recorded states, retries, calls and output."""

import json
import re
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devtools.asl.definition import DEFINITION
from devtools.recording.recording import RECORDINGS, Recording, recordings
from devtools.recording.scripts.catalogue import all_scripts
from devtools.recording.scripts.script import Script
from devtools.recording.stack_scenarios import STACK_SCENARIOS
from tests.workflow.recording_check import check
from tests.workflow.replay_pictures import draw_both

TEXT = DEFINITION.read_text()


def _read(name: str) -> Recording:
    return Recording.read(RECORDINGS / f"{name}.json")


def _with_retries(count: int) -> str:
    return re.sub(r'"MaxAttempts": \d+', f'"MaxAttempts": {count}', TEXT)


@pytest.mark.parametrize("file", recordings(), ids=lambda file: file.stem)
def test_a_recording_is_replayed_as_recorded(file: Path, tmp_path: Path) -> None:
    recording = Recording.read(file)

    checked = check(TEXT, recording)

    if checked.lines:
        picture = draw_both(json.loads(TEXT), recording, checked.outcome, tmp_path)
        pytest.fail(f"{checked.message(tmp_path)}\nBoth as a picture: {picture}", pytrace=False)


def test_every_scenario_has_a_recording_and_every_recording_has_a_scenario() -> None:
    declared = {scenario.name for scenario in STACK_SCENARIOS} | all_scripts().keys()

    assert {file.stem for file in recordings()} == declared, "run `make record`"


def test_only_the_recordings_of_scripts_are_marked_as_hand_written() -> None:
    by_hand = {file.stem for file in recordings() if Recording.read(file).origin.where == "hand"}

    assert by_hand == all_scripts().keys() & {file.stem for file in recordings()}


def test_the_hand_written_recordings_have_the_responses_of_their_scripts() -> None:
    scripts = all_scripts()
    names = [file.stem for file in recordings() if file.stem in scripts]

    stale = [name for name in names if not _has_responses_of(scripts[name], _read(name))]

    assert stale == [], "run `make record`"


def _has_responses_of(script: Script, recording: Recording) -> bool:
    scripted = script.unusual_responses(json.loads(TEXT))
    recorded = {state: tuple(recording.responses.get(state, ())) for state in scripted}
    return recorded == scripted


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

    found = check(TEXT, replace(recording, responses=responses)).lines

    assert "CapturePayment, attempt 0: no recorded response" in found


def test_a_recorded_attempt_that_is_not_made_is_named() -> None:
    recording = _read("lambda_throttles_accepted")

    found = check(_with_retries(0), recording).lines

    recorded = len(recording.responses["CapturePayment"])
    assert f"CapturePayment: 0 of {recorded} recorded responses used" in found


@pytest.mark.parametrize("change", [1, -1])
def test_a_changed_number_of_retries_is_told_in_the_first_line(change: int, tmp_path: Path) -> None:
    recording = _read("capture_down")
    recorded = len(recording.responses["CapturePayment"])

    checked = check(_with_retries(recorded - 1 + change), recording)

    attempts = f"CapturePayment {recorded} -> {recorded + change} attempts"
    assert checked.message(tmp_path).splitlines()[:2] == [
        "capture_down is not replayed as recorded.",
        attempts,
    ]


def test_a_long_difference_shows_twenty_lines_and_the_file_with_all(tmp_path: Path) -> None:
    checked = check(_with_retries(0), _read("lambda_throttles_accepted"))

    shown = checked.message(tmp_path).splitlines()

    file = tmp_path / "lambda_throttles_accepted.diff"
    assert file.read_text().splitlines() == list(checked.lines)
    assert shown[1:21] == list(checked.lines[:20])
    assert shown[21] == f"... and {len(checked.lines) - 20} more lines in {file}"
    assert len(shown) == 23


def test_a_difference_names_the_state_and_how_to_record_again(tmp_path: Path) -> None:
    changed = TEXT.replace("REMOVE reason, unannounced", "REMOVE unannounced")

    found = check(changed, _read("captured_before")).message(tmp_path)

    assert "OrderWorkflow: differs in ConfirmOrder" in found
    assert '-   "UpdateExpression": "SET' in found
    assert '+   "UpdateExpression": "SET' in found
    assert found.endswith("record again: make record (or: orderctl record captured_before)")


def test_another_back_off_is_a_difference() -> None:
    changed = TEXT.replace('"IntervalSeconds": 1', '"IntervalSeconds": 2')

    found = check(changed, _read("lambda_throttles_accepted")).lines

    assert "waits:" in found


def test_a_replay_does_not_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    here, really = threading.current_thread(), time.sleep

    def sleep(seconds: float) -> None:
        # Other threads of this process go on as they like.
        if threading.current_thread() is here:
            pauses.append(seconds)
        else:
            really(seconds)

    monkeypatch.setattr(time, "sleep", sleep)

    checked = check(TEXT, _read("lambda_throttles_accepted"))

    assert checked.outcome.waits["CapturePayment"]
    assert pauses == []


def test_the_responses_are_in_the_format_of_step_functions_local() -> None:
    mock = json.loads((RECORDINGS / "capture_down.json").read_text())["mock"]

    (machine,) = mock["StateMachines"].values()
    names: dict[str, Any] = machine["TestCases"]["capture_down"]

    assert names.keys() >= {"CapturePayment", "ParkCapturePayment"}
    last_attempt = len(_read("capture_down").responses["CapturePayment"]) - 1
    assert mock["MockedResponses"][names["CapturePayment"]] == {
        f"0-{last_attempt}": {"Throw": {"Error": "Lambda.ServiceException", "Cause": "Service Unavailable"}}
    }


def test_a_difference_is_drawn_side_by_side(tmp_path: Path) -> None:
    recording = _read("captured_before")
    changed = TEXT.replace('"Next": "AnnounceConfirmed"', '"Next": "NotifyConfirmed"')

    picture = draw_both(json.loads(changed), recording, check(changed, recording).outcome, tmp_path)

    assert picture == tmp_path / "captured_before.svg"
    assert "replayed" in picture.read_text()
