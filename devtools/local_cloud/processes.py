"""Starts each process in its own group, and stops the whole group."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from devtools.local_cloud.signals import StopSignals

POLL_SECONDS: Final = 0.02
# A killed process stays in its group until its parent waits for it. In a container that may never happen.
_REMOVAL_SECONDS: Final = 0.2
Process = subprocess.Popen[bytes]


class ProcessGroups:
    """Stops every group on exit, except the processes of `keep_running`."""

    def __init__(self, signals: StopSignals, *, grace_seconds: float) -> None:
        self._signals = signals
        self._grace_seconds = grace_seconds
        self._started: list[Process] = []

    def start(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        log: Path,
        cwd: Path,
        **options: Any,
    ) -> Process:
        """Start a process that writes to `log`. Ctrl-C at the terminal does not reach it.

        Only this user may read what it writes.
        """
        log.touch(mode=0o600)
        with self._signals.held(), log.open("wb") as output:
            process = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
                **options,
            )
            self._started.append(process)
        return process

    def keep_running(self, process: Process) -> None:
        """Do not stop this process on exit."""
        self._started.remove(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._signals.held():
            for process in reversed(self._started):
                send(process.pid, signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(self._grace_seconds)
                kill_group(process.pid)
                process.wait()


def send(pid: int, signal_number: int) -> None:
    """Send a signal to a process that may be gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)


def kill_group(leader: int) -> None:
    """Kill what is left of a process group, and wait a moment for its removal."""
    deadline = time.monotonic() + _REMOVAL_SECONDS
    with suppress(ProcessLookupError, PermissionError):  # macOS raises the latter for a group of zombies
        while time.monotonic() < deadline:
            os.killpg(leader, signal.SIGKILL)
            time.sleep(POLL_SECONDS)


def last_lines(log: Path, count: int) -> list[str]:
    """Return the last lines that are not empty."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return [line.rstrip() for line in lines if line.strip()][-count:]
