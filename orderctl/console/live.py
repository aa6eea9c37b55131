"""Reads the stack again and again, as long as somebody looks at a page that shows it live."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from handlers.contract.clock import utc_now
from orderctl.console.faults_and_sweep import FaultsAndSweep
from orderctl.console.order_feed import OrderFeed
from orderctl.console.problems import problem_text
from orderctl.console.queue_history import QueueHistory
from orderctl.dlq.queues import DeadLetterQueue, QueueSize
from orderctl.errors import OperatorError
from orderctl.stack import QUEUES, Stack
from orderctl.terminal import silent

_LOCAL_SECONDS: Final = 1.0
_AWS_SECONDS: Final = 3.0
_LOOKED_AWAY_SECONDS: Final = 10.0


class Live:
    """The orders and the queues of one stack, kept up to date by a thread of its own.

    A refresh costs what `OrderFeed.refresh` says, and four calls of GetQueueAttributes. There is one every
    second for a local cloud and every three seconds on AWS while a page is open, and none otherwise.
    """

    def __init__(self, stack: Stack) -> None:
        self.feed = OrderFeed(stack)
        self.queues: Mapping[str, QueueSize] = {}
        self.queue_history = QueueHistory()
        self.faults_and_sweep = FaultsAndSweep(stack)
        # Why the last refresh failed; "" when it did not.
        self.problem = ""
        self._queues = [DeadLetterQueue(stack, name) for name in QUEUES]
        self._is_local = stack.endpoint_url is not None
        self._seconds = _LOCAL_SECONDS if stack.endpoint_url else _AWS_SECONDS
        self._refreshing = threading.Lock()
        self._refreshed_at = -self._seconds
        self._watchers = 0
        self._counting = threading.Lock()
        self._wanted = threading.Event()
        self._stopped = threading.Event()

    @property
    def dead_letters(self) -> int:
        """Return how many messages all queues have, those that a reader has hidden included."""
        return sum(size.waiting + size.hidden for size in self.queues.values())

    @property
    def is_stopped(self) -> bool:
        """Tell whether the console ends: a page must not keep it."""
        return self._stopped.is_set()

    def start(self) -> None:
        """Read the orders of the last hours in the background, and begin to follow the others."""
        threading.Thread(target=self._load_earlier, daemon=True, name="earlier orders").start()
        threading.Thread(target=self._follow, daemon=True, name="live orders").start()

    def stop(self) -> None:
        """End the threads."""
        self._stopped.set()
        self._wanted.set()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Keep it up to date while the block runs."""
        with self._counting:
            self._watchers += 1
            self._wanted.set()
        try:
            yield
        finally:
            with self._counting:
                self._watchers -= 1
                if not self._watchers and not self._stopped.is_set():
                    self._wanted.clear()

    def up_to_date(self) -> None:
        """Refresh it now, if the last refresh is too old for a page."""
        with self._refreshing:
            if time.monotonic() - self._refreshed_at < self._seconds:
                return
            self._refresh()

    def _follow(self) -> None:
        while not self._stopped.is_set():
            self._wanted.wait()
            self.up_to_date()
            self._stopped.wait(self._seconds)

    def _load_earlier(self) -> None:
        with silent(), self._noting_problems():
            self.feed.load_earlier(self._stopped.is_set)

    def _refresh(self) -> None:
        with silent(), self._noting_problems():
            looked_away = time.monotonic() - self._refreshed_at > _LOOKED_AWAY_SECONDS
            # A local cloud may have begun anew meanwhile.
            anew = (looked_away or bool(self.problem)) and not self.feed.is_still_there()
            if anew:
                self.feed.forget()
            self.feed.refresh()
            self.queues = {queue.name: queue.size() for queue in self._queues}
            self.queue_history.add(
                utc_now(), {name: size.waiting + size.hidden for name, size in self.queues.items()}
            )
            self.problem = ""
            if anew:
                self.feed.load_earlier(self._stopped.is_set)
        self._refreshed_at = time.monotonic()

    @contextmanager
    def _noting_problems(self) -> Iterator[None]:
        """Keep the page: what is known stays, and the page says why it is not up to date."""
        try:
            yield
        except (ClientError, BotoCoreError, OperatorError) as error:
            self.problem = problem_text(error, is_local=self._is_local)
