"""The page of all orders: newest first, live, with filters; what is held is on top."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self
from urllib.parse import urlencode
from uuid import UUID

from sse_starlette import EventSourceResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from handlers.contract.clock import rfc3339
from handlers.contract.names import OrderStatus
from orderctl.api_client import OrdersApi
from orderctl.console.context import Console, Headline, console_of
from orderctl.console.order_feed import FeedOrder
from orderctl.console.rendering import page, render
from orderctl.customer_list import CustomerList

ROWS: Final = 50
_HELD: Final = 20
_LOOK_SECONDS: Final = 0.25
_MOST_OF_A_CUSTOMER: Final = 200
# The rule of handlers/schemas/place_order.schema.json.
_CUSTOMER: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What the list is limited to. Times are RFC 3339 UTC; "" means no limit."""

    status: str = ""
    customer: str = ""
    since: str = ""
    until: str = ""
    ignored: tuple[str, ...] = ()

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """Read the address of the page; what makes no sense is no limit, and is `ignored`."""
        given = {name: query.get(name, "").strip() for name in ("status", "customer", "since", "until")}
        understood = {
            "status": given["status"] if given["status"] in set(OrderStatus) else "",
            "customer": given["customer"] if _CUSTOMER.fullmatch(given["customer"]) else "",
            "since": _utc(given["since"]),
            "until": _utc(given["until"]),
        }
        ignored = tuple(f"{name} {text}" for name, text in given.items() if text and not understood[name])
        return cls(**understood, ignored=ignored)

    @property
    def query(self) -> str:
        """Return it as it is in the address of the page."""
        names = ("status", "customer", "since", "until")
        return urlencode({name: getattr(self, name) for name in names if getattr(self, name)})

    @property
    def is_set(self) -> bool:
        """Tell whether it limits anything."""
        return bool(self.query)

    def fits(self, order: FeedOrder) -> bool:
        """Tell whether the order is in the list."""
        return (
            self.status in ("", order.status)
            and self.customer in ("", order.customer_id)
            and (not self.since or order.created_at >= self.since)
            and (not self.until or order.created_at <= self.until)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """A part of the list; `older` is the query for the part after it, "" at the end."""

    orders: Sequence[FeedOrder]
    older: str
    version: int


def _orders(request: Request) -> Response:
    console = console_of(request)
    sought = request.query_params.get("q", "").strip()
    if _is_order_id(sought):
        return RedirectResponse(f"/orders/{sought.lower()}", status_code=303)
    chosen = Filter.from_query(request.query_params)
    if sought:
        return RedirectResponse(f"/orders?{urlencode({'customer': sought[:64]})}", status_code=303)
    console.live.up_to_date()
    if chosen.customer:
        _read_customer(console, chosen.customer)
    template = "orders_list.html" if "hx-request" in request.headers else "orders.html"
    return page(request, template, chosen=chosen, rows=_rows(console, chosen), **overview(console))


def _no_order(request: Request) -> Response:
    text = request.path_params["text"]
    raise HTTPException(404, f"{text} is no order id.")


def _older(request: Request) -> Response:
    """Return the rows after the last one that the page has."""
    chosen = Filter.from_query(request.query_params)
    rows = _rows(console_of(request), chosen, request.query_params.get("before", ""))
    return page(request, "orders_rows.html", rows=rows)


async def _live(request: Request) -> Response:
    """Send each order that changed, as a row of the list, and what is on top of it."""
    console = console_of(request)
    chosen = Filter.from_query(request.query_params)
    try:
        version = int(request.query_params.get("version", ""))
    except ValueError:
        version = console.live.feed.version
    return EventSourceResponse(_changes(console, chosen, version), ping=15)


async def _changes(console: Console, chosen: Filter, version: int) -> AsyncIterator[dict[str, str]]:
    shown: object = None
    with console.live.watched():
        epoch = console.live.feed.epoch
        while not console.live.is_stopped:
            feed = console.live.feed
            if feed.epoch != epoch:
                epoch = feed.epoch
                yield {"event": "orders", "data": render("reload.html")}
            now_shown = (feed.version, Headline.of(console))
            if now_shown != shown:
                changed = await asyncio.to_thread(feed.changed_since, version)
                html = await asyncio.to_thread(_changed_html, console, chosen, changed, now_shown[1])
                version, shown = max(version, now_shown[0]), now_shown
                yield {"event": "orders", "data": html}
            await asyncio.sleep(_LOOK_SECONDS)


def _changed_html(console: Console, chosen: Filter, changed: Sequence[FeedOrder], headline: Headline) -> str:
    """Return rows that replace those of the same orders, or are put on top of the list."""
    oldest_first = sorted(changed, key=lambda order: order.created_at)[-ROWS * 4 :]
    rows = [(order, chosen.fits(order)) for order in oldest_first]
    values = {"console": console, "headline": headline, "changes": rows, "chosen": chosen}
    return render("orders_changes.html", **values, **overview(console))


def _rows(console: Console, chosen: Filter, before: str = "") -> _Rows:
    feed = console.live.feed
    version = feed.version
    found = [order for order in feed.orders() if chosen.fits(order)]
    if before:
        found = [order for order in found if _key(order) < before]
    shown = found[:ROWS]
    more = urlencode({"before": _key(shown[-1])}) if len(found) > ROWS else ""
    return _Rows(
        orders=shown, older="&".join(filter(None, [chosen.query, more])) if more else "", version=version
    )


def overview(console: Console) -> dict[str, Any]:
    """Return what is on top of the list: the orders that wait for an operator, and counts by status."""
    known = console.live.feed.orders()
    held = sorted((order for order in known if order.waits), key=lambda order: order.since)
    return {
        "held": held[:_HELD],
        "more_held": max(0, len(held) - _HELD),
        "counts": Counter(order.status for order in known),
        "total": len(known),
        "statuses": list(OrderStatus),
    }


def _read_customer(console: Console, customer: str) -> None:
    """Read the newest orders of a customer: the list may not have the older ones."""
    found = CustomerList(OrdersApi(console.stack), customer).find(_MOST_OF_A_CUSTOMER)
    console.live.feed.read_now(order["orderId"] for order in found.orders)


def _key(order: FeedOrder) -> str:
    return f"{order.created_at} {order.order_id}"


def _is_order_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _utc(text: str) -> str:
    """Return a time of the address in UTC; "" when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return rfc3339(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


ROUTES: Final = [
    Route("/orders", _orders),
    Route("/orders/older", _older),
    Route("/orders/live", _live),
]
# After the pages of one order.
OTHERS: Final = [Route("/orders/{text}", _no_order)]
