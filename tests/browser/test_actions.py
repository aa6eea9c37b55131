"""What is said where something is changed, in Chromium: while it is awaited, and without a cloud."""

import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from playwright.sync_api import Browser, expect

from orderctl.console.pages import stock
from orderctl.products import Product
from tests.browser.fake_console import FakeConsole, made_up
from tests.browser.tabs import Tab, opened


class SlowTable:
    """A table of one product. A read of one waits until the test lets it go on; then the cloud is down."""

    def __init__(self, *_: Any) -> None:
        self.product = Product(product_id="A1", name="Heart", unit_price=255, available=0)
        self.goes_on = threading.Event()
        self.is_down = True

    def all(self) -> list[Product]:
        return [self.product]

    def find(self, product_ids: Iterable[str]) -> dict[str, Product]:
        self.goes_on.wait(30)
        if self.is_down:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")
        return dict.fromkeys(product_ids, self.product)

    def set(self, _: str, *, available: int) -> Product:
        self.product = Product(product_id="A1", name="Heart", unit_price=255, available=available)
        return self.product


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowTable]:
    made = SlowTable()
    monkeypatch.setattr(stock, "ProductsTable", lambda _: made)
    yield made
    made.goes_on.set()


@pytest.fixture
def stock_tab(browser: Browser, table: SlowTable, console: FakeConsole) -> Iterator[Tab]:  # noqa: ARG001  the table first
    with opened(browser, console.address) as tab:
        tab.open("/stock")
        yield tab


def test_an_answer_is_awaited_in_sight_and_its_error_is_said_there(stock_tab: Tab, table: SlowTable) -> None:
    dialog = stock_tab.page.locator("#confirm")
    stock_tab.page.get_by_role("link", name="A1").click()

    expect(dialog).to_contain_text("Working …")
    assert stock_tab.seriously_inaccessible() == []
    table.goes_on.set()

    expect(dialog).to_contain_text("The local cloud does not respond")
    expect(dialog).to_contain_text("Start it with `orderctl up`.")
    expect(dialog).not_to_contain_text("Working …")
    assert stock_tab.seriously_inaccessible() == []
    stock_tab.problems.clear()  # the browser notes the status of the error


def test_an_answer_that_is_not_waited_for_does_not_open_the_dialog_again(
    stock_tab: Tab, table: SlowTable
) -> None:
    dialog = stock_tab.page.locator("#confirm")
    stock_tab.page.get_by_role("link", name="A1").click()
    expect(dialog).to_contain_text("Working …")

    dialog.get_by_role("button", name="Close").click()
    table.goes_on.set()

    expect(dialog).to_be_hidden()
    stock_tab.page.wait_for_timeout(500)
    expect(dialog).to_be_hidden()
    stock_tab.problems.clear()  # htmx notes what is aborted


def test_a_form_stays_when_the_console_is_gone(stock_tab: Tab, table: SlowTable) -> None:
    dialog = stock_tab.page.locator("#confirm")
    table.is_down = False
    table.goes_on.set()
    stock_tab.page.get_by_role("link", name="A1").click()
    expect(dialog.locator(".working")).to_be_hidden()
    stock_tab.page.route("**/stock/A1", lambda route: route.abort())

    dialog.get_by_role("button", name="Set").click()

    expect(dialog.get_by_role("alert")).to_contain_text("The console does not respond.")
    expect(dialog.locator("input[name=available]")).to_be_visible()
    stock_tab.problems.clear()


def test_the_number_of_sold_out_products_follows_what_is_set(stock_tab: Tab, table: SlowTable) -> None:
    dialog = stock_tab.page.locator("#confirm")
    table.is_down = False
    table.goes_on.set()
    expect(stock_tab.page.locator("#sold-out")).to_have_text("1")
    stock_tab.page.get_by_role("link", name="A1").click()
    dialog.locator("input[name=available]").fill("5")
    dialog.get_by_role("button", name="Set").click()
    dialog.get_by_role("button", name="Set it to 5").click()

    expect(dialog).to_contain_text("A1 has 5 now")
    expect(stock_tab.page.locator("#sold-out")).to_have_text("0")
    expect(stock_tab.page.locator("#available-A1")).to_have_text("5")


def test_the_stock_is_shown_as_it_falls(stock_tab: Tab, table: SlowTable) -> None:
    sought = stock_tab.page.get_by_role("textbox", name="Product or name")
    sought.fill("hea")
    stock_tab.page.get_by_role("button", name="Filter").click()
    for available, shown in ((1200, "1,200"), (0, "sold out")):
        table.set("A1", available=available)

        expect(stock_tab.page.locator("#available-A1")).to_have_text(shown)
        expect(stock_tab.page.locator("#sold-out")).to_have_text("0" if available else "1")
    expect(sought).to_have_value("hea")


def test_with_a_filter_the_orders_that_wait_are_one_line(tab: Tab, console: FakeConsole) -> None:
    console.feed.put(*(made_up(1000 + number, status="ON_HOLD") for number in range(25)))
    held = tab.page.locator("#held")
    expect(held.locator("li")).to_have_count(20)
    assert held.locator("ul").evaluate("list => list.scrollHeight <= list.clientHeight")

    tab.page.locator("#filter-status").select_option("CONFIRMED")

    expect(held).to_have_text("25 orders wait for an operator")
    expect(held.get_by_role("link")).to_have_attribute("href", "/orders?status=ON_HOLD")
    console.feed.put(made_up(2000, status="ON_HOLD"))
    expect(held).to_have_text("26 orders wait for an operator")
