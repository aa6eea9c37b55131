"""The page of one order: its state machine as a picture, a timeline, each state, and all that is known."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from sse_starlette import EventSourceResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handlers.contract.names import ORDER_RECORD, OpenKind
from orderctl.console.context import Console, console_of
from orderctl.console.order_page import OrderPage, OrderPages, ShownExecution
from orderctl.console.rendering import page, render
from orderctl.order_report import read_records
from orderctl.terminal import silent

# After a change of the order, its executions are read for so long: AWS writes the log with a delay.
_LOCAL_DELAY: Final = 3.0
_AWS_DELAY: Final = 30.0
_LOCAL_SECONDS: Final = 0.5
_AWS_SECONDS: Final = 3.0


def _order(request: Request) -> Response:
    shown = _read(request)
    chosen = shown.execution(_number(request, "execution"))
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
    delay, pause = (_LOCAL_DELAY, _LOCAL_SECONDS) if console.is_local else (_AWS_DELAY, _AWS_SECONDS)
    pages = OrderPages(console.stack, console.options)
    seen: object = None
    fingerprint: object = None
    read_until = 0.0
    with console.live.watched():
        while True:
            records = await asyncio.to_thread(_quietly, read_records, console.stack, order_id)
            if records != seen:
                seen, read_until = records, time.monotonic() + delay
            if _goes_on(records) or time.monotonic() < read_until:
                shown = await asyncio.to_thread(_quietly, pages.read, order_id)
                if shown.fingerprint != fingerprint:
                    fingerprint = shown.fingerprint
                    html = await asyncio.to_thread(_parts, console, shown, shown.execution(number))
                    yield {"event": "order", "data": html}
            await asyncio.sleep(pause)


def _quietly(read: Any, *arguments: Any) -> Any:
    with silent():
        return read(*arguments)


def _parts(console: Console, shown: OrderPage, chosen: ShownExecution | None) -> str:
    return render("order_changes.html", console=console, order=shown, chosen=chosen)


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
