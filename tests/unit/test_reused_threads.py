"""Threads that are used again."""

import threading
from contextvars import ContextVar

import pytest

from devtools.reused_threads import REUSING_THREADS, ReusedThread

SETTING: ContextVar[str] = ContextVar("SETTING", default="none")


def _of(thread: ReusedThread) -> ReusedThread:
    thread.start()
    thread.join()
    return thread


def test_a_second_thread_runs_where_the_first_one_ended() -> None:
    used: list[int] = []
    _of(ReusedThread(target=lambda: used.append(threading.get_native_id())))

    for _ in range(20):
        _of(ReusedThread(target=lambda: used.append(threading.get_native_id())))

    # A thread waits again a moment after its target has ended, so now and then there is a new one.
    assert len(set(used)) < len(used)
    assert threading.get_native_id() not in used


def test_threads_that_are_started_together_run_together() -> None:
    together = threading.Barrier(3)
    threads = [ReusedThread(target=together.wait, args=(30,)) for _ in range(3)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join(30)

    assert not any(thread.is_alive() for thread in threads)
    assert not together.broken


def test_a_target_gets_its_arguments_and_a_context_of_its_own() -> None:
    seen: list[tuple[str, str]] = []

    def look(argument: str, *, named: str) -> None:
        seen.append((argument + named, SETTING.get()))
        SETTING.set("from the target before")

    SETTING.set("from the caller")
    for _ in range(3):
        _of(ReusedThread(target=look, args=("a",), kwargs={"named": "b"}))

    assert seen == [("ab", "none")] * 3


def test_one_that_has_not_ended_is_alive_and_waited_for_no_longer_than_asked() -> None:
    may_end = threading.Event()
    thread = REUSING_THREADS.Thread(target=may_end.wait, daemon=True)
    assert not thread.is_alive()
    thread.start()

    thread.join(0.01)
    was_alive = thread.is_alive()
    may_end.set()
    thread.join()

    assert was_alive
    assert not thread.is_alive()


def test_an_exception_is_reported_and_the_thread_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda hooked: reported.append(hooked.exc_type))

    def fail() -> None:
        raise ZeroDivisionError

    failed = _of(ReusedThread(target=fail))
    seen: list[int] = []
    _of(ReusedThread(target=seen.append, args=(1,)))

    assert reported == [ZeroDivisionError]
    assert not failed.is_alive()
    assert seen == [1]


def test_a_thread_has_its_name_while_it_runs() -> None:
    names: list[str] = []
    for name in ("first", "second"):
        _of(ReusedThread(name=name, target=lambda: names.append(threading.current_thread().name)))

    assert names == ["first", "second"]


def test_one_that_must_outlive_the_process_is_refused() -> None:
    with pytest.raises(ValueError, match="daemon"):
        ReusedThread(daemon=False)


def test_all_else_is_that_of_the_module_threading() -> None:
    assert REUSING_THREADS.Event is threading.Event
