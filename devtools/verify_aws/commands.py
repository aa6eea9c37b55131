"""Runs a command, shows its output, and keeps it in a file."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import BinaryIO, Final

from devtools.checkout import REPOSITORY
from devtools.local_cloud.processes import last_lines
from orderctl.terminal import say

# What an interrupted command gets to clean up.
_GRACE_SECONDS: Final = 60
_SHOWN_LINES: Final = 20


def run(
    command: Sequence[str | Path],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> int:
    """Return the exit code. After `seconds`, and after Ctrl-C, the command is interrupted once."""
    with log.open("wb", buffering=0) as kept:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A terminal sends Ctrl-C to a whole group. Twice would end the command before it has cleaned up.
            start_new_session=True,
        )
        timer = Timer(seconds, _out_of_time, [process]) if seconds else None
        if timer:
            timer.start()
        try:
            _copy(process, kept)
            return process.wait()
        except KeyboardInterrupt:
            say("Interrupted: the running command cleans up.")
            process.send_signal(signal.SIGINT)
            killer = Timer(_GRACE_SECONDS, _kill, [process])
            killer.start()
            try:
                # A command whose output nobody reads would stop.
                _copy(process, kept)
            finally:
                killer.cancel()
            raise
        finally:
            if timer:
                timer.cancel()
            _kill(process)


def last_output(log: Path) -> str:
    """Return the end of the output as Markdown."""
    return "\n".join(["```text", *last_lines(log, _SHOWN_LINES), "```"])


def _copy(process: subprocess.Popen[bytes], kept: BinaryIO) -> None:
    assert process.stdout  # noqa: S101  for the type checker
    while chunk := os.read(process.stdout.fileno(), 65536):
        kept.write(chunk)
        sys.stdout.buffer.write(chunk)
        sys.stdout.flush()


def _out_of_time(process: subprocess.Popen[bytes]) -> None:
    say("Out of time: the running command is interrupted.")
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_SECONDS)
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
