"""Remembers how many messages the dead-letter queues had, as long as the console runs."""

import threading
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

# A reading like the one before is kept only so often: enough to see that somebody looked.
_SAME_AGAIN: Final = timedelta(seconds=15)
# More than a day of readings that are all the same.
_MOST: Final = 10_000


class QueueHistory:
    """Readings of all queues, the oldest first. One thread adds to it; any thread may read it."""

    def __init__(self) -> None:
        self._readings: deque[tuple[datetime, Mapping[str, int]]] = deque(maxlen=_MOST)
        self._lock = threading.Lock()

    def add(self, at: datetime, sizes: Mapping[str, int]) -> None:
        """Note the sizes by the names of the queues."""
        with self._lock:
            if self._readings:
                before, known = self._readings[-1]
                if sizes == known and at - before < _SAME_AGAIN:
                    return
            self._readings.append((at, dict(sizes)))

    def readings(self) -> list[tuple[datetime, Mapping[str, int]]]:
        """Return what is known."""
        with self._lock:
            return list(self._readings)
