"""Reads the faults and the last sweep, at most once a minute however many pages show them."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from handlers.contract.clock import Clock, utc_now
from orderctl.stack import Stack
from orderctl.system_status import SystemStatus, read_faults_and_sweep
from orderctl.terminal import silent

_READ_AGAIN: Final = timedelta(minutes=1)

ReadStatus: TypeAlias = Callable[[Stack, datetime], SystemStatus]


class FaultsAndSweep:
    """The faults and the last sweep of a stack. Any thread may read it."""

    def __init__(self, stack: Stack, read: ReadStatus = read_faults_and_sweep, now: Clock = utc_now) -> None:
        self._stack = stack
        self._read = read
        self._now = now
        self._reading = threading.Lock()
        self._known: SystemStatus | None = None

    def status(self) -> SystemStatus:
        """Return what was read in the last minute, or read it now: see `read_faults_and_sweep`."""
        with self._reading, silent():
            now = self._now()
            if self._known is None or now - self._known.at >= _READ_AGAIN:
                self._known = self._read(self._stack, now)
            return self._known
