"""What an operator does on the pages of the console: looks at dead letters, redrives, cancels, sets stock."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import EndpointConnectionError
from starlette.applications import Starlette
from starlette.testclient import TestClient

from handlers.contract.clock import utc_now
from orderctl.console.app import console_app
from orderctl.console.context import Console
from orderctl.console.guard import Access
from orderctl.console.pages import faults
from orderctl.dlq.queues import DeadLetterQueue, QueueSize
from orderctl.fault_switch import FaultSwitch
from orderctl.products import Product, ProductsTable
from tests.backlog import EMAIL, TOKEN, Backlog
from tests.unit.test_fault_switch import FakeStack
from tests.waiting import eventually

ACCESS = Access(port=8765)
ORIGIN = "http://127.0.0.1:8765"
CSRF = {"x-csrf-token": ACCESS.csrf, "origin": ORIGIN}
HTMX = {"hx-request": "true"}
HOSTILE = "</summary><script>alert(1)</script>\" onload='x' {{ 7*7 }}"
EVENT = "</code><img src=x>"


class FakeLive:
    """What the console keeps up to date, as a test sets it."""

    def __init__(self) -> None:
        self.queues: dict[str, QueueSize] = {}
        self.problem = ""
        self.dead_letters = 0
        self.is_stopped = False
        self.read: list[str] = []
        self.feed = SimpleNamespace(read_now=self.read.extend)

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def up_to_date(self) -> None: ...

    @contextmanager
    def watched(self) -> Iterator[None]:
        yield


@pytest.fixture
def backlog(dev_template: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Backlog]:
    receive = DeadLetterQueue.receive
    # moto would really wait.
    monkeypatch.setattr(DeadLetterQueue, "receive", lambda queue, seconds, _: receive(queue, seconds, 0))
    with Backlog.in_moto(dev_template) as backlog:
        yield backlog


def _browser(
    stack: Any, *, stage: str = "dev", changes_prod: bool = False, live: FakeLive | None = None
) -> TestClient:
    name = f"OrderProcessing-{stage}"
    console = Console(
        stack=stack,
        name=name,
        options=f" --stack {name}",
        access=ACCESS,
        live=live or FakeLive(),  # type: ignore[arg-type]
        changes_prod=changes_prod,
    )
    client = TestClient(console_app(console), base_url=ORIGIN, raise_server_exceptions=True)
    client.headers["cookie"] = f"{ACCESS.cookie}={ACCESS.token}"
    return client


@pytest.fixture
def browser(backlog: Backlog) -> TestClient:
    return _browser(backlog.stack)


def _post(browser: TestClient, path: str, **form: Any) -> Any:
    return browser.post(path, data=form, headers={**CSRF, **HTMX})


def _text(response: Any) -> str:
    """Return what a person reads on the page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def _fields(response: Any) -> dict[str, str]:
    """Return the hidden fields of a form."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', response.text)
    return {name: unescape(value) for name, value in found}


def _held(backlog: Backlog, queue: str = "payment") -> str:
    order_id = backlog.place("ON_HOLD", reason=queue)
    backlog.park(queue, order_id)
    return order_id


def _job(browser: TestClient, response: Any) -> Any:
    """Return the page of the started job when it has ended."""
    assert (response.status_code, response.text) == (204, "")
    path = response.headers["hx-redirect"]
    eventually(lambda: "Ended" in browser.get(path).text or "Done in" in browser.get(path).text, "the end")
    return browser.get(path)


def _settled(backlog: Backlog, monkeypatch: pytest.MonkeyPatch, *, held: bool = False) -> None:
    """Let every order that is waited for end at once."""

    def waited(orders: Any, ids: list[str], *, on_progress: Callable[[int], None], **_: Any) -> Any:
        for order_id in ids:
            if held:
                backlog.change(order_id, status="ON_HOLD", reason="payment", openKey="WAITING#2026-11-22")
            else:
                backlog.settle(order_id)
        on_progress(len(ids))
        return orders.read(ids)

    monkeypatch.setattr("orderctl.console.redriving.wait_until_done", waited)


def test_dead_letters_are_grouped_by_queue_and_cause(backlog: Backlog, browser: TestClient) -> None:
    orders = [_held(backlog) for _ in range(3)]
    (other,) = [_held(backlog, "inventory")]

    page = browser.get("/dead-letters")

    assert "payment GatewayUnavailable: the gateway is down 3 3" in _text(page)
    assert "inventory GatewayUnavailable: the gateway is down 1 1" in _text(page)
    assert "3 need a redrive" in _text(page)
    assert all(f'href="/orders/{order_id}"' in page.text for order_id in [*orders, other])


def test_reading_the_page_leaves_the_messages_on_their_queue(backlog: Backlog, browser: TestClient) -> None:
    _held(backlog)

    browser.get("/dead-letters")

    assert len(backlog.parked("payment")) == 1


def test_the_address_chooses_a_queue_a_cause_or_an_order(backlog: Backlog, browser: TestClient) -> None:
    first, second = _held(backlog), _held(backlog, "inventory")

    by_queue = browser.get("/dead-letters?queue=payment").text
    by_cause = browser.get(
        "/dead-letters", params={"queue": "inventory", "cause": "GatewayUnavailable: the gateway is down"}
    ).text
    by_order = browser.get(f"/dead-letters?order={second}").text
    nonsense = browser.get("/dead-letters?queue=x&order=y").text

    assert (first in by_queue, second in by_queue) == (True, False)
    assert (first in by_cause, second in by_cause) == (False, True)
    assert (first in by_order, second in by_order) == (False, True)
    assert (first in nonsense, second in nonsense) == (True, True)
    assert "No dead letter fits" in browser.get("/dead-letters?queue=delivery").text


def test_an_order_that_waits_without_a_message_is_listed(backlog: Backlog, browser: TestClient) -> None:
    order_id = backlog.place("ON_HOLD", reason="workflow")

    page = browser.get("/dead-letters")

    assert "Orders that wait for an operator without a message" in page.text
    assert f'href="/orders/{order_id}"' in page.text


def test_without_dead_letters_the_page_says_what_they_are(browser: TestClient) -> None:
    assert "There are no dead letters, and no order waits for an operator." in _text(
        browser.get("/dead-letters")
    )


def test_a_change_of_the_filter_does_not_read_the_queues_again(backlog: Backlog, browser: TestClient) -> None:
    _held(backlog)
    browser.get("/dead-letters")
    late = _held(backlog)

    part = browser.get("/dead-letters?queue=payment", headers=HTMX).text
    whole = browser.get("/dead-letters?queue=payment").text
    back = browser.get("/dead-letters", headers={**HTMX, "hx-history-restore-request": "true"}).text

    assert (late in part, "<html" in part) == (False, False)
    assert (late in whole, "<html" in whole) == (True, True)
    assert "<html" in back


def test_after_a_redrive_no_page_shows_what_was_read_before(backlog: Backlog, browser: TestClient) -> None:
    order_id = _held(backlog)
    browser.get("/dead-letters")

    _post(browser, f"/orders/{order_id}/redrive")

    assert order_id not in browser.get("/dead-letters?queue=payment", headers=HTMX).text


def test_of_many_messages_the_oldest_are_listed_and_all_are_counted(
    backlog: Backlog, browser: TestClient
) -> None:
    orders = [str(uuid4()) for _ in range(103)]
    for order_id in orders:
        backlog.park("payment", order_id)

    groups = browser.get("/dead-letters")
    opened = browser.get(
        "/dead-letters", params={"queue": "payment", "cause": "GatewayUnavailable: the gateway is down"}
    )

    assert "GatewayUnavailable: the gateway is down 103 103" in _text(groups)
    assert "Choose a cause above to see its messages" in groups.text
    assert sum(f'href="/orders/{order_id}"' in opened.text for order_id in orders) == 100
    assert "The 100 oldest of 103 messages" in opened.text


def test_what_a_message_says_is_text_on_the_page(backlog: Backlog, browser: TestClient) -> None:
    order_id = backlog.place("ON_HOLD", reason=HOSTILE)
    backlog.send(
        "payment",
        {
            "orderId": order_id,
            "step": HOSTILE,
            "error": HOSTILE,
            "cause": json.dumps({"errorMessage": HOSTILE, "stackTrace": [HOSTILE]}),
            "executionArn": EVENT,
        },
    )
    backlog.send("payment", HOSTILE)
    backlog.send("delivery", {"detail-type": HOSTILE, "detail": {"orderId": order_id}})
    backlog.place("ON_HOLD", reason=HOSTILE)

    pages = [
        browser.get("/dead-letters").text,
        browser.get("/dead-letters", params={"cause": HOSTILE, "queue": HOSTILE, "order": HOSTILE}).text,
        _post(browser, "/dead-letters/plan", scope="all").text,
        browser.get(f"/orders/{order_id}/redrive", headers=HTMX).text,
    ]

    for page in pages:
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "onload='x'" not in page
        assert "49 }}" not in page
        assert not re.search(r"<[^>]*\sstyle=", page)
    assert "&lt;script&gt;alert(1)" in pages[0]


def test_no_page_shows_an_address_or_a_payment_token(backlog: Backlog, browser: TestClient) -> None:
    order_id = _held(backlog)

    pages = [
        browser.get("/dead-letters").text,
        _post(browser, "/dead-letters/plan", chosen=order_id).text,
        browser.get(f"/orders/{order_id}/cancel", headers=HTMX).text,
        _post(browser, f"/orders/{order_id}/cancel").text,
        browser.get(f"/orders/{order_id}/redrive", headers=HTMX).text,
        _post(browser, f"/orders/{order_id}/redrive").text,
    ]

    assert all(EMAIL not in page and TOKEN not in page for page in pages)


def test_a_dry_run_says_what_would_happen_and_changes_nothing(backlog: Backlog, browser: TestClient) -> None:
    order_id, done = _held(backlog), backlog.place("CONFIRMED")
    backlog.park("payment", done)
    unknown = str(uuid4())
    backlog.park("payment", unknown)

    plan = _post(browser, "/dead-letters/plan", chosen=[order_id, done, unknown])

    assert "Redrive 3 orders?" in _text(plan)
    assert f"{order_id} ON_HOLD payment Its workflow runs again. Finished steps are not repeated." in _text(
        plan
    )
    assert f"{done} CONFIRMED Already done: its message is only removed." in _text(plan)
    assert f"{unknown} ? Nothing: there is no such order" in _text(plan)
    assert sorted(_fields(plan)["orders"].split()) == sorted([order_id, done, unknown])
    assert (backlog.emitted(), len(backlog.parked("payment"))) == ([], 3)
    assert backlog.order(order_id)["status"] == "ON_HOLD"


def test_one_of_some_orders_is_redriven_and_its_result_is_shown(
    backlog: Backlog, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _settled(backlog, monkeypatch)
    chosen, other = _held(backlog), _held(backlog)
    plan = _post(browser, "/dead-letters/plan", chosen=chosen)

    page = _job(browser, _post(browser, "/dead-letters/redrive", **_fields(plan)))

    assert "1 order emitted again, 1 message deleted." in _text(page)
    assert f"{chosen} CONFIRMED done" in _text(page)
    assert backlog.emitted() == [chosen]
    assert [message["orderId"] for message in backlog.parked("payment")] == [other]


def test_all_orders_of_a_group_are_redriven(
    backlog: Backlog, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _settled(backlog, monkeypatch)
    group, other = {_held(backlog) for _ in range(3)}, _held(backlog, "inventory")
    plan = _post(
        browser,
        "/dead-letters/plan",
        scope="all",
        queue="payment",
        cause="GatewayUnavailable: the gateway is down",
    )

    _job(browser, _post(browser, "/dead-letters/redrive", **_fields(plan)))

    assert set(backlog.emitted()) == group
    assert backlog.order(other)["status"] == "ON_HOLD"


def test_all_includes_the_orders_that_wait_without_a_message(
    backlog: Backlog, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _settled(backlog, monkeypatch)
    expected = {_held(backlog), backlog.place("ON_HOLD", reason="workflow")}
    plan = _post(browser, "/dead-letters/plan", scope="all")

    _job(browser, _post(browser, "/dead-letters/redrive", **_fields(plan)))

    assert set(backlog.emitted()) == expected


def test_an_order_is_redriven_with_its_messages_on_all_queues(
    backlog: Backlog, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _settled(backlog, monkeypatch)
    order_id = _held(backlog)
    backlog.park("notification", order_id, step="NotifyReceived")
    plan = _post(browser, "/dead-letters/plan", scope="all", queue="payment")

    _job(browser, _post(browser, "/dead-letters/redrive", **_fields(plan)))

    assert backlog.emitted() == [order_id]
    assert backlog.parked("payment") + backlog.parked("notification") == []


def test_what_another_redrive_has_taken_is_not_emitted_again(
    backlog: Backlog, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _settled(backlog, monkeypatch)
    taken, left = _held(backlog), _held(backlog)
    plan = _post(browser, "/dead-letters/plan", chosen=[taken, left])
    assert _post(browser, f"/orders/{taken}/redrive").status_code == 200
    backlog.settle(taken)
    backlog.announced()

    page = _job(browser, _post(browser, "/dead-letters/redrive", **_fields(plan)))

    assert backlog.emitted() == [left]
    assert "Nothing was left to redrive for 1 of the chosen orders" in _text(page)


def test_what_became_of_an_order_without_a_workflow_is_shown_too(
    backlog: Backlog, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _settled(backlog, monkeypatch)
    held, done = _held(backlog), backlog.place("CONFIRMED")
    backlog.park("payment", done)

    page = _job(browser, _post(browser, "/dead-letters/redrive", orders=f"{held} {done}", named="yes"))

    assert f"{held} CONFIRMED done" in _text(page)
    assert f"{done} CONFIRMED already done: its message was only removed" in _text(page)
    assert "2 of 2" in _text(page)


def test_an_order_that_is_held_again_is_shown_as_not_done(
    backlog: Backlog, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _settled(backlog, monkeypatch, held=True)
    order_id = _held(backlog)

    page = _job(browser, _post(browser, "/dead-letters/redrive", orders=order_id, named="yes"))

    assert "1 of 1 not done" in _text(page)
    assert f"{order_id} ON_HOLD payment held again" in _text(page)


def test_a_redrive_of_nothing_is_refused_in_words(browser: TestClient) -> None:
    response = _post(browser, "/dead-letters/plan", scope="chosen")

    assert (response.status_code, response.headers["hx-part"]) == (400, "yes")
    assert "No order is chosen Tick the orders to redrive" in _text(response)


def test_the_progress_of_a_job_is_sent_until_it_ends(
    backlog: Backlog, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _settled(backlog, monkeypatch)
    started = _post(browser, "/dead-letters/redrive", orders=_held(backlog), named="yes")

    sent = browser.get(f"{started.headers['hx-redirect']}/live").text

    assert "event: job" in sent
    assert "1 order emitted again, 1 message deleted." in sent
    assert sent.rstrip().endswith("event: ended\r\ndata: ended")


def test_the_end_of_a_job_has_the_dead_letters_that_were_counted_after_it(
    backlog: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    _settled(backlog, monkeypatch)
    live = FakeLive()
    live.dead_letters = 5
    live.queues = {"payment": QueueSize(waiting=5, hidden=0, at=utc_now())}
    browser = _browser(backlog.stack, live=live)
    started = _post(browser, "/dead-letters/redrive", orders=_held(backlog), named="yes")
    path = started.headers["hx-redirect"]
    eventually(lambda: "Done in" in browser.get(path).text, "the end")

    def counted() -> None:
        live.dead_letters = 0
        live.queues = {"payment": QueueSize(waiting=0, hidden=0, at=utc_now())}

    threading.Timer(0.6, counted).start()
    sent = browser.get(f"{path}/live").text

    badges = re.findall(r'id="dead-letter-badge" class="badge[ a-z]*" hx-swap-oob="true">(\d+)<', sent)
    assert (badges[0], badges[-1]) == ("5", "0")


def test_a_local_cloud_that_is_gone_is_said_as_such(
    backlog: Backlog, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    monkeypatch.setattr(ProductsTable, "find", gone)
    local = _browser(replace(backlog.stack, endpoint_url="http://127.0.0.1:9"))

    on_local, on_aws = (_text(each.get("/stock/A1", headers=HTMX)) for each in (local, browser))

    assert "The local cloud does not respond Start it with `orderctl up`." in on_local
    assert "AWS does not respond" in on_aws
    assert "--region" not in on_local + on_aws


def test_an_order_that_is_not_there_is_said_without_an_option(browser: TestClient) -> None:
    page = browser.get(f"/orders/{uuid4()}/redrive", headers=HTMX)

    assert "There is no order" in _text(page)
    assert "--stage" not in page.text


def test_no_dialog_calls_it_cancel_to_leave(backlog: Backlog, browser: TestClient) -> None:
    _sell(backlog, ("A1", "Heart", 5))
    order_id = _held(backlog)

    pages = [
        _post(browser, "/dead-letters/plan", chosen=order_id).text,
        browser.get("/stock/A1", headers=HTMX).text,
        _post(browser, "/stock/A1", available="25").text,
    ]

    assert all("Leave it as it is" in page and ">Cancel<" not in page for page in pages)


def test_a_job_that_the_console_does_not_know_is_not_found(browser: TestClient) -> None:
    page = browser.get("/dead-letters/jobs/0123")

    assert page.status_code == 404
    assert "This console knows no such redrive." in page.text


PATHS = [
    "/dead-letters/plan",
    "/dead-letters/redrive",
    "/stock/85123A",
    "/orders/6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11/cancel",
    "/orders/6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11/redrive",
]


@pytest.mark.parametrize("path", [*PATHS, "/faults/payment"])
def test_nothing_is_changed_without_the_csrf_token(browser: TestClient, path: str) -> None:
    without = browser.post(path, headers={"origin": ORIGIN})
    wrong = browser.post(path, headers={**CSRF, "x-csrf-token": "wrong"})
    foreign = browser.post(path, headers={**CSRF, "origin": "https://evil.example.com"})

    assert [without.status_code, wrong.status_code, foreign.status_code] == [403, 403, 403]
    assert all("no page of this console" in each.text for each in (without, wrong))


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_changed_in_prod_without_the_flag(backlog: Backlog, path: str) -> None:
    browser = _browser(backlog.stack, stage="prod")

    response = _post(browser, path, orders=str(uuid4()), available="1", confirmed="1", scope="all")

    assert response.status_code == 403
    assert "Stage prod: start the console with --allow-changes" in _text(response)
    assert "orderctl console --stack OrderProcessing-prod --allow-changes" in _text(response)


def test_in_prod_the_pages_say_why_they_have_no_buttons(backlog: Backlog) -> None:
    browser = _browser(backlog.stack, stage="prod")
    order_id = _held(backlog)
    ProductsTable(backlog.stack).set("85123A", available=3, unit_price=255)

    pages = [
        browser.get("/dead-letters").text,
        browser.get("/stock").text,
        browser.get(f"/orders/{order_id}/cancel", headers=HTMX).text,
        browser.get(f"/orders/{order_id}/redrive", headers=HTMX).text,
    ]

    for page in pages:
        assert "start the console with --allow-changes" in page
        assert "hx-post" not in page


def test_with_the_flag_prod_is_changed(backlog: Backlog, monkeypatch: pytest.MonkeyPatch) -> None:
    _settled(backlog, monkeypatch)
    browser = _browser(backlog.stack, stage="prod", changes_prod=True)
    order_id = _held(backlog)

    _job(browser, _post(browser, "/dead-letters/redrive", orders=order_id, named="yes"))

    assert backlog.emitted() == [order_id]


@pytest.mark.parametrize("changes_prod", [False, True])
def test_there_are_no_faults_in_prod(backlog: Backlog, changes_prod: bool) -> None:  # noqa: FBT001  a parameter of the test
    browser = _browser(backlog.stack, stage="prod", changes_prod=changes_prod)

    assert browser.get("/faults").status_code == 404
    assert _post(browser, "/faults/payment", action="on", confirmed="yes").status_code in {403, 404}
    assert "Faults" not in browser.get("/dead-letters").text


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    stack = FakeStack()
    monkeypatch.setattr(faults, "FaultSwitch", lambda _, *rest: FaultSwitch(stack, *rest))  # type: ignore[arg-type]
    monkeypatch.setattr(faults, "DeployedWorkflow", lambda _: None)
    return stack


def test_a_fault_is_turned_on_after_it_was_said_what_it_does(browser: TestClient, faulty: FakeStack) -> None:
    asked = _post(browser, "/faults/payment", action="on", rate="30", latency="2")
    before = dict(faulty.functions["arn:payment"])

    done = _post(browser, "/faults/payment", **_fields(asked))

    assert "Turn on a fault of the payment service?" in _text(asked)
    assert "about 30% of its calls fail, and each takes 2 s longer" in _text(asked)
    assert "parked on the payment queue, and the order is ON_HOLD" in _text(asked)
    assert "FAULT_INJECTION" not in before
    assert faulty.functions["arn:payment"]["FAULT_INJECTION"] == "rate=0.3,latency=2.0"
    assert 'id="fault-payment" class="card fault on" hx-swap-oob="true"' in done.text


def test_a_fault_is_turned_off(browser: TestClient, faulty: FakeStack) -> None:
    faulty.functions["arn:payment"]["FAULT_INJECTION"] = "rate=1.0,latency=0.0"
    shown = browser.get("/faults")
    asked = _post(browser, "/faults/payment", action="off", rate="100", latency="0")

    _post(browser, "/faults/payment", **_fields(asked))

    assert "On, every call fails." in _text(shown)
    assert "at most 7 s" in _text(shown)
    assert "FAULT_INJECTION" not in faulty.functions["arn:payment"]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"rate": "101"}, "The share of calls that fail is a number from 0 to 100"),
        ({"rate": "nan"}, "The share of calls that fail is a number from 0 to 100"),
        ({"rate": HOSTILE}, "The share of calls that fail is a number from 0 to 100"),
        ({"rate": "0", "latency": "8"}, "A latency of 8 s is too long"),
        ({"rate": "0", "latency": "0"}, "That fault does nothing"),
    ],
)
def test_an_impossible_fault_is_refused(
    browser: TestClient, faulty: FakeStack, form: dict[str, str], expected: str
) -> None:
    response = _post(browser, "/faults/payment", action="on", **form)

    assert response.status_code == 400
    assert expected in _text(response)
    assert faulty.revision == 1


def test_another_service_has_no_fault(browser: TestClient, faulty: FakeStack) -> None:
    assert _post(browser, "/faults/sweeper", action="on").status_code == 404
    assert faulty.revision == 1


def _sell(backlog: Backlog, *products: tuple[str, str, int]) -> ProductsTable:
    table = ProductsTable(backlog.stack)
    made = [Product(product_id=id_, name=name, unit_price=255, available=n) for id_, name, n in products]
    list(table.stock(made))
    return table


def _listed(page: Any) -> list[str]:
    return re.findall(r"<code>([\w.-]+)</code>", page.text)


def test_products_are_listed_sought_and_sorted(backlog: Backlog, browser: TestClient) -> None:
    _sell(backlog, ("A1", "Heart", 5), ("B2", "Lantern", 0), ("C3", "red HEART", 200))

    assert _listed(browser.get("/stock")) == ["A1", "B2", "C3"]
    assert _listed(browser.get("/stock?low=1")) == ["B2", "A1", "C3"]
    assert _listed(browser.get("/stock?q=heart")) == ["A1", "C3"]
    assert _listed(browser.get("/stock?q=b2")) == ["B2"]
    assert "No product fits" in browser.get("/stock", params={"q": HOSTILE}).text
    assert "<script>alert" not in browser.get("/stock", params={"q": HOSTILE}).text


def test_without_products_the_page_says_how_to_add_one(browser: TestClient) -> None:
    assert "orderctl stock set 85123A 100 --price 255" in browser.get("/stock").text


def test_many_products_are_shown_in_parts(backlog: Backlog, browser: TestClient) -> None:
    _sell(backlog, *((f"P{number:03}", "x", 1) for number in range(201)))

    first, second, past = (browser.get(path) for path in ("/stock", "/stock?page=2", "/stock?page=999"))

    assert (len(_listed(first)), _listed(second), _listed(past)) == (200, ["P200"], ["P200"])
    assert 'href="/stock?page=2"' in first.text
    assert "201 to 201 of 201" in _text(second)


def test_a_stock_is_set_after_a_confirmation(backlog: Backlog, browser: TestClient) -> None:
    table = _sell(backlog, ("A1", "Heart", 5))
    browser.get("/stock")
    asked = _post(browser, "/stock/A1", available="25")
    before = table.find(["A1"])["A1"].available

    done = _post(browser, "/stock/A1", **_fields(asked))

    assert "Set the stock of A1 from 5 to 25?" in _text(asked)
    assert "Orders in progress may change it at the same time" in _text(asked)
    assert (before, table.find(["A1"])["A1"].available) == (5, 25)
    assert "A1 has 25 now It had 5 just before" in _text(done)
    assert table.find(["A1"])["A1"] == Product(product_id="A1", name="Heart", unit_price=255, available=25)
    assert "25" in _text(browser.get("/stock"))


def test_the_stock_of_a_split_product_is_shown_and_set_as_a_whole(
    backlog: Backlog, browser: TestClient
) -> None:
    table = _sell(backlog, ("A1", "Heart", 5))
    table.split("A1", 3)
    shown = browser.get("/stock/A1", headers=HTMX)
    asked = _post(browser, "/stock/A1", available="25")

    done = _post(browser, "/stock/A1", **_fields(asked))

    assert "Available now 5 in 3 counters" in _text(shown)
    assert "Set the stock of A1 from 5 to 25?" in _text(asked)
    assert "A1 has 25 now It had 5 just before" in _text(done)
    assert (table.find(["A1"])["A1"].available, table.find(["A1"])["A1"].counters) == (25, 3)
    assert _listed(browser.get("/stock")) == ["A1"]


def test_a_stock_that_changed_in_between_is_asked_about_again(backlog: Backlog, browser: TestClient) -> None:
    table = _sell(backlog, ("A1", HOSTILE, 5))
    asked = _post(browser, "/stock/A1", available="25")
    table.set("A1", available=4)

    again = _post(browser, "/stock/A1", **_fields(asked))

    assert "it was 5 when you were asked, and is 4 now" in _text(again)
    assert "<script>alert" not in again.text
    assert table.find(["A1"])["A1"].available == 4


@pytest.mark.parametrize("available", ["", "-1", "1.5", "1000000000", HOSTILE, "٣"])
def test_what_is_no_quantity_is_refused(backlog: Backlog, browser: TestClient, available: str) -> None:
    table = _sell(backlog, ("A1", "Heart", 5))

    response = _post(browser, "/stock/A1", available=available, confirmed="5")

    assert (response.status_code, table.find(["A1"])["A1"].available) == (400, 5)
    assert "That is no quantity" in response.text


def test_a_product_that_does_not_exist_is_not_made(backlog: Backlog, browser: TestClient) -> None:
    response = _post(browser, "/stock/A1", available="5", confirmed="0")

    assert "There is no product A1" in response.text
    assert ProductsTable(backlog.stack).all() == []


def test_an_order_is_cancelled_from_its_page(backlog: Backlog, browser: TestClient) -> None:
    order_id = backlog.place("ON_HOLD", reason="payment")
    backlog.record(order_id, "STEP#inventory", status="RESERVED")
    backlog.record(order_id, "STEP#payment", status="AUTHORIZED")

    asked = browser.get(f"/orders/{order_id}/cancel", headers=HTMX)
    done = _post(browser, f"/orders/{order_id}/cancel", comment="  by phone ")

    assert "It can't be undone" in _text(asked)
    assert "Its stock is put back. Its payment of USD 15.30 is voided: no money is taken." in _text(asked)
    assert "Its customer is told that it is cancelled." in _text(asked)
    assert "Its cancellation was asked for" in done.text
    assert done.headers["hx-trigger"] == "order-changed"
    order = backlog.order(order_id)
    assert (order["cancelReason"], order["cancelComment"]) == ("OPERATOR", "by phone")
    assert [type_ for type_, _ in backlog.announced()] == ["OrderCancellationRequested"]


@pytest.mark.parametrize(
    ("payment", "expected"),
    [
        ("CAPTURED", "Its payment of USD 15.30 is refunded, the whole amount."),
        ("DECLINED", "No money was taken."),
        ("REFUNDED", "Its payment was given back already."),
        (None, "No payment of USD 15.30 so far."),
    ],
)
def test_it_says_what_becomes_of_the_payment(
    backlog: Backlog, browser: TestClient, payment: str | None, expected: str
) -> None:
    order_id = backlog.place("PENDING")
    if payment:
        backlog.record(order_id, "STEP#payment", status=payment)

    assert expected in _text(browser.get(f"/orders/{order_id}/cancel", headers=HTMX))


@pytest.mark.parametrize(
    ("status", "fields", "expected"),
    [
        ("CANCELLED", {"reason": "CUSTOMER"}, "It is CANCELLED already Because of CUSTOMER."),
        ("REJECTED", {"reason": "OUT_OF_STOCK"}, "It is REJECTED Because of OUT_OF_STOCK."),
        ("CONFIRMED", {}, "It was confirmed too long ago"),
        (
            "ON_HOLD",
            {"cancelRequestedAt": "2026-11-22T15:00:00.000Z", "cancelReason": "CUSTOMER"},
            "Its cancellation was requested before (CUSTOMER)",
        ),
    ],
)
def test_it_says_why_an_order_can_not_be_cancelled(
    backlog: Backlog, browser: TestClient, status: str, fields: dict[str, Any], expected: str
) -> None:
    order_id = backlog.place(status, **fields)
    before = backlog.order(order_id)

    asked = browser.get(f"/orders/{order_id}/cancel", headers=HTMX)

    assert expected in _text(asked)
    assert "Cancel this order" not in asked.text
    assert backlog.order(order_id) == before


def test_an_order_that_was_confirmed_long_ago_is_cancelled_late(
    backlog: Backlog, browser: TestClient
) -> None:
    order_id = backlog.place("CONFIRMED", settledAt="2026-11-22T15:00:00.000Z")

    refused = _post(browser, f"/orders/{order_id}/cancel")
    not_requested = "cancelRequestedAt" not in backlog.order(order_id)
    offered = browser.get(f"/orders/{order_id}/cancel?late=1", headers=HTMX)
    done = _post(browser, f"/orders/{order_id}/cancel", **_fields(offered))

    assert "It was not cancelled" in refused.text
    assert not_requested
    assert "Its cancellation was asked for" in done.text
    assert "cancelRequestedAt" in backlog.order(order_id)


@pytest.mark.parametrize("comment", ["x" * 201, "two\nlines", "\x1b[31m"])
def test_a_comment_that_can_not_be_stored_is_refused(
    backlog: Backlog, browser: TestClient, comment: str
) -> None:
    order_id = backlog.place("ON_HOLD")

    response = _post(browser, f"/orders/{order_id}/cancel", comment=comment)

    assert (response.status_code, "cancelRequestedAt" in backlog.order(order_id)) == (400, False)


def test_a_bus_that_refuses_the_event_is_said(
    backlog: Backlog, browser: TestClient, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    order_id = backlog.place("ON_HOLD")
    monkeypatch.setattr(backlog.stack.client("events"), "put_events", lambda **_: {"FailedEntryCount": 1})

    done = _post(browser, f"/orders/{order_id}/cancel")

    assert "The bus did not accept the event." in _text(done)
    assert "the sweeper starts its workflow in some minutes" in _text(done)
    assert "cancelRequestedAt" in backlog.order(order_id)
    assert capfd.readouterr() == ("", "")


def test_a_held_order_is_redriven_from_its_page(backlog: Backlog, browser: TestClient) -> None:
    order_id, other = _held(backlog), _held(backlog)

    asked = browser.get(f"/orders/{order_id}/redrive", headers=HTMX)
    unchanged = backlog.order(order_id)["status"]
    done = _post(browser, f"/orders/{order_id}/redrive")

    assert "Its workflow runs again. Finished steps are not repeated. 1 message is taken" in _text(asked)
    assert unchanged == "ON_HOLD"
    assert "1 order emitted again, 1 message deleted." in _text(done)
    assert done.headers["hx-trigger"] == "order-changed"
    assert backlog.emitted() == [order_id]
    assert backlog.order(other)["status"] == "ON_HOLD"


@pytest.mark.parametrize("action", ["cancel", "redrive"])
def test_an_order_that_does_not_exist_is_said(browser: TestClient, action: str) -> None:
    order_id = uuid4()

    responses = [
        browser.get(f"/orders/{order_id}/{action}", headers=HTMX),
        _post(browser, f"/orders/{order_id}/{action}"),
    ]

    for response in responses:
        assert (response.status_code, response.headers["hx-part"]) == (400, "yes")
        assert f"There is no order {order_id}" in response.text


@pytest.mark.parametrize("action", ["cancel", "redrive"])
def test_the_address_of_a_part_opens_the_page_of_the_order(browser: TestClient, action: str) -> None:
    order_id = uuid4()

    response = browser.get(f"/orders/{order_id}/{action}", follow_redirects=False)

    assert (response.status_code, response.headers["location"]) == (303, f"/orders/{order_id}")


def test_a_second_redrive_is_refused_while_one_runs(backlog: Backlog, browser: TestClient) -> None:
    order_id = _held(backlog)
    app = browser.app
    assert isinstance(app, Starlette)

    with app.state.jobs.alone("Redrive of 7 orders"):
        refused = [
            _post(browser, "/dead-letters/redrive", orders=order_id, named="yes"),
            _post(browser, f"/orders/{order_id}/redrive"),
        ]

    for response in refused:
        assert response.status_code == 400
        assert "Nothing was started: this console is busy: Redrive of 7 orders" in response.text
    assert backlog.order(order_id)["status"] == "ON_HOLD"
