"""The page of one order: its state machine as a picture, a timeline, each state, and all that is known."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from sse_starlette import EventSourceResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handlers.contract.names import ORDER_RECORD, OpenKind
from orderctl.console.context import Console, Headline, console_of
from orderctl.console.order_page import OrderPage, OrderPages
from orderctl.console.rendering import page, render
from orderctl.errors import OperatorError, UnknownOrder
from orderctl.order_report import read_records
from orderctl.terminal import silent

# After a change of the order, its executions are read for so long: AWS writes the log with a delay.
_LOCAL_DELAY: Final = 3.0
_AWS_DELAY: Final = 30.0
_LOCAL_SECONDS: Final = 0.5
_AWS_SECONDS: Final = 3.0
# How often a page is read again that can change although its order does not.
_READ_AGAIN_SECONDS: Final = 5.0
_GONE: Final = "gone"


def _order(request: Request) -> Response:
    shown = _read(request)
    number = _number(request, "execution")
    chosen = shown.execution(number)
    if chosen is None and number is not None:
        raise HTTPException(404, f"The order has no execution {number}.")
    state = None
    run = _number(request, "run")
    if chosen and run is not None:
        state = _pages(request).state(shown, chosen, run)
    return page(request, "order.html", order=shown, chosen=chosen, state=state)


def _state(request: Request) -> Response:
    """Return what is known of the state that the person has chosen."""
    shown = _read(request)
    chosen = shown.execution(_number(request, "execution"))
    run = _number(request, "run")
    state = _pages(request).state(shown, chosen, run) if chosen and run is not None else None
    return page(request, "order_state.html", order=shown, chosen=chosen, state=state)


async def _live(request: Request) -> Response:
    """Send the parts of the page when the order has changed."""
    console = console_of(request)
    order_id = str(request.path_params["order_id"])
    return EventSourceResponse(_changes(console, order_id, _number(request, "execution")), ping=15)


async def _changes(console: Console, order_id: str, number: int | None) -> AsyncIterator[dict[str, str]]:
    """Look at the records of the order (one BatchGetItem), and read all only while something goes on."""
    following = _Following(console, order_id, number)
    pause = _LOCAL_SECONDS if console.is_local else _AWS_SECONDS
    news: object = None
    with console.live.watched():
        while not console.live.is_stopped:
            html = await asyncio.to_thread(following.changes)
            if html:
                yield {"event": "order", "data": html}
            headline = Headline.of(console)
            if headline != news:
                news = headline
                yield {"event": "order", "data": render("news.html", headline=headline)}
            await asyncio.sleep(pause)


class _Following:
    """One page of an order, and what it shows."""

    def __init__(self, console: Console, order_id: str, number: int | None) -> None:
        self._console = console
        self._order_id = order_id
        self._number = number
        self._pages = OrderPages(console.stack, console.options)
        self._delay = _LOCAL_DELAY if console.is_local else _AWS_DELAY
        self._records: object = None
        self._fingerprint: object = None
        self._read_until = 0.0
        self._read_again_at = 0.0

    def changes(self) -> str:
        """Return the parts of the page that replace the old ones; "" when nothing has changed.

        What can't be read is tried again: the console says at the bottom of each page what is wrong.
        """
        try:
            with silent():
                return self._changes()
        except UnknownOrder as error:
            self._records = None
            gone, self._fingerprint = self._fingerprint != _GONE, _GONE
            return render("order_gone.html", what=error.what) if gone else ""
        except (BotoCoreError, ClientError, OperatorError):
            return ""

    def _changes(self) -> str:
        records = read_records(self._console.stack, self._order_id)
        now = time.monotonic()
        if records != self._records:
            self._records, self._read_until = records, now + self._delay
        if not (_goes_on(records) or now < self._read_until or now > self._read_again_at > 0):
            return ""
        shown = self._pages.read(self._order_id)
        self._read_again_at = now + _READ_AGAIN_SECONDS if shown.may_change_unseen else 0.0
        if shown.fingerprint == self._fingerprint:
            return ""
        self._fingerprint = shown.fingerprint
        chosen = shown.execution(self._number)
        return render("order_changes.html", console=self._console, order=shown, chosen=chosen)


def _goes_on(records: Mapping[str, Mapping[str, Any]]) -> bool:
    return str(records.get(ORDER_RECORD, {}).get("openKey", "")).startswith(OpenKind.IN_PROGRESS)


def _read(request: Request) -> OrderPage:
    return _pages(request).read(str(request.path_params["order_id"]))


def _pages(request: Request) -> OrderPages:
    console = console_of(request)
    return OrderPages(console.stack, console.options)


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise HTTPException(404) from None


ROUTES: Final = [
    Route("/orders/{order_id:uuid}", _order),
    Route("/orders/{order_id:uuid}/state", _state),
    Route("/orders/{order_id:uuid}/live", _live),
]
