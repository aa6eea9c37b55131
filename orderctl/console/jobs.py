"""Work that takes longer than a request: it goes on when its page is closed, and any page can look at it.

There is one at a time. Ctrl-C of the console asks it to stop, and it stops between two steps. What it has
not done by then is as before: the messages that it has received are visible again within a minute or so, and
the sweeper starts the workflow of an order whose event was not emitted.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from handlers.contract.clock import Clock, utc_now
from orderctl.aws_calls import operator_error
from orderctl.errors import Interrupted, OperatorError
from orderctl.terminal import silent

_MOST_KEPT: Final = 20


class JobState(StrEnum):
    """Whether a job still works, and how it ended."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job:
    """One piece of work. Its thread writes it, and any other reads it."""

    def __init__(self, title: str, now: Clock = utc_now) -> None:
        self.id = uuid4().hex
        self.title = title
        self.state = JobState.RUNNING
        # What it does now, and how much of it is done.
        self.phase = ""
        self.done = 0
        self.total = 0
        # Kept up to date by the work, so that it tells what was done before an error.
        self.result: Any = None
        self.error: OperatorError | None = None
        self.started_at = now()
        self.ended_at: datetime | None = None
        self._now = now
        self._stopped = threading.Event()

    @property
    def is_running(self) -> bool:
        """Tell whether it still works."""
        return self.state is JobState.RUNNING

    @property
    def took(self) -> timedelta:
        """Return how long it has worked."""
        return (self.ended_at or self._now()) - self.started_at

    @property
    def seen(self) -> tuple[object, ...]:
        """Return what a page shows of it: when it is another, the page is to be shown again."""
        return self.state, self.phase, self.done, self.total

    def begin(self, phase: str, total: int = 0) -> None:
        """Tell what the work does from now on, and how many steps that has; 0 when it is not known."""
        self._raise_if_stopped()
        self.phase, self.done, self.total = phase, 0, total

    def set_done(self, count: int) -> None:
        """Tell how many steps are done; raise Interrupted between two of them when it is to stop."""
        self.done = count
        self._raise_if_stopped()

    def stop(self) -> None:
        """Ask it to stop."""
        self._stopped.set()

    def run(self, work: Callable[["Job"], None]) -> None:
        """Do the work; an error of AWS or of the operator becomes its `error`."""
        try:
            with silent():
                work(self)
        except (ClientError, BotoCoreError, OperatorError) as error:
            explained = error if isinstance(error, OperatorError) else operator_error(error)
            self._end(JobState.FAILED, explained or OperatorError(str(error)))
        except BaseException as error:
            self._end(
                JobState.FAILED,
                OperatorError(
                    f"It failed with {type(error).__name__}",
                    what_to_do="The terminal of the console has the details.",
                ),
            )
            raise
        else:
            self._end(JobState.DONE, None)

    def _end(self, state: JobState, error: OperatorError | None) -> None:
        self.error = error
        self.ended_at = self._now()
        self.state = state

    def _raise_if_stopped(self) -> None:
        if self._stopped.is_set():
            raise Interrupted(
                "Interrupted: the console was closed",
                what_to_do="Redrive again: it goes on with the rest.",
            )


class Jobs:
    """The jobs of one console. One runs at a time; the last ones are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Job] = {}
        self._busy_with = ""
        self._thread: threading.Thread | None = None

    @property
    def last(self) -> Job | None:
        """Return the one that started last."""
        return next(reversed(self._kept.values()), None)

    def get(self, job_id: str) -> Job | None:
        """Return a job that is kept."""
        return self._kept.get(job_id)

    def start(self, title: str, work: Callable[[Job], None]) -> Job:
        """Start the work in a thread; raise OperatorError while another one runs."""
        job = Job(title)
        self._take(title)
        with self._lock:
            self._kept[job.id] = job
            for old in list(self._kept)[:-_MOST_KEPT]:
                del self._kept[old]
            # A daemon: a call that hangs must not keep the console from ending.
            self._thread = threading.Thread(target=self._run, args=[job, work], daemon=True, name=title)
            self._thread.start()
        return job

    @contextmanager
    def alone(self, title: str) -> Iterator[None]:
        """Let no job run during the block; raise OperatorError while one does."""
        self._take(title)
        try:
            yield
        finally:
            self._give_back()

    def stop(self, seconds: float = 5.0) -> None:
        """Ask the running job to stop, and wait at most so long until it has."""
        for job in list(self._kept.values()):
            job.stop()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, job: Job, work: Callable[[Job], None]) -> None:
        try:
            job.run(work)
        finally:
            self._give_back()

    def _take(self, title: str) -> None:
        with self._lock:
            if self._busy_with:
                raise OperatorError(
                    "Nothing was started",
                    why=f"this console is busy: {self._busy_with}",
                    what_to_do="One runs at a time. Try again when it has ended.",
                )
            self._busy_with = title

    def _give_back(self) -> None:
        with self._lock:
            self._busy_with = ""
