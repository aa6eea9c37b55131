"""Threads that are used again: an order starts 29 of them on a local cloud, which took a sixth of its time.

    concurrency.threading = REUSING_THREADS  # for the code of a library, which now uses threads again

To start a thread of the operating system takes three switches between threads, and to hand work to one that
waits takes one. Each switch passes on Python's one lock.
"""

import contextvars
import sys
import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from types import MappingProxyType
from typing import Any, Final


class ReusedThread:
    """What the libraries use of threading.Thread, as a daemon. Its target begins with an empty context."""

    def __init__(  # noqa: PLR0913  the parameters of threading.Thread
        self,
        group: None = None,
        target: Callable[..., object] = lambda: None,
        name: str | None = None,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] = MappingProxyType({}),
        *,
        daemon: bool | None = True,
    ) -> None:
        if group is not None or not daemon:
            raise ValueError("a thread that is used again has no group, and is a daemon")
        self.name = name or "reused"
        self.native_id: int | None = None
        self._call = lambda: target(*args, **kwargs)
        self._alive = False
        self._unfinished = threading.Lock()
        self._unfinished.acquire()

    def start(self) -> None:
        """Run the target in a thread that waits for one, or in a new one."""
        self._alive = True
        try:
            waiting = _waiting.pop()
        except IndexError:
            waiting = SimpleQueue()
            threading.Thread(target=_run_each, args=(waiting,), daemon=True).start()
        waiting.put(self)

    def join(self, timeout: float | None = None) -> None:
        """Wait until the target has ended, for so many seconds at most."""
        if self._unfinished.acquire(timeout=-1 if timeout is None else max(0.0, timeout)):
            self._unfinished.release()

    def is_alive(self) -> bool:
        """Tell whether the target runs, or is about to."""
        return self._alive

    def run(self) -> None:
        """Run the target to its end; an exception is reported as threading.Thread reports it."""
        thread = threading.current_thread()
        thread.name, self.native_id = self.name, thread.native_id
        try:
            contextvars.Context().run(self._call)
        except BaseException:  # noqa: BLE001  a thread has no caller
            threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), thread)))
        finally:
            # What it refers to is not needed while the thread waits.
            del self._call
            self._alive = False
            self._unfinished.release()


_Work = SimpleQueue[ReusedThread]
_waiting: Final[list[_Work]] = []


def _run_each(work: _Work) -> None:
    while True:
        work.get().run()
        _waiting.append(work)


class _ReusingThreads:
    """The module threading, with threads that are used again."""

    Thread = ReusedThread

    def __getattr__(self, name: str) -> Any:
        return getattr(threading, name)


REUSING_THREADS: Final = _ReusingThreads()
