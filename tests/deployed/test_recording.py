"""What is recorded on a deployed stack is what the replays are held to."""

from dataclasses import replace
from pathlib import Path

import pytest

from devtools.recording import recorder
from devtools.recording.recorder import Recorder
from devtools.recording.recording import RECORDINGS, Recording
from devtools.recording.scenarios import SCENARIOS
from orderctl.stack import Stack
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.usefixtures("unhurried_recorder")
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.fixture
def unhurried_recorder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine be late with a retry."""
    monkeypatch.setattr(recorder, "_SCHEDULING_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(recorder, "_TIMEOUT_SECONDS", PATIENCE_SECONDS)


@pytest.mark.parametrize("name", ["confirmed", "payment_declined", "payment_down", "confirmed_again"])
def test_recording_again_gives_the_same_file(local_stack: Stack, name: str) -> None:
    kept = Recording.read(RECORDINGS / f"{name}.json")

    recording = Recorder(local_stack).record(BY_NAME[name])

    assert replace(recording, recorded=kept.recorded).to_text() == kept.to_text()


def test_a_service_that_is_broken_for_a_recording_is_mended_after_it(
    local_stack: Stack, tmp_path: Path
) -> None:
    recording = Recorder(local_stack)

    broken = recording.record(BY_NAME["inventory_down"])
    whole = recording.record(BY_NAME["out_of_stock"])

    assert broken.outcome.waits == {"ReserveInventory": [1, 2, 4]}
    assert whole.outcome.waits == {}
    assert broken.write(tmp_path)
    assert not broken.write(tmp_path)
