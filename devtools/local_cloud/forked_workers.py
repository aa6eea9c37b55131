"""Starts the workers of Python functions as forks of a process that has their libraries loaded.

The first orders after `orderctl up` start ten of them. Each takes 0.06 s of processor time instead of 0.29 s.
Linux only: it needs pidfds, and macOS does not promise that a fork with libraries loaded works.
"""

import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Final

from devtools.local_cloud import worker_template

IS_POSSIBLE: Final = sys.platform == "linux"
_UNKNOWN: Final = -1


class ForkedWorker:
    """What MiniStack uses of `subprocess.Popen`. How a worker ended is not known: its `returncode` is -1."""

    def __init__(self, pid: int, stdin: int, stdout: int, stderr: int) -> None:
        self.pid = pid
        self.stdin = open(stdin, "w", buffering=1, encoding="utf-8")  # noqa: SIM115  as long as the worker
        self.stdout = open(stdout, encoding="utf-8")  # noqa: SIM115  as above
        self.stderr = open(stderr, encoding="utf-8", errors="backslashreplace")  # noqa: SIM115  as above
        self.returncode: int | None = None
        try:
            # Readable when the process has ended. The file closes it.
            self._pidfd = open(os.pidfd_open(pid), "rb", buffering=0)  # noqa: PTH123, SIM115  as above
        except ProcessLookupError:
            self.returncode = _UNKNOWN

    def poll(self) -> int | None:
        """Return None while it runs."""
        return self._wait(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raise subprocess.TimeoutExpired."""
        code = self._wait(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("worker", timeout or 0)
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def _wait(self, seconds: float | None) -> int | None:
        if self.returncode is None:
            ended = select.poll()  # select() takes no descriptor above 1,023
            ended.register(self._pidfd, select.POLLIN)
            if ended.poll(None if seconds is None else seconds * 1000):
                self.returncode = _UNKNOWN
        return self.returncode

    def _send(self, number: int) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._pidfd.fileno(), number)


class WorkerTemplate:
    """The process that workers are forks of."""

    def __init__(self) -> None:
        self._forking = threading.Lock()
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-P", worker_template.__file__, str(theirs.fileno())]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])

    def worker(self, program: str, cwd: str, environment: Mapping[str, str]) -> ForkedWorker:
        """Start `python PROGRAM`. Raises OSError when the template has ended, or can not take that much."""
        values = {"program": program, "cwd": cwd, "environment": dict(environment)}
        request = json.dumps(values).encode()
        if len(request) > worker_template.MOST_BYTES:
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        (their_stdin, stdin), (stdout, their_stdout), (stderr, their_stderr) = (os.pipe() for _ in range(3))
        theirs = [their_stdin, their_stdout, their_stderr]
        try:
            with self._forking:
                socket.send_fds(self._channel, [request], theirs)
                pid = self._channel.recv(worker_template.MOST_BYTES)
            if not pid:
                raise ConnectionResetError("the template of workers has ended")
        except OSError:
            for number in (stdin, stdout, stderr):
                os.close(number)
            raise
        finally:
            for number in theirs:
                os.close(number)
        return ForkedWorker(int(pid), stdin, stdout, stderr)

    def close(self) -> None:
        """End the process. Its workers go on."""
        self._channel.close()
        self._process.wait()
