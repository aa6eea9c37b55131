"""Work of the console in the background: one at a time, with its progress and how it ended."""

import threading
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from orderctl.console.jobs import Job, Jobs, JobState
from orderctl.errors import OperatorError

TIMEOUT_SECONDS = 60


class Work:
    """Goes on when it is told to, one step at a time."""

    def __init__(self, steps: int = 2) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self._steps = steps

    def __call__(self, job: Job) -> None:
        job.begin("working", self._steps)
        job.result = []
        for number in range(self._steps):
            self.begun.set()
            assert self.go_on.wait(TIMEOUT_SECONDS)
            job.result.append(number)
            job.set_done(number + 1)


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs()
    yield jobs
    jobs.stop(TIMEOUT_SECONDS)


def _ended(jobs: Jobs, job: Job) -> Job:
    jobs._thread.join(TIMEOUT_SECONDS)  # type: ignore[union-attr]
    assert not job.is_running
    return job


def test_a_job_tells_its_progress_and_its_result(jobs: Jobs) -> None:
    work = Work()
    job = jobs.start("Redrive of 2 orders", work)
    assert work.begun.wait(TIMEOUT_SECONDS)
    shown = (job.state, job.phase, job.done, job.total)

    work.go_on.set()

    assert shown == ("running", "working", 0, 2)
    assert (_ended(jobs, job).state, job.done, job.result, job.error) == ("done", 2, [0, 1], None)
    assert jobs.get(job.id) is job
    assert jobs.last is job


def test_a_second_job_is_refused_while_one_runs(jobs: Jobs) -> None:
    work = Work()
    first = jobs.start("Redrive of 2 orders", work)

    with pytest.raises(OperatorError, match="Nothing was started: this console is busy: Redrive of 2 orders"):
        jobs.start("another", Work())
    with pytest.raises(OperatorError, match="busy"), jobs.alone("redrive of one"):
        pytest.fail("it was done while a job runs")
    work.go_on.set()
    _ended(jobs, first)
    again = Work()
    again.go_on.set()

    assert _ended(jobs, jobs.start("another", again)).state is JobState.DONE


def test_no_job_starts_while_something_is_done_at_once(jobs: Jobs) -> None:
    with jobs.alone("redrive of one"), pytest.raises(OperatorError, match="busy: redrive of one"):
        jobs.start("another", Work())


def test_a_closed_console_stops_a_job_between_two_steps(jobs: Jobs) -> None:
    work = Work(steps=3)
    job = jobs.start("Redrive of 3 orders", work)
    assert work.begun.wait(TIMEOUT_SECONDS)
    job.stop()

    work.go_on.set()

    assert (_ended(jobs, job).state, job.result, job.done) == ("failed", [0], 1)
    assert "Interrupted: the console was closed" in str(job.error)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OperatorError("The bus is closed", what_to_do="Open it."), "The bus is closed\nOpen it."),
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ReceiveMessage"),
            "You may not call ReceiveMessage: AWS denies it",
        ),
    ],
)
def test_an_error_ends_a_job_with_its_sentence_and_what_was_done(
    jobs: Jobs, error: Exception, expected: str
) -> None:
    def work(job: Job) -> None:
        job.result = "one order"
        raise error

    job = _ended(jobs, jobs.start("Redrive", work))

    assert job.state is JobState.FAILED
    assert str(job.error).startswith(expected)
    assert job.result == "one order"


def test_only_the_last_jobs_are_kept(jobs: Jobs) -> None:
    made = [_ended(jobs, jobs.start(str(number), lambda _: None)) for number in range(21)]

    assert jobs.get(made[0].id) is None
    assert all(jobs.get(job.id) is job for job in made[1:])
