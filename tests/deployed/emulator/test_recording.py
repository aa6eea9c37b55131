"""Recording again on a deployed stack gives the same recordings."""

from dataclasses import replace
from pathlib import Path

import pytest

from devtools.recording import stack_recorder
from devtools.recording.recording import RECORDINGS, Recording
from devtools.recording.stack_recorder import StackRecorder
from devtools.recording.stack_scenarios import STACK_SCENARIOS
from orderctl.stack import Stack
from tests.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.usefixtures("long_timeouts")
BY_NAME = {scenario.name: scenario for scenario in STACK_SCENARIOS}


@pytest.fixture
def long_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow late retries, for a busy machine."""
    monkeypatch.setattr(stack_recorder, "_SCHEDULING_SECONDS", TIMEOUT_SECONDS)
    monkeypatch.setattr(stack_recorder, "_TIMEOUT_SECONDS", TIMEOUT_SECONDS)


@pytest.mark.parametrize("name", ["confirmed", "payment_declined", "payment_down", "confirmed_again"])
def test_recording_again_gives_the_same_file(local_stack: Stack, name: str) -> None:
    kept = Recording.read(RECORDINGS / f"{name}.json")

    recording = StackRecorder(local_stack).record(BY_NAME[name])

    assert replace(recording, origin=kept.origin).to_text() == kept.to_text()


def test_a_service_works_again_after_a_recording_with_its_outage(local_stack: Stack, tmp_path: Path) -> None:
    recorder = StackRecorder(local_stack)

    with_fault = recorder.record(BY_NAME["inventory_down"])
    without = recorder.record(BY_NAME["out_of_stock"])

    kept = Recording.read(RECORDINGS / "inventory_down.json")
    assert with_fault.outcome.waits == kept.outcome.waits
    assert without.outcome.waits == {}
    assert with_fault.write(tmp_path)
    assert not with_fault.write(tmp_path)
