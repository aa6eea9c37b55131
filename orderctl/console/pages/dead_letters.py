"""The page of the dead letters: by queue and cause; a redrive of some or all, with a dry run first."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any, Final

from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handlers.contract.clock import utc_now
from orderctl import cause
from orderctl.console.actions import Form, is_part, jobs_of, letters_of, post
from orderctl.console.context import Console, Headline, console_of
from orderctl.console.jobs import Job
from orderctl.console.letters import MOST_LISTED, LetterFilter, Letters, LetterView, Reading, order_id
from orderctl.console.redriving import RedriveJob, Wanted, dry_run, what_happens
from orderctl.console.rendering import page, render
from orderctl.display.layout import counted
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.orders import RedrivableOrders
from orderctl.dlq.queues import QueueSize
from orderctl.errors import OperatorError
from orderctl.stack import QUEUES

# A change of the filter shows what was read before; a new page reads again.
_STILL_READ: Final = timedelta(minutes=1)
_LOOK_SECONDS: Final = 0.25
# So long after a job its page waits for the new sizes of the queues.
_COUNTED_SECONDS: Final = 15.0
_NOT_FOUND: Final = 404
_NO_CONTENT: Final = 204


def _page(request: Request) -> Response:
    console, jobs, letters = console_of(request), jobs_of(request), letters_of(request)
    chosen = LetterFilter.from_query(request.query_params)
    console.live.up_to_date()
    template = "dead_letters_list.html" if is_part(request) else "dead_letters.html"
    is_read = not letters.is_redriving
    view = letters.view(_reading(request, letters), chosen) if is_read else None
    return page(
        request,
        template,
        view=view,
        chosen=chosen,
        job=jobs.last,
        most=MOST_LISTED,
        cause_lines=cause_lines,
        read=view.reading.total if view else None,
        # What was read now is newer than the sizes of the queues.
        **_counts(console, None),
    )


def _reading(request: Request, letters: Letters) -> Reading:
    latest = letters.latest
    if is_part(request) and latest is not None and utc_now() - latest.at < _STILL_READ:
        return latest
    return letters.read()


def _counts(console: Console, read: int | None) -> dict[str, Any]:
    """Return how many messages each queue has, and how many more there are than were read."""
    sizes = console.live.queues
    return {
        "sizes": {queue: _size(sizes, queue) for queue in QUEUES},
        "known": bool(sizes),
        "news": console.live.dead_letters - read if sizes and read is not None else 0,
    }


def _size(sizes: Mapping[str, QueueSize], queue: str) -> int:
    return sizes[queue].waiting + sizes[queue].hidden if queue in sizes else 0


def cause_lines(message: DeadLetter) -> list[str]:
    """Return the whole cause with its traceback; the rest of a message can be anybody's."""
    return [*cause.message(message.whole_cause).splitlines(), *cause.traceback(message.whole_cause)]


async def _live(request: Request) -> Response:
    """Send how many messages there are, when that has changed."""
    sent = request.query_params.get("read", "")
    chosen = LetterFilter.from_query(request.query_params)
    read = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else None  # noqa: PLR2004  no longer number
    return EventSourceResponse(_changes(console_of(request), chosen, read), ping=15)


async def _changes(console: Console, chosen: LetterFilter, read: int | None) -> AsyncIterator[dict[str, str]]:
    shown: object = None
    older = console.live.queues
    with console.live.watched():
        while not console.live.is_stopped:
            # Sizes from before the messages were read would tell of messages that are gone.
            counts = _counts(console, None if console.live.queues is older else read)
            headline = Headline.of(console)
            if (counts, headline) != shown:
                shown = (counts, headline)
                values = {"console": console, "headline": headline, "chosen": chosen}
                html = render("dead_letters_changes.html", **values, **counts)
                yield {"event": "counts", "data": html}
            await asyncio.sleep(_LOOK_SECONDS)


def _plan(request: Request, form: Form) -> Response:
    """Show what a redrive would do. Nothing is changed."""
    everything = form.text("scope") == "all"
    reading = letters_of(request).read()
    if everything:
        view = LetterView(reading=reading, chosen=LetterFilter.from_query(form.fields))
        wanted = Wanted(order_ids=view.order_ids, named=False)
    else:
        wanted = Wanted(order_ids=_order_ids(form.texts("chosen")), named=True)
        if not wanted.order_ids:
            raise OperatorError(
                "No order is chosen", what_to_do="Tick the orders to redrive, or choose to redrive all."
            )
    waiting = [order.order_id for order in reading.waiting]
    plan = wanted.plan(reading.messages, waiting, in_flight=reading.in_flight)
    orders = RedrivableOrders(console_of(request).stack)
    run = dry_run(plan, orders, wanted.order_ids, in_flight=reading.in_flight)
    return page(
        request,
        "dead_letters_plan.html",
        run=run,
        wanted=wanted,
        rows=[(row, what_happens(row)) for row in run.rows[:MOST_LISTED]],
        faults=reading.faults,
    )


def _redrive(request: Request, form: Form) -> Response:
    """Start the redrive. What it redrives is read again: what was received for the dry run has expired."""
    wanted = Wanted(order_ids=_order_ids(form.text("orders").split()), named=form.text("named") == "yes")
    if not wanted.order_ids:
        raise OperatorError("No order is chosen", what_to_do="Go back to the dead letters and choose some.")
    work = RedriveJob(console_of(request).stack, letters_of(request), wanted)
    job = jobs_of(request).start(f"Redrive of {counted(len(wanted.order_ids), 'order')}", work)
    return Response(status_code=_NO_CONTENT, headers={"hx-redirect": f"/dead-letters/jobs/{job.id}"})


def _order_ids(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, map(order_id, texts))))


def _job(request: Request) -> Response:
    job = jobs_of(request).get(request.path_params["job_id"])
    if job is None:
        return page(
            request,
            "error.html",
            _NOT_FOUND,
            what="This console knows no such redrive.",
            what_to_do="It forgets them when it is closed. The dead letters tell what is left to do.",
        )
    console_of(request).live.up_to_date()
    return page(request, "job.html", job=job)


async def _job_live(request: Request) -> Response:
    """Send the progress of a job, and at the end what it did."""
    job = jobs_of(request).get(request.path_params["job_id"])
    return EventSourceResponse(_progress(console_of(request), job), ping=15)


async def _progress(console: Console, job: Job | None) -> AsyncIterator[dict[str, str]]:
    shown: object = None
    last_look = time.monotonic() + _COUNTED_SECONDS
    with console.live.watched():
        while job is not None and not console.live.is_stopped:
            # Before it is looked at: the last page must have what it did.
            is_running, seen = job.is_running, (job.seen, console.live.dead_letters)
            is_last = not is_running and (_is_counted(console, job) or time.monotonic() > last_look)
            if is_running:
                last_look = time.monotonic() + _COUNTED_SECONDS
            if seen != shown or is_last:
                shown = seen
                yield {"event": "job", "data": render("job_changes.html", console=console, job=job)}
            if is_last:
                break
            await asyncio.sleep(_LOOK_SECONDS)
    yield {"event": "ended", "data": "ended"}


def _is_counted(console: Console, job: Job) -> bool:
    """Tell whether the queues were counted since the job has ended."""
    ended = job.ended_at
    return ended is not None and all(size.at >= ended for size in console.live.queues.values())


ROUTES: Final = [
    Route("/dead-letters", _page),
    Route("/dead-letters/live", _live),
    post("/dead-letters/plan", _plan),
    post("/dead-letters/redrive", _redrive),
    Route("/dead-letters/jobs/{job_id}", _job),
    Route("/dead-letters/jobs/{job_id}/live", _job_live),
]
