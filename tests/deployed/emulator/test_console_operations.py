"""What an operator does in the console happens to the deployed system."""

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from orderctl.console.app import console_app
from orderctl.console.context import Console
from orderctl.console.serving import new_console
from orderctl.dlq.queues import read_queues
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.operator_steps import outage, parked, place, statuses, wait_until_parked
from tests.waiting import eventually

PORT = 8765
ORIGIN = f"http://127.0.0.1:{PORT}"
HOSTILE = "</summary><script>alert(1)</script>"


@pytest.fixture
def console(shop: DeployedShop) -> Console:
    return new_console(shop.stack, name=shop.stack_name, options="", port=PORT, changes_prod=False)


@pytest.fixture
def browser(console: Console) -> Iterator[TestClient]:
    with TestClient(console_app(console), base_url=ORIGIN) as client:
        client.headers["cookie"] = f"{console.access.cookie}={console.access.token}"
        client.headers["hx-request"] = "true"
        yield client


def _post(browser: TestClient, console: Console, path: str, **form: Any) -> Any:
    headers = {"x-csrf-token": console.access.csrf, "origin": ORIGIN}
    response = browser.post(path, data=form, headers=headers)
    assert response.status_code < 300, response.text
    return response


def _text(response: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def _fields(response: Any) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', response.text)
    return {name: unescape(value) for name, value in found}


def _hold(shop: DeployedShop, count: int) -> list[str]:
    """Return orders that are on hold, because the payment service was down."""
    with outage("payment"):
        order_ids = place(shop, shop.sell(), count)
        shop.wait_until_not_pending(*order_ids)
    wait_until_parked(shop.stack, order_ids, count=count)
    return order_ids


def test_held_orders_are_redriven_and_confirmed(
    shop: DeployedShop, browser: TestClient, console: Console
) -> None:
    first, second, other = _hold(shop, 3)
    listed = browser.get("/dead-letters?queue=payment").text
    plan = _post(browser, console, "/dead-letters/plan", chosen=[first, second])

    started = _post(browser, console, "/dead-letters/redrive", **_fields(plan))
    path = started.headers["hx-redirect"]
    eventually(lambda: "Done in" in browser.get(path).text, "the end of the redrive")

    assert all(order_id in listed for order_id in (first, second, other))
    assert "Redrive 2 orders?" in _text(plan)
    ended = _text(browser.get(path))
    assert "2 orders emitted again, 2 messages deleted." in ended
    assert all(f"{order_id} CONFIRMED done" in ended for order_id in (first, second))
    assert statuses(shop, [first, second]) == {("CONFIRMED", None)}
    assert statuses(shop, [other]) == {("ON_HOLD", "payment")}
    assert parked(shop.stack, {first, second}) == []

    _post(browser, console, f"/orders/{other}/redrive")
    shop.wait_until_closed(other)

    assert statuses(shop, [other]) == {("CONFIRMED", None)}


def test_an_order_that_fails_again_is_shown_as_held_again(
    shop: DeployedShop, browser: TestClient, console: Console
) -> None:
    (order_id,) = _hold(shop, 1)
    with outage("payment"):
        warned = _text(_post(browser, console, "/dead-letters/plan", chosen=order_id))
        started = _post(browser, console, "/dead-letters/redrive", orders=order_id, named="yes")
        path = started.headers["hx-redirect"]
        eventually(lambda: "Done in" in browser.get(path).text, "the end of the redrive")

    assert "A fault of the payment service is on" in warned
    assert f"{order_id} ON_HOLD payment held again" in _text(browser.get(path))
    assert statuses(shop, [order_id]) == {("ON_HOLD", "payment")}


def test_a_confirmed_order_is_cancelled_and_its_stock_is_put_back(
    shop: DeployedShop, browser: TestClient, console: Console
) -> None:
    product = shop.sell(available=10)
    (order_id,) = place(shop, product)
    shop.wait_until_closed(order_id)
    asked = browser.get(f"/orders/{order_id}/cancel")

    done = _post(browser, console, f"/orders/{order_id}/cancel", comment="by phone", late="1")
    shop.wait_until_closed(order_id)

    assert "Its stock is put back. Its payment of USD 2.55 is refunded, the whole amount." in _text(asked)
    assert "Its cancellation was asked for" in done.text
    assert statuses(shop, [order_id]) == {("CANCELLED", "OPERATOR")}
    assert shop.available(product) == 10
    assert shop.records(order_id)["STEP#payment"]["status"] == "REFUNDED"


def test_a_fault_of_the_console_holds_an_order(
    shop: DeployedShop, browser: TestClient, console: Console
) -> None:
    asked = _post(browser, console, "/faults/payment", action="on", rate="100", latency="0")
    on = _post(browser, console, "/faults/payment", **_fields(asked))
    try:
        (order_id,) = place(shop, shop.sell())
        shop.wait_until_not_pending(order_id)
    finally:
        asked = _post(browser, console, "/faults/payment", action="off")
        off = _post(browser, console, "/faults/payment", **_fields(asked))
    (later,) = place(shop, shop.sell())
    shop.wait_until_not_pending(later)

    assert "Payment: on, every call fails" in _text(on)
    assert "Payment: off, its calls are served as usual" in _text(off)
    assert statuses(shop, [order_id]) == {("ON_HOLD", "payment")}
    assert statuses(shop, [later]) == {("CONFIRMED", None)}


def test_the_stock_of_a_product_is_set(shop: DeployedShop, browser: TestClient, console: Console) -> None:
    product = shop.sell(available=10)
    asked = _post(browser, console, f"/stock/{product}", available="3")

    _post(browser, console, f"/stock/{product}", **_fields(asked))

    assert shop.available(product) == 3
    assert product in browser.get(f"/stock?q={product}").text


def test_without_the_token_of_the_page_nothing_is_done(shop: DeployedShop, browser: TestClient) -> None:
    (order_id,) = _hold(shop, 1)
    before = shop.records(order_id)

    refused = [
        browser.post(path, headers={"origin": ORIGIN}, data={"orders": order_id, "named": "yes"})
        for path in ("/dead-letters/redrive", f"/orders/{order_id}/cancel", f"/orders/{order_id}/redrive")
    ]

    assert [response.status_code for response in refused] == [403, 403, 403]
    assert shop.records(order_id) == before
    assert len(parked(shop.stack, {order_id})) == 1


def test_in_prod_nothing_is_done_without_the_flag(shop: DeployedShop) -> None:
    (order_id,) = _hold(shop, 1)
    before = shop.records(order_id)
    console = new_console(
        shop.stack, name="OrderProcessing-prod", options=" --stack prod", port=PORT, changes_prod=False
    )
    headers = {
        "cookie": f"{console.access.cookie}={console.access.token}",
        "x-csrf-token": console.access.csrf,
        "origin": ORIGIN,
    }

    with TestClient(console_app(console), base_url=ORIGIN, headers=headers) as browser:
        refused = [
            browser.post(path, data={"orders": order_id, "named": "yes"})
            for path in ("/dead-letters/redrive", f"/orders/{order_id}/cancel", f"/orders/{order_id}/redrive")
        ]

    assert all("start the console with --allow-changes" in response.text for response in refused)
    assert shop.records(order_id) == before
    assert len(parked(shop.stack, {order_id})) == 1


def test_a_message_of_a_stranger_is_text_on_the_page(shop: DeployedShop, browser: TestClient) -> None:
    body = {"orderId": "x", "step": HOSTILE, "error": HOSTILE, "cause": HOSTILE}
    queue = shop.stack.dlq_urls["delivery"]
    shop.stack.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(body))

    page = browser.get("/dead-letters?queue=delivery").text
    with read_queues(shop.stack, ["delivery"], wait_seconds=0) as received:
        received.delete([message for message in received.messages if message.step == HOSTILE])

    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
