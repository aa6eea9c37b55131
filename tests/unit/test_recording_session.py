"""A run of `orderctl record`: what it writes, goes past, and tells at the end."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from devtools.commands import record as record_command
from devtools.recording.recording import Origin, Outcome, Recording
from devtools.recording.session import Session
from devtools.recording.task_responses import returns, throws
from orderctl.errors import OperatorError
from orderctl.main import app


def _recording(
    name: str,
    *,
    attempts: int = 1,
    output: str = "done",
    states: Sequence[str] = ("Call",),
    status: str = "SUCCEEDED",
) -> Recording:
    entered = [{"type": "TaskStateEntered", "state": state} for state in states]
    scheduled = [{"type": "TaskScheduled", "state": "Call"}] * attempts
    return Recording(
        scenario=name,
        origin=Origin(where="hand", engine="moto", date="2026-11-26"),
        input={},
        responses={"Call": [*[throws("A")] * (attempts - 1), returns({})]},
        outcome=Outcome(
            history={"OrderWorkflow": [*entered, *scheduled]},
            waits={},
            status=status,
            output=output,
            error=None,
        ),
    )


def _refused() -> Recording:
    raise OperatorError("it ends in B, the script says A", what_to_do='Write ends_in="B".')


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session in a folder with two recordings."""
    for name in ("first", "second"):
        _recording(name).write(tmp_path)
    return Session(folder=tmp_path)


def test_recording_goes_on_past_a_scenario_that_can_not_be_recorded(session: Session) -> None:
    before = (session.folder / "first.json").read_text()

    assert not session.record("first", _refused)
    assert session.record("second", lambda: _recording("second", attempts=2))

    assert (session.folder / "first.json").read_text() == before
    assert Recording.read(session.folder / "second.json") == _recording("second", attempts=2)


def test_all_that_can_not_be_recorded_is_listed_by_reason_with_what_to_write(session: Session) -> None:
    session.record("first", _refused)
    session.record("second", _refused)
    session.fail(["third"], OperatorError("No local cloud is running", what_to_do="Start one."))

    with pytest.raises(OperatorError) as told:
        session.raise_failures()

    assert str(told.value).splitlines() == [
        "3 not recorded",
        '  first, second: it ends in B, the script says A. Write ends_in="B".',
        "  third: No local cloud is running. Start one.",
    ]


def test_nothing_is_raised_when_all_is_recorded(session: Session) -> None:
    session.record("first", lambda: _recording("first"))

    session.raise_failures()

    assert list(session.summary()) == ["1 recorded, none of them changed"]


@pytest.mark.parametrize(
    ("after", "line"),
    [
        ({"attempts": 3}, "first: Call 1 -> 3 attempts"),
        ({"states": ("Call", "Park")}, "first: enters Park"),
        ({"states": ("Park",)}, "first: enters Park; no longer enters Call"),
        ({"status": "FAILED"}, "first: SUCCEEDED -> FAILED"),
    ],
)
def test_a_changed_path_has_one_line(session: Session, after: dict[str, Any], line: str) -> None:
    session.record("first", lambda: _recording("first", **after))

    assert list(session.summary()) == [line, f"1 recorded, 1 of them changed; see git diff {session.folder}"]


def test_states_in_another_order_are_another_path(session: Session) -> None:
    _recording("first", states=("A", "B")).write(session.folder)

    session.record("first", lambda: _recording("first", states=("B", "A")))

    assert next(session.summary()) == "first: enters its states in another order"


def test_changes_on_the_same_path_and_new_recordings_have_one_line_each(session: Session) -> None:
    for name in ("first", "second", "third"):
        session.record(name, partial(_recording, name, output="changed"))

    assert list(session.summary()) == [
        "new: third",
        "changed on the same path: first, second",
        f"3 recorded, 3 of them changed; see git diff {session.folder}",
    ]


def test_a_recording_without_a_scenario_is_removed_and_named(session: Session) -> None:
    session.remove_others(["first"])

    assert [file.name for file in session.folder.iterdir()] == ["first.json"]
    assert "removed, because there is no such scenario: second" in session.summary()


def test_without_a_stack_the_hand_written_scenarios_are_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERCTL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(record_command, "Session", partial(Session, folder=tmp_path))

    result = CliRunner().invoke(app, ["record", "confirmed", "capture_down", "payment_down"])

    assert result.exit_code == 1
    assert [file.stem for file in tmp_path.glob("*.json")] == ["capture_down"]
    assert "new: capture_down" in result.stdout
    assert "2 not recorded\n  confirmed, payment_down: No local cloud is running" in result.stderr
