"""What a command says while it waits."""

import threading
from contextlib import AbstractContextManager
from typing import Any

import pytest

from orderctl import terminal
from orderctl.terminal import progress_bar, step, waiting
from tests.waiting import TIMEOUT_SECONDS


class Said(list[str]):
    """The messages, and an event when there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.any = threading.Event()

    def add(self, message: Any) -> None:
        self.append(str(message))
        self.any.set()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    """What is said, without a second of silence before."""
    said = Said()
    monkeypatch.setattr(terminal, "say", said.add)
    monkeypatch.setattr(terminal, "_SILENT_SECONDS", 0.0)
    return said


def timers() -> list[threading.Timer]:
    return [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


@pytest.mark.parametrize("wait", [waiting("for a"), step("for a"), progress_bar("for a", 3)])
def test_a_wait_says_for_what(said: Said, wait: AbstractContextManager[Any]) -> None:
    with wait:
        said.any.wait()

    assert said == ["… for a"]


def test_a_wait_inside_of_another_one_says_nothing(said: Said) -> None:
    with waiting("for a"):
        said.any.wait()
        with waiting("for b"), step("for c"):
            for timer in timers():
                timer.join()

    assert said == ["… for a"]


def test_a_short_wait_says_nothing(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "_SILENT_SECONDS", 3600.0)

    with waiting("for a"):
        pass

    for timer in timers():
        timer.join(TIMEOUT_SECONDS)
        assert not timer.is_alive()
    assert said == []
