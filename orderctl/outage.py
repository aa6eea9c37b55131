"""Tells the operator that a service does not respond, and when it responds again."""

import threading
import time
from collections.abc import Callable
from typing import Final

from orderctl.terminal import say

_REPEAT_SECONDS: Final = 10.0


class Outage:
    """What is said about the failures of one service; threads can share it.

    A failure is said at once, or after it has lasted for `patience` seconds. It is repeated every 10 s.
    """

    def __init__(
        self,
        service: str,
        *,
        tell: Callable[[str], None] = say,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._tell = tell
        self._clock = clock
        self._lock = threading.Lock()
        self._since: float | None = None
        self._told: float | None = None

    def failed(self, symptom: str, then: str, *, patience: float = 0.0) -> None:
        """Report a failed attempt, and what happens `then`."""
        with self._lock:
            now = self._clock()
            self._since = now if self._since is None else self._since
            is_due = now - self._since >= patience and (
                self._told is None or now - self._told >= _REPEAT_SECONDS
            )
            if is_due:
                still = "" if self._told is None else "still "
                self._told = now
                self._tell(f"{self._service} {still}{symptom}; {then}")

    def responded(self) -> None:
        """Report a success."""
        if self._since is None:
            return
        with self._lock:
            if self._told is not None:
                self._tell(f"{self._service} responds again")
            self._since = self._told = None
