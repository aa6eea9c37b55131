"""What a page is sent while it is open, when the stack changes at the worst moment."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from orderctl.console.context import Console
from orderctl.console.guard import Access
from orderctl.console.pages import orders, stock
from orderctl.console.pages.stock import Products, StockFilter
from orderctl.products import Product
from tests.browser.fake_console import FakeFeed, FakeLive


def _console(live: FakeLive) -> Console:
    shown: Any = {"stack": None, "name": "OrderProcessing-dev", "options": "", "access": Access(port=1)}
    return Console(**shown, live=cast("Any", live))


@contextmanager
def _changing_while_it_renders(monkeypatch: pytest.MonkeyPatch, live: FakeLive) -> Iterator[None]:
    """Let the stack have a problem only while the first message is rendered."""
    overview = orders.overview
    problems = iter(["The session has expired"])

    def during(console: Console) -> Mapping[str, Any]:
        live.problem = next(problems, "")
        return overview(console)

    with monkeypatch.context() as patched:
        patched.setattr(orders, "_LOOK_SECONDS", 0)
        patched.setattr(orders, "overview", during)
        yield


async def _first(console: Console, count: int) -> list[str]:
    sent = orders._changes(console, orders.Filter(), 0)
    return [(await anext(sent))["data"] for _ in range(count)]


def test_a_problem_that_comes_while_a_message_is_made_is_in_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live = FakeLive(FakeFeed([]))

    with _changing_while_it_renders(monkeypatch, live):
        first, second = asyncio.run(_first(_console(live), 2))

    # The page that showed it in the first message would never be told that it is over.
    assert "The session has expired" not in first
    assert "The session has expired" in second


class Shelf:
    """The table of the products; `outage` is raised by a read. At its fifth read it has what comes `late`."""

    def __init__(self, **available: int) -> None:
        self.available = available
        self.late: dict[str, int] = {}
        self.outage: Exception | None = None
        self._reads = 0

    def all(self) -> list[Product]:
        self._reads += 1
        if self._reads == 5:
            self.available |= self.late
        if self.outage:
            raise self.outage
        return [
            Product(product_id=product_id, name="x", unit_price=1, available=available)
            for product_id, available in sorted(self.available.items())
        ]


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    made = Shelf(A1=5, B2=0, C3=200)
    monkeypatch.setattr(stock, "ProductsTable", lambda _: made)
    monkeypatch.setattr(stock, "_LOCAL_SECONDS", 0)
    monkeypatch.setattr(stock, "_LOOK_SECONDS", 0)
    return made


def _stream(live: FakeLive, shown: str, **limits: Any) -> AsyncIterator[dict[str, str]]:
    """Connect as a page that has these products."""
    local: Any = type("Local", (), {"endpoint_url": "http://127.0.0.1:9"})
    limited = {"sought": "", "low": False, "number": 1} | limits
    ids = stock._digest(Shelf(**dict.fromkeys(shown.split(), 0)).all())
    return stock._changes(_console(live), Products(local), StockFilter(**limited), ids)


async def _next(sent: AsyncIterator[dict[str, str]]) -> dict[str, str]:
    # Nobody shall wait for ever for what is not sent.
    return await asyncio.wait_for(anext(sent), 60)


def _stocks(message: Mapping[str, str]) -> dict[str, str]:
    return dict(re.findall(r'id="available-(\w+)"[^>]*>([^<]*)<', message["data"]))


def test_the_page_of_the_stock_is_sent_what_has_changed(shelf: Shelf) -> None:
    async def scenario() -> None:
        sent = _stream(FakeLive(FakeFeed([])), "C3 B2 A1")
        first = await _next(sent)
        shelf.available["A1"] = 0
        second = await _next(sent)

        assert _stocks(first) == {"A1": "5", "B2": "sold out", "C3": "200"}
        assert _stocks(second) == {"A1": "sold out"}
        assert '<b id="sold-out" hx-swap-oob="true">2</b>' in second["data"]
        assert "Read again" not in second["data"]

    asyncio.run(scenario())


def test_nothing_is_sent_while_nothing_changes(shelf: Shelf) -> None:
    async def scenario() -> None:
        shelf.late = {"A1": 4}
        sent = _stream(FakeLive(FakeFeed([])), "A1 B2 C3")
        await _next(sent)

        assert _stocks(await _next(sent)) == {"A1": "4"}

    asyncio.run(scenario())


def test_another_order_of_the_products_is_no_other_page(shelf: Shelf) -> None:
    async def scenario() -> None:
        sent = _stream(FakeLive(FakeFeed([])), "A1 B2 C3", low=True)
        await _next(sent)
        shelf.available["B2"] = 900
        second = await _next(sent)

        assert _stocks(second) == {"B2": "900"}
        assert "Read again" not in second["data"]

    asyncio.run(scenario())


def test_a_page_of_some_products_is_not_sent_the_others(shelf: Shelf) -> None:
    async def scenario() -> None:
        sent = _stream(FakeLive(FakeFeed([])), "A1", sought="a1")
        assert _stocks(await _next(sent)) == {"A1": "5"}
        shelf.available |= {"B2": 7, "C3": 0}
        shelf.available["A1"] = 4
        assert _stocks(await _next(sent)) == {"A1": "4"}

    asyncio.run(scenario())


@pytest.mark.parametrize("at_first", [{"A1": 5}, {}])
def test_a_product_that_comes_is_told_and_not_put_into_the_page(
    shelf: Shelf, at_first: dict[str, int]
) -> None:
    async def scenario() -> None:
        shelf.available = dict(at_first)
        sent = _stream(FakeLive(FakeFeed([])), " ".join(at_first), low=True)
        first = await _next(sent)
        shelf.available["D4"] = 9
        second = await _next(sent)

        assert "Read again" not in first["data"]
        assert 'href="/stock?low=1"' in second["data"]
        assert "Read again" in second["data"]
        assert _stocks(second) == {}

    asyncio.run(scenario())


def test_a_page_that_connects_again_is_sent_no_product_that_it_does_not_have(shelf: Shelf) -> None:
    async def scenario() -> None:
        sent = _stream(FakeLive(FakeFeed([])), "A1 B2")
        first = await _next(sent)
        del shelf.available["C3"]
        second = await _next(sent)

        assert _stocks(first) == {}
        assert "Read again" in first["data"]
        assert _stocks(second) == {"A1": "5", "B2": "sold out"}
        assert "Read again" not in second["data"]

    asyncio.run(scenario())


def test_in_an_outage_the_page_keeps_its_stock_and_says_why(shelf: Shelf) -> None:
    async def scenario() -> None:
        live = FakeLive(FakeFeed([]))
        sent = _stream(live, "A1 B2 C3")
        await _next(sent)
        shelf.outage = EndpointConnectionError(endpoint_url="http://127.0.0.1:9")
        live.problem = "The local cloud does not respond"
        during = await _next(sent)
        shelf.outage, live.problem = None, ""
        shelf.available["A1"] = 3
        after = await _next(sent)

        assert "Not up to date: The local cloud does not respond" in during["data"]
        assert _stocks(during) == {}
        assert '<b id="sold-out" hx-swap-oob="true">1</b>' in during["data"]
        assert "Read again" not in during["data"]
        assert _stocks(after) == {"A1": "3"}
        assert "Not up to date" not in after["data"]

    asyncio.run(scenario())
