"""The console in Chromium, on the local cloud: what an operator does, and what another page can't do."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.fake_console import HOSTILE
from tests.browser.tabs import PHONE, WIDE, Tab, opened
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.operator_steps import orderctl, outage, place


def test_an_order_is_in_the_open_list_and_its_page_shows_it_going_through(
    tab: Tab, shop: DeployedShop, customer: str
) -> None:
    placed = shop.place({shop.sell(): 1}, customer=customer).body["orderId"]

    row = tab.page.locator(f"#order-{placed}")
    expect(row).to_contain_text(customer)
    row.locator("a.row").click()

    tab.wait_for_path(f"/orders/{placed}")
    expect(tab.page.locator("h1 .chip")).to_have_text("CONFIRMED")
    expect(tab.page.locator("#order-picture")).to_contain_text("OrderProcessed")
    tab.back()
    expect(row.locator(".chip")).to_have_text("CONFIRMED")


def test_an_outage_holds_orders_and_the_pages_redrive_them(tab: Tab, shop: DeployedShop) -> None:
    product = shop.sell()
    with outage("payment"):
        first, second = place(shop, product, 2)
        shop.wait_until_not_pending(first, second)

    # One from its own page
    tab.page.locator(f"#held-{first}").click()
    expect(tab.page.locator("#order-head")).to_contain_text("AuthorizePayment failed")
    tab.page.get_by_role("button", name="Redrive …").click()
    tab.page.get_by_role("button", name="Redrive this order").click()
    expect(tab.page.locator("h1 .chip")).to_have_text("CONFIRMED")
    expect(tab.page.locator("#order-executions .execution")).to_have_count(2)
    # The other from the dead letters
    tab.open(f"/dead-letters?order={second}")
    tab.page.get_by_role("button", name="Redrive all 1 order").click()
    dialog = tab.page.get_by_role("dialog")
    expect(dialog).to_contain_text(second)
    dialog.locator("button.primary").click()
    expect(tab.page.locator(".came-of")).to_contain_text("CONFIRMED")

    shop.wait_until_closed(first, second)
    assert shop.available(product) == 998


def test_an_order_is_read_with_the_keyboard_alone(tab: Tab, confirmed: str) -> None:
    keyboard = tab.page.keyboard
    expect(tab.page.locator(f"#order-{confirmed}")).to_be_visible()

    tab.page.locator(f"#order-{confirmed} a.row").focus()
    keyboard.press("Enter")
    tab.wait_for_path(f"/orders/{confirmed}")
    keyboard.press("j")  # its execution
    keyboard.press("j")  # its first state
    keyboard.press("Enter")
    expect(tab.page.locator("#state h2")).to_have_attribute("data-chosen-run", "0")
    chosen = tab.page.locator("#state h2").text_content()
    keyboard.press("Escape")

    tab.wait_for_path("/orders")
    expect(tab.page.locator(f"#order-{confirmed} a.row")).to_be_focused()
    assert chosen


def test_a_customer_id_with_markup_is_only_text(tab: Tab, shop: DeployedShop) -> None:
    (order_id,) = place(shop, shop.sell())
    shop.wait_until_closed(order_id)
    # The API refuses such an id, so another program must have written it.
    shop.stack.client("dynamodb").update_item(
        TableName=shop.stack.orders_table,
        Key={"orderId": {"S": order_id}, "record": {"S": "ORDER"}},
        UpdateExpression="SET customerId = :hostile",
        ExpressionAttributeValues={":hostile": {"S": HOSTILE}},
    )

    tab.open(f"/orders/{order_id}")

    expect(tab.page.locator("#order-head")).to_contain_text(HOSTILE)
    assert tab.page.locator("main img").count() == 0


def test_the_file_of_a_trace_needs_no_network(browser: Browser, confirmed: str, tmp_path: Path) -> None:
    file = tmp_path / "order.html"
    orderctl("trace", confirmed, "--html", str(file))

    with opened(browser, file.as_uri(), offline=True) as tab:
        expect(tab.page.locator("h1")).to_contain_text(confirmed)
        tab.page.locator("svg").get_by_text("AuthorizePayment", exact=True).first.click()
        expect(tab.page.locator("details[open]")).to_contain_text("AuthorizePayment")
        found = tab.seriously_inaccessible()

        assert found == []


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", PHONE)], ids=["light", "dark-phone"])
def test_axe_finds_nothing_serious_on_any_page(
    browser: Browser, console_address: str, confirmed: str, scheme: str, size: ViewportSize
) -> None:
    pages = (f"/orders/{confirmed}", "/overview", "/dead-letters", "/stock", "/faults")
    with opened(browser, console_address, color_scheme=scheme, viewport=size) as tab:
        for path in pages:
            tab.open(path)
            expect(tab.page.locator("h1")).to_be_visible()

            assert (path, tab.seriously_inaccessible()) == (path, [])
            assert (path, tab.is_scrolled_sideways()) == (path, False)


def test_a_person_without_the_token_sees_nothing(browser: Browser, tab: Tab) -> None:
    with browser.new_context() as stranger:
        response = stranger.new_page().goto(f"{tab.origin}/orders")

    assert response
    assert response.status == 403


def test_a_page_of_another_port_can_neither_read_nor_change_anything(tab: Tab) -> None:
    # The browser sends the cookie of the console along: to it, another port is the same site.
    page = tab.page.context.new_page()
    evil = "http://127.0.0.1:9/evil"
    form = f"<form method=post action={tab.origin}/dead-letters/redrive><button>You have won</button></form>"
    page.route(evil, lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto(evil)

    read = page.evaluate(
        "address => fetch(address, {credentials: 'include'}).then(() => 'read', () => 'refused')",
        f"{tab.origin}/orders",
    )
    page.get_by_role("button").click()
    expect(page.locator("body")).to_contain_text("Another site sent this request")
    tab.problems.clear()  # the browser tells of what was refused, and the page of another host is noted

    assert read == "refused"
