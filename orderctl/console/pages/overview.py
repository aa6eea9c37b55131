"""The overview: charts of the orders and the queues, and which faults are on."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from handlers.contract.clock import utc_now
from handlers.contract.fault import InvalidFault
from orderctl.console.context import Console, Headline, console_of
from orderctl.console.look import Look, look
from orderctl.console.problems import problem_text
from orderctl.console.rendering import page, render
from orderctl.console.series import SPANS, span_named
from orderctl.display.system_view import system_lines
from orderctl.errors import OperatorError

# No event comes sooner after the one before.
_LOOK_SECONDS: Final = 1.0
# The charts move on, and open orders get older, even when nothing happens.
_MOVE_SECONDS: Final = 10.0


def _overview(request: Request) -> Response:
    console_of(request).live.up_to_date()
    return page(request, "overview.html", look=_look(request), spans=SPANS)


def _json(request: Request) -> Response:
    return JSONResponse(_look(request).to_json())


def _look(request: Request) -> Look:
    span = span_named(request.query_params.get("span", ""))
    return look(console_of(request).live, span, utc_now())


def _status(request: Request) -> Response:
    """Read the faults and the last sweep: the page asks for it when it is there already."""
    console = console_of(request)
    try:
        status = console.live.faults_and_sweep.status()
    except (ClientError, BotoCoreError, OperatorError, InvalidFault) as error:
        problem = problem_text(error, is_local=console.is_local)
        return page(request, "overview_status.html", status=None, problem=problem)
    lines = system_lines(status, console.options)
    return page(request, "overview_status.html", status=status, lines=lines, problem="")


async def _live(request: Request) -> Response:
    """Send an event when the page must read its figures again."""
    return EventSourceResponse(_changes(console_of(request)), ping=15)


async def _changes(console: Console) -> AsyncIterator[dict[str, str]]:
    seen: object = _state(console, Headline.of(console))
    with console.live.watched():
        while not console.live.is_stopped:
            await asyncio.sleep(_LOOK_SECONDS)
            headline = Headline.of(console)
            state = _state(console, headline)
            if state != seen:
                seen = state
                yield {"event": "overview", "data": render("overview_changes.html", headline=headline)}


def _state(console: Console, headline: Headline) -> tuple[object, ...]:
    """Return what differs when the page does."""
    live = console.live
    messages = [(name, size.waiting + size.hidden) for name, size in live.queues.items()]
    moved = time.monotonic() // _MOVE_SECONDS
    return live.feed.version, live.feed.complete_since, messages, headline, moved


ROUTES: Final = [
    Route("/overview", _overview),
    Route("/overview.json", _json),
    Route("/overview/status", _status),
    Route("/overview/live", _live),
]
