"""The list of orders in Chromium: live rows, filters, keyboard, themes, and 300 made-up orders."""

import re

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.fake_console import HOSTILE, FakeConsole, made_up
from tests.browser.tabs import PHONE, WIDE, Tab, opened

ROWS = "#order-rows tr[id]"


def _top(tab: Tab, order_id: str) -> float:
    """Return how far from the top of the window the row of an order is."""
    return float(tab.page.locator(f"#order-{order_id}").evaluate("row => row.getBoundingClientRect().top"))


def _scroll_to(tab: Tab, order_id: str) -> None:
    """Scroll on, which reads older orders, until this one is in the list and in sight."""
    row = tab.page.locator(f"#order-{order_id}")
    while not row.count():
        seen = tab.page.locator(ROWS).count()
        tab.page.locator("#order-rows .older").scroll_into_view_if_needed()
        tab.page.wait_for_function(
            "seen => document.querySelectorAll('#order-rows tr[id]').length > seen", arg=seen
        )
    row.evaluate("row => row.scrollIntoView({block: 'center'})")


def _show_orders(tab: Tab) -> None:
    """Let an order have a page, which here only says so."""
    order = re.compile("/orders/[0-9a-f-]{36}$")
    tab.page.route(order, lambda route: route.fulfill(body="<h1>Order</h1>", content_type="text/html"))


def test_a_new_order_appears_on_top_and_changes_its_status_in_place(tab: Tab, console: FakeConsole) -> None:
    order = made_up(1000, status="PENDING")

    console.feed.put(order)
    first = tab.page.locator(ROWS).first
    expect(first).to_contain_text(order.order_id)
    expect(first.locator(".chip")).to_have_text("PENDING")
    console.feed.change(order, "CONFIRMED")

    expect(first.locator(".chip")).to_have_text("CONFIRMED")
    expect(tab.page.locator("#count-CONFIRMED b")).to_have_text("181")
    assert tab.page.locator(f"#order-{order.order_id}").count() == 1


def test_the_page_stays_where_it_is_while_orders_arrive(tab: Tab, console: FakeConsole) -> None:
    read = console.orders[150].order_id
    _scroll_to(tab, read)
    before = _top(tab, read)

    console.feed.put(*(made_up(1000 + number, status="PENDING") for number in range(30)))
    expect(tab.page.locator("#count-PENDING b")).to_have_text("30")
    expect(tab.page.locator(f"#order-{made_up(1029).order_id}")).to_be_attached()

    assert abs(_top(tab, read) - before) < 1


def test_the_focused_row_keeps_the_focus_and_its_place(tab: Tab, console: FakeConsole) -> None:
    order = console.orders[297]
    for _ in range(3):
        tab.page.keyboard.press("j")
    assert tab.focused() == order.order_id
    before = _top(tab, order.order_id)

    console.feed.put(made_up(1000))
    console.feed.change(order, "ON_HOLD")
    expect(tab.page.locator(f"#order-{order.order_id} .chip")).to_have_text("ON_HOLD")

    assert tab.focused() == order.order_id
    assert abs(_top(tab, order.order_id) - before) < 1


def test_a_filtered_list_has_only_orders_that_fit(tab: Tab, console: FakeConsole) -> None:
    held, other = made_up(1000, status="ON_HOLD"), made_up(1001, status="PENDING")
    tab.page.select_option("#filter-status", "ON_HOLD")
    tab.wait_for_path("/orders?status=ON_HOLD")
    expect(tab.page.locator("#no-orders")).to_be_visible()

    console.feed.put(other, held)
    expect(tab.page.locator(ROWS)).to_have_count(1)
    expect(tab.page.locator("#count-PENDING b")).to_have_text("1")
    expect(tab.page.locator(ROWS)).to_contain_text(held.order_id)
    console.feed.change(held, "CONFIRMED")

    expect(tab.page.locator(ROWS)).to_have_count(0)


def test_the_address_has_the_times_in_utc(tab: Tab) -> None:
    # In Berlin it is one hour later.
    tab.page.fill("#filter-since", "2026-11-26T13:04")

    tab.page.wait_for_url(re.compile("since="))
    assert tab.path == "/orders?since=2026-11-26T12%3A04%3A00.000Z"
    expect(tab.page.locator(ROWS).first).to_be_visible()
    expect(tab.page.locator("#filter-since")).to_have_value("2026-11-26T13:04")
    assert tab.focused() == ""


def test_back_from_an_order_restores_the_filters_and_the_place(tab: Tab, console: FakeConsole) -> None:
    tab.open("/orders?status=CONFIRMED")
    opened_order = console.orders[75]
    _scroll_to(tab, opened_order.order_id)
    before = _top(tab, opened_order.order_id)
    _show_orders(tab)

    tab.page.locator(f"#order-{opened_order.order_id} a.row").click()
    expect(tab.page.locator("h1")).to_have_text("Order")
    tab.back()

    tab.wait_for_path("/orders?status=CONFIRMED")
    expect(tab.page.locator("#filter-status")).to_have_value("CONFIRMED")
    expect(tab.page.locator(f"#order-{opened_order.order_id} a.row")).to_be_focused()
    assert abs(_top(tab, opened_order.order_id) - before) < 1


def test_back_from_a_filter_restores_the_list_without_it(tab: Tab, console: FakeConsole) -> None:
    tab.page.select_option("#filter-status", "REJECTED")
    tab.wait_for_path("/orders?status=REJECTED")
    expect(tab.page.locator(ROWS).first).to_contain_text("REJECTED")

    tab.back()

    tab.wait_for_path("/orders")
    expect(tab.page.locator(ROWS).first).to_contain_text(console.orders[-1].order_id)
    expect(tab.page.locator("#filter-status")).to_have_value("")
    expect(tab.page.locator("nav[aria-label=Pages]")).to_be_visible()


def test_the_keys_move_open_search_and_explain_themselves(tab: Tab, console: FakeConsole) -> None:
    newest = [order.order_id for order in reversed(console.orders)]
    keyboard = tab.page.keyboard
    _show_orders(tab)

    keyboard.press("?")
    expect(tab.page.locator("dialog#keys")).to_be_visible()
    keyboard.press("Escape")
    expect(tab.page.locator("dialog#keys")).to_be_hidden()
    keyboard.press("/")
    expect(tab.page.get_by_role("searchbox")).to_be_focused()
    keyboard.type("jk?")
    keyboard.press("Escape")
    expect(tab.page.get_by_role("searchbox")).not_to_be_focused()
    moved = []
    for key in "jjjk":
        keyboard.press(key)
        moved.append(tab.focused())
    keyboard.press("Enter")

    tab.wait_for_path(f"/orders/{newest[1]}")
    assert moved == [newest[0], newest[1], newest[2], newest[1]]


def test_the_chosen_theme_stays(tab: Tab) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = tab.page.evaluate(ground)

    tab.page.locator("#theme").click()
    dark = tab.page.evaluate(ground)
    tab.open("/orders")

    assert dark != light
    assert tab.page.evaluate(ground) == dark


def test_a_hostile_customer_id_is_only_text(tab: Tab, console: FakeConsole) -> None:
    order = made_up(1000, status="ON_HOLD", customer=HOSTILE)

    console.feed.put(order)
    expect(tab.page.locator(f"#order-{order.order_id}")).to_contain_text(HOSTILE)
    tab.open("/orders")

    expect(tab.page.locator(f"#order-{order.order_id}")).to_contain_text(HOSTILE)
    assert tab.page.locator("main img").count() == 0


def test_a_problem_is_shown_and_goes_away_without_moving_the_page(tab: Tab, console: FakeConsole) -> None:
    first = console.orders[-1].order_id
    before = _top(tab, first)

    console.live.problem = "The session has expired"
    expect(tab.page.locator("#problem")).to_contain_text("Not up to date: The session has expired")
    during = _top(tab, first)
    console.live.problem = ""

    expect(tab.page.locator("#problem")).to_be_hidden()
    assert during == before


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_serious_in_either_theme(browser: Browser, size: ViewportSize) -> None:
    fake = FakeConsole(5)  # one of each status that is settled; axe looks at each row
    fake.feed.put(made_up(1000, status="ON_HOLD"), made_up(1001, status="PENDING"))
    fake.live.problem = "The session has expired"
    fake.live.dead_letters = 3

    with (
        fake.served() as console,
        opened(browser, console.address, color_scheme="light", viewport=size) as tab,
    ):
        expect(tab.page.locator(ROWS)).to_have_count(7)
        light, is_light_sideways = tab.seriously_inaccessible(), tab.is_scrolled_sideways()
        tab.page.emulate_media(color_scheme="dark")
        dark, is_dark_sideways = tab.seriously_inaccessible(), tab.is_scrolled_sideways()

        assert (light, dark) == ([], [])
        assert not is_light_sideways
        assert not is_dark_sideways


def test_axe_finds_nothing_serious_in_the_empty_list_the_keys_and_an_error(tab: Tab) -> None:
    tab.open("/orders?status=ON_HOLD")
    empty = tab.seriously_inaccessible()
    tab.page.keyboard.press("?")
    keys = tab.seriously_inaccessible()
    response = tab.page.goto(tab.origin + "/nothing")
    error = tab.seriously_inaccessible()
    tab.problems.clear()  # the browser tells of the 404

    assert (empty, keys, error) == ([], [], [])
    assert response
    assert response.status == 404
