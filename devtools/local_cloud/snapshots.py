"""Saves the state of the local cloud while it runs, so that one that is killed finds its data again.

MiniStack saves its state only when it is stopped with SIGTERM. A snapshot is written by a forked copy of the
process: it has the state of one moment, and the cloud goes on meanwhile.
"""

import copy
import ctypes
import os
import shutil
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn

from devtools.local_cloud.processes import POLL_SECONDS, send

Scope = MutableMapping[str, Any]
AsgiApp = Callable[[Scope, Any, Any], Awaitable[None]]

# A snapshot is made when the cloud was quiet for a second, or this long after the first change.
_QUIET_SECONDS: Final = 1.0
_LONGEST_SECONDS: Final = 5.0
# A copy that hangs, on a lock that another thread held, is killed; the next one tries again.
_SAVING_SECONDS: Final = 60.0
# Saving takes at most a tenth of one core: a cloud with much data is saved less often.
_PAUSE_FACTOR: Final = 9
_READS: Final = ("BatchGet", "Describe", "Get", "List", "Query", "Scan", "Simulate")
_FIRST_INHERITED_DESCRIPTOR: Final = 3
# Behind the orders that are under way, where the machine has not enough for both.
_NICENESS: Final = 5
# Folders within that of the state: what is being written, and what is written and moves into its place.
_UNFINISHED: Final = "next"
WHOLE: Final = "whole"
# A killed copy may end its current system call first.
_DYING_SECONDS: Final = 5.0
_PR_SET_PDEATHSIG: Final = 1  # https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html


class Snapshots:
    """Counts the requests that may change something, and saves after them."""

    def __init__(self, state: Path, save: Callable[[], None], may_save: Callable[[], bool]) -> None:
        self._state = state
        self._save = save
        self._may_save = may_save
        self._changes = 0
        self._first_change = 0.0
        self._last_change = 0.0
        self._copy = _Copy()

    def observed(self, app: AsgiApp) -> AsgiApp:
        """Return the app, with its requests noticed."""

        async def observe(scope: Scope, receive: Any, send: Any) -> None:
            await app(scope, receive, send)
            if scope["type"] == "http" and may_change(scope):
                self._notice()

        return observe

    def start(self) -> None:
        """Save from now on, in a thread that ends with the process."""
        threading.Thread(target=self._run, name="snapshots", daemon=True).start()

    def stop(self) -> None:
        """Save no more: the process saves its state itself now, or discards it."""
        self._copy.stop()
        # Else the next cloud would move what is old by then.
        finish_snapshot(self._state)

    def _notice(self) -> None:
        self._last_change = time.monotonic()
        if not self._changes:
            self._first_change = self._last_change
        self._changes += 1

    def _run(self) -> None:
        while True:
            time.sleep(_QUIET_SECONDS / 4)
            if self._due() and self._may_save():
                started = time.monotonic()
                self._changes = 0
                self._copy.run(self._save)
                time.sleep((time.monotonic() - started) * _PAUSE_FACTOR)

    def _due(self) -> bool:
        now = time.monotonic()
        quiet = now - self._last_change >= _QUIET_SECONDS
        return bool(self._changes) and (quiet or now - self._first_change >= _LONGEST_SECONDS)


def may_change(scope: Scope) -> bool:
    """Tell whether a request may change the state, by the name of its operation or by its method."""
    headers = dict(scope["headers"])
    operation = headers.get(b"x-amz-target", b"").decode().rpartition(".")[2]
    if operation:
        return not operation.startswith(_READS)
    return scope["method"] not in {"GET", "HEAD", "OPTIONS"}


def replace_snapshot(state: Path, write: Callable[[Path], None]) -> None:
    """Write a snapshot into a folder of its own, then let it replace the one before.

    The death of the process leaves the snapshot before, or a whole one that `finish_snapshot` moves later.
    """
    finish_snapshot(state)
    unfinished = state / _UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    write(unfinished)
    unfinished.rename(state / WHOLE)
    finish_snapshot(state)


def finish_snapshot(state: Path) -> None:
    """Move a whole snapshot to its place, the rest of it when the death of a process broke that off."""
    whole = state / WHOLE
    for file in whole.glob("*.json"):
        # The copy that was killed may have moved one more file.
        with suppress(FileNotFoundError):
            file.replace(state / file.name)
    shutil.rmtree(whole, ignore_errors=True)


class _Copy:
    """A forked copy of this process, one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._stopped = False

    def run(self, work: Callable[[], None]) -> None:
        """Do the work in a copy, and wait for its end."""
        original = os.getpid()
        with self._lock:
            if self._stopped:
                return
            with warnings.catch_warnings():
                # The copy has none of the other threads, and needs none of them.
                warnings.simplefilter("ignore", DeprecationWarning)
                self._pid = os.fork()
            if self._pid == 0:
                _work_and_exit(work, original)
        deadline = time.monotonic() + _SAVING_SECONDS
        while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(self._pid, signal.SIGKILL)
            time.sleep(POLL_SECONDS)
        self._pid = 0

    def stop(self) -> None:
        """Kill the copy, wait for its end, and make no other."""
        with self._lock:
            self._stopped = True
            if self._pid:
                send(self._pid, signal.SIGKILL)
        deadline = time.monotonic() + _DYING_SECONDS
        while self._pid and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)


def _work_and_exit(work: Callable[[], None], original: int) -> NoReturn:
    try:
        _die_with(original)
        # The lock that shows a running cloud, the listener and all connections belong to the original.
        os.closerange(_FIRST_INHERITED_DESCRIPTOR, os.sysconf("SC_OPEN_MAX"))
        os.nice(_NICENESS)
        # This process is a copy already, and nothing changes its state: MiniStack's own copies took a third.
        copy.deepcopy = _itself  # type: ignore[assignment]  # it has a third parameter, which nobody gives
        work()
    except BaseException:  # noqa: BLE001  nobody else would say so
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def _die_with(original: int) -> None:
    """Let the copy die with the cloud: it must not write what the next one reads, or what `down` removed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != original:
        os._exit(0)


def _itself(value: Any, _memo: Any = None) -> Any:
    return value
