"""The overview of the console: what its charts count, and its pages with made-up orders."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from handlers.contract.clock import rfc3339, utc_now
from handlers.contract.fault import Fault
from handlers.contract.names import OpenKind, OrderStatus
from orderctl.console import order_feed
from orderctl.console.app import console_app
from orderctl.console.charts import (
    oldest_chart,
    order_chart,
    outcome_chart,
    queue_chart,
    settle_chart,
    share_text,
)
from orderctl.console.context import Console, Headline
from orderctl.console.faults_and_sweep import FaultsAndSweep
from orderctl.console.guard import Access
from orderctl.console.live import Live
from orderctl.console.look import look
from orderctl.console.order_feed import FeedOrder
from orderctl.console.pages import overview
from orderctl.console.queue_history import QueueHistory
from orderctl.console.series import (
    SPANS,
    Buckets,
    accepted,
    deepest,
    oldest,
    oldest_open,
    outcomes,
    percentile,
    settle_seconds,
    span_named,
)
from orderctl.dlq.queues import QueueSize
from orderctl.errors import OperatorError
from orderctl.fault_switch import Service
from orderctl.stack import QUEUES, Stack
from orderctl.system_status import LastSweep, SystemStatus

NOW = datetime(2026, 11, 26, 12, 0, 30, tzinfo=UTC)
QUARTER = span_named("15m")
BUCKETS = Buckets.of(QUARTER, NOW)
STACK = Stack(
    endpoint_url=None,
    region="eu-west-1",
    api_url="https://api.example.com/prod/",
    api_key="key",
    console_url=None,
    state_machine_arn="",
    orders_table="orders",
    inventory_table="inventory",
    bus_name="ecommerce",
    dlq_urls=dict.fromkeys(QUEUES, ""),
)
NOTHING_ON = SystemStatus(
    at=NOW,
    open_orders=None,
    queues=None,
    faults=dict.fromkeys(Service),
    last_sweep=LastSweep(at=NOW - timedelta(seconds=40), reemitted=1, expired=0, given_up=0),
    settle_seconds=None,
    notes=[],
)


def order(  # noqa: PLR0913  one parameter a fact
    *,
    before: float = 60.0,
    settled_in: float | None = 2.0,
    status: OrderStatus = OrderStatus.CONFIRMED,
    open_kind: str = "",
    changed_in: float = 2.0,
    now: datetime = NOW,
    number: int = 1,
) -> FeedOrder:
    """Make an order that was accepted so many seconds ago, and settled so many seconds later."""
    created = now - timedelta(seconds=before)
    changed = rfc3339(created + timedelta(seconds=changed_in))
    return FeedOrder(
        order_id=str(UUID(int=number)),
        customer_id="cust-1",
        status=status,
        reason="",
        amount=1530,
        currency="USD",
        created_at=rfc3339(created),
        updated_at=changed,
        settled_at="" if settled_in is None else rfc3339(created + timedelta(seconds=settled_in)),
        open_kind=open_kind,
        since=changed if open_kind else "",
        is_to_be_cancelled=False,
    )


HELD = order(
    before=600, status=OrderStatus.ON_HOLD, settled_in=None, changed_in=60, open_kind=OpenKind.WAITING
)


class FakeFeed:
    def __init__(self, orders: list[FeedOrder]) -> None:
        self._orders = orders
        self.version = 1
        self.complete_since = datetime(2000, 1, 1, tzinfo=UTC)

    def orders(self) -> list[FeedOrder]:
        return sorted(self._orders, key=lambda each: each.created_at, reverse=True)


class FakeLive:
    """What the console knows, without a thread and without AWS."""

    def __init__(self, *orders: FeedOrder, messages: int = 0, status: SystemStatus = NOTHING_ON) -> None:
        self.feed = FakeFeed(list(orders))
        self.queues = {
            queue: QueueSize(waiting=messages if queue == "payment" else 0, hidden=0, at=NOW)
            for queue in QUEUES
        }
        self.queue_history = QueueHistory()
        self.faults_and_sweep = FaultsAndSweep(STACK, lambda _, now: replace(status, at=now))
        self.problem = ""
        self.is_stopped = False
        self.dead_letters = messages

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def up_to_date(self) -> None:
        pass

    @contextmanager
    def watched(self) -> Iterator[None]:
        # An order comes when somebody begins to watch.
        self.feed.version += 1
        yield


def console(live: FakeLive, name: str = "OrderProcessing-dev") -> Console:
    return Console(
        stack=STACK,
        name=name,
        options=" --stack dev",
        access=Access(port=8911, token="secret"),
        live=cast("Live", live),
    )


def client(live: FakeLive, name: str = "OrderProcessing-dev") -> TestClient:
    made = console(live, name)
    return TestClient(
        console_app(made),
        base_url="http://127.0.0.1:8911",
        cookies={made.access.cookie: made.access.token},
    )


def known(live: FakeLive) -> Live:
    return cast("Live", live)


def counts(values: Any) -> dict[int, float]:
    """Return the buckets that have something, counted from the last one."""
    return {index - len(values) + 1: value for index, value in enumerate(values) if value}


@pytest.mark.parametrize("span", SPANS, ids=lambda span: span.name)
def test_the_last_bucket_of_a_span_has_now_in_it(span: Any) -> None:
    buckets = Buckets.of(span, NOW)

    assert buckets.index(NOW.timestamp()) == buckets.count - 1
    assert buckets.seconds * buckets.count == span.length.total_seconds()
    assert buckets.start % 60 == 0


@pytest.mark.parametrize("name", ["", "2h", "1H", "<script>"])
def test_an_unknown_span_is_an_hour(name: str) -> None:
    assert span_named(name).name == "1h"


def test_an_order_counts_in_the_minute_in_which_it_was_accepted() -> None:
    found = accepted([order(before=0), order(before=30), order(before=31), order(before=3600)], BUCKETS)

    assert counts(found) == {0: 2, -1: 1}


def test_orders_of_a_longer_bucket_are_counted_by_the_minute() -> None:
    span = span_named("6h")

    chart = order_chart([order(before=10), order(before=20)], span, Buckets.of(span, NOW))

    assert counts(chart.series[0].values) == {0: 2 / 5}
    assert chart.sentence == "2 orders were accepted in the last 6 hours, at most 0.4 a minute."


def test_an_outcome_counts_when_it_was_settled_and_else_at_the_last_change() -> None:
    confirmed_long_ago_and_changed_now = order(before=180, settled_in=10, changed_in=180)
    of_an_earlier_version = order(before=180, settled_in=None, changed_in=120)
    pending = order(status=OrderStatus.PENDING, settled_in=None, open_kind=OpenKind.IN_PROGRESS)
    cancelled_after_it_was_confirmed = order(
        before=300, status=OrderStatus.CANCELLED, settled_in=5, changed_in=290
    )

    found = outcomes(
        [
            confirmed_long_ago_and_changed_now,
            of_an_earlier_version,
            pending,
            HELD,
            cancelled_after_it_was_confirmed,
        ],
        BUCKETS,
    )

    assert {status: counts(values) for status, values in found.items()} == {
        OrderStatus.CONFIRMED: {-3: 1, -1: 1},
        OrderStatus.REJECTED: {},
        OrderStatus.ON_HOLD: {-9: 1},
        OrderStatus.CANCELLED: {0: 1},
    }


def test_an_order_that_does_not_tell_when_it_was_settled_has_no_time_to_settle() -> None:
    found = settle_seconds([order(settled_in=None), HELD, order(before=120, settled_in=3.5)], BUCKETS)

    assert [bucket for bucket in found if bucket] == [[3.5]]


def test_clocks_that_differ_make_no_negative_time() -> None:
    found = settle_seconds([order(settled_in=-0.2)], BUCKETS)

    assert [bucket for bucket in found if bucket] == [[0.0]]


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 50, None),
        ([7.0], 99, 7.0),
        ([3.0, 1.0, 2.0], 50, 2.0),
        ([1.0, 2.0, 3.0, 4.0], 50, 2.0),
        ([float(value) for value in range(1, 101)], 95, 95.0),
        ([float(value) for value in range(1, 101)], 99, 99.0),
        ([float(value) for value in range(1, 11)], 99, 10.0),
    ],
)
def test_a_percentile_is_a_value_that_occurs(
    values: list[float], percent: int, expected: float | None
) -> None:
    assert percentile(values, percent) == expected


def test_the_oldest_open_order_gets_older_until_it_is_done() -> None:
    # One from 11:56:30 to 11:59:10, and one from 11:59:45 on. A look is at the end of each minute, and now.
    done = order(before=240, settled_in=160, changed_in=160)
    still_open = order(
        before=45, status=OrderStatus.PENDING, settled_in=None, open_kind=OpenKind.IN_PROGRESS, number=2
    )

    ages = oldest_open([still_open, done], BUCKETS)

    assert ages[-6:] == [None, 30.0, 90.0, 150.0, 15.0, 45.0]


def test_an_order_that_was_open_before_the_span_is_the_oldest_in_all_of_it() -> None:
    held_for_a_day = replace(HELD, created_at=rfc3339(NOW - timedelta(days=1)))

    ages = oldest_open([held_for_a_day, order(before=30)], BUCKETS)

    assert ages[-1] == 86_400.0
    assert None not in ages


def test_the_oldest_is_the_open_one_that_was_accepted_first() -> None:
    younger = order(before=5, status=OrderStatus.PENDING, open_kind=OpenKind.IN_PROGRESS, number=3)

    assert oldest([younger, HELD, order(before=9000)]) == HELD
    assert oldest([order()]) is None


def test_the_depth_of_a_queue_is_the_most_that_was_seen_in_a_bucket() -> None:
    readings = [
        (NOW - timedelta(seconds=seconds), {"payment": size, "delivery": 0})
        for seconds, size in [(7200, 50), (40, 9), (35, 3), (10, 2)]
    ]

    found = deepest(readings, QUEUES, BUCKETS)

    assert found["payment"][-3:] == [None, 9, 2]
    assert found["delivery"][-3:] == [None, 0, 0]
    assert set(found["inventory"]) == {None}


def test_a_reading_like_the_one_before_is_kept_every_15_seconds() -> None:
    history = QueueHistory()

    for second, size in enumerate([0] * 20 + [1, 0]):
        history.add(NOW + timedelta(seconds=second), {"payment": size})

    kept = [((at - NOW).total_seconds(), sizes["payment"]) for at, sizes in history.readings()]
    assert kept == [(0, 0), (15, 0), (20, 1), (21, 0)]


def test_the_history_is_bounded() -> None:
    history = QueueHistory()

    for second in range(10_050):
        history.add(NOW + timedelta(seconds=second), {"payment": second})

    assert len(history.readings()) == 10_000
    assert history.readings()[-1][1] == {"payment": 10_049}


def test_faults_are_read_once_a_minute_however_often_they_are_shown() -> None:
    times = iter([NOW, NOW + timedelta(seconds=59), NOW + timedelta(seconds=61)])
    read_at: list[datetime] = []

    def read(_: Stack, now: datetime) -> SystemStatus:
        read_at.append(now)
        return replace(NOTHING_ON, at=now)

    cached = FaultsAndSweep(STACK, read, lambda: next(times))
    shown = [cached.status().at for _ in range(3)]

    assert read_at == [NOW, NOW + timedelta(seconds=61)]
    assert shown == [NOW, NOW, NOW + timedelta(seconds=61)]


def test_the_charts_of_nothing_say_so() -> None:
    charts = [
        order_chart([], QUARTER, BUCKETS),
        outcome_chart([], QUARTER, BUCKETS),
        settle_chart([], QUARTER, BUCKETS),
        oldest_chart([], QUARTER, BUCKETS),
        queue_chart([], {}, QUARTER, BUCKETS),
    ]

    assert [chart.sentence for chart in charts] == [
        "No orders were accepted in the last 15 minutes.",
        "No order was settled in the last 15 minutes.",
        "No order was settled in the last 15 minutes.",
        "No order is open.",
        "The queues have not been read yet.",
    ]
    assert all(chart.is_empty for chart in charts)


def test_the_sentence_of_a_chart_has_its_figures() -> None:
    orders = [order(settled_in=float(seconds)) for seconds in range(1, 21)]
    orders += [order(status=OrderStatus.REJECTED, settled_in=None), HELD]

    ended = outcome_chart(orders, QUARTER, BUCKETS).sentence
    settled = settle_chart(orders, QUARTER, BUCKETS).sentence
    still_open = oldest_chart(orders, QUARTER, BUCKETS).sentence
    parked = queue_chart([(NOW, {"payment": 4})], {"payment": 3}, QUARTER, BUCKETS).sentence

    assert ended == (
        "Of 21 orders settled in the last 15 minutes: 20 (95.2%) confirmed, 1 (4.8%) rejected, "
        "0 cancelled. Held in that time: 1."
    )
    assert settled == (
        "Of 20 orders settled in the last 15 minutes, 50% at most 10.0 s, 95% at most 19.0 s, "
        "99% at most 20.0 s after they were accepted."
    )
    assert still_open == (
        "The oldest open order is 10 min old. The oldest in the last 15 minutes was 10 min old."
    )
    assert parked == (
        "Messages now: inventory 0, payment 3, notification 0, delivery 0. The most in a queue in the last "
        "15 minutes, as far as this console has looked: 4."
    )


def test_a_queue_that_stayed_empty_is_drawn_as_a_line() -> None:
    empty = dict.fromkeys(QUEUES, 0)

    assert not queue_chart([(NOW, empty)], empty, QUARTER, BUCKETS).is_empty


def test_only_all_of_them_are_a_hundred_per_cent() -> None:
    assert [share_text(part, 10_000) for part in (10_000, 9_999, 5_000, 0)] == ["100%", "99.9%", "50%", "0%"]


def test_the_figures_are_of_the_last_minutes_and_of_the_last_hour() -> None:
    live = FakeLive(
        order(before=100, settled_in=4),
        order(before=200, settled_in=None, status=OrderStatus.REJECTED),
        HELD,
        order(before=9000, settled_in=1),
        messages=3,
    )

    found = {figure.key: figure for figure in look(known(live), QUARTER, NOW).figures}

    assert {key: (figure.value, figure.note) for key, figure in found.items()} == {
        "rate": ("0.4", "in the last 5 minutes"),
        "confirmed": ("50%", "of 2 settled in the last hour"),
        "settled": ("4.0 s", "p95 4.0 s, p99 4.0 s, last hour"),
        "dead-letters": ("3", "payment 3"),
        "oldest": ("10 min", "ON_HOLD, waits for an operator"),
    }
    assert found["oldest"].address == f"/orders/{HELD.order_id}"


def test_it_says_since_when_it_knows_all_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, full = FakeLive(order()), FakeLive(order(before=10), order(before=20))
    reading.feed.complete_since = NOW - timedelta(minutes=5)
    still_read = look(known(reading), QUARTER, NOW)
    all_read = look(known(FakeLive(order())), QUARTER, NOW)
    monkeypatch.setattr("orderctl.console.look.MOST_ORDERS", 2)
    dropped = look(known(full), QUARTER, NOW)

    assert (still_read.missing_before, still_read.why_missing) == (
        NOW - timedelta(minutes=5),
        "the orders are still being read",
    )
    assert all_read.missing_before is None
    assert dropped.missing_before == NOW - timedelta(seconds=20)
    assert order_feed.MOST_ORDERS == 10_000


def test_the_page_has_each_chart_with_its_sentence_and_a_table() -> None:
    page = client(FakeLive(order(now=utc_now()))).get("/overview?span=6h")

    assert page.status_code == 200
    assert re.findall(r'data-chart="(\w+)"', page.text) == [
        "orders",
        "outcomes",
        "settled",
        "oldest",
        "queues",
    ]
    assert page.text.count("<table>") == page.text.count('class="sentence sr-only"') == 5
    assert "1 order was accepted in the last 6 hours, at most 0.2 a minute." in page.text
    assert '<a href="/overview?span=6h" aria-current="true">' in page.text


def test_the_page_needs_no_inline_style_or_script() -> None:
    page = client(FakeLive(order())).get("/overview")

    assert not re.search(r"\sstyle=|<style|<script(?! src=)|\son\w+=", page.text)


def test_without_orders_the_page_says_how_to_place_one() -> None:
    page = client(FakeLive()).get("/overview")

    assert re.search(r'<section class="empty" id="no-orders"\s*>', page.text)
    assert re.search(r'<div class="charts" hidden>', page.text)
    assert "--payment pm_card_visa --stack dev</pre>" in page.text


def test_the_script_gets_as_many_values_as_times() -> None:
    found = client(FakeLive(order(now=utc_now()), messages=2)).get("/overview.json?span=24h").json()

    lengths = {len(values) for chart in found["charts"].values() for values in chart["values"]}
    assert lengths == {len(found["times"])} == {96}
    assert (found["span"], found["bucketSeconds"], found["isEmpty"]) == ("24h", 900, False)
    assert sum(found["charts"]["outcomes"]["values"][0]) == 1
    assert found["figures"]["dead-letters"] == {
        "value": "2",
        "note": "payment 2",
        "address": "/dead-letters",
    }


def test_a_fault_is_shown_with_the_page_that_ends_it_but_in_prod() -> None:
    on = replace(NOTHING_ON, faults={**dict.fromkeys(Service), Service.PAYMENT: Fault(rate=0.6)})

    shown = client(FakeLive(status=on)).get("/overview/status").text
    in_prod = client(FakeLive(status=on), "OrderProcessing-prod").get("/overview/status").text

    assert "payment on, about 60% of its calls fail" in shown
    assert 'href="/faults"' in shown
    assert 'href="/faults"' not in in_prod
    assert "1 emitted again, 0 cancelled, 0 given up" in shown


def test_what_can_not_be_read_leaves_the_page_as_it_is() -> None:
    def read(*_: object) -> SystemStatus:
        raise OperatorError("No access", why="the role may not", what_to_do="Ask for it.")

    live = FakeLive(order())
    live.faults_and_sweep = FaultsAndSweep(STACK, read)

    shown = client(live).get("/overview/status")

    assert shown.status_code == 200
    assert "No access" in shown.text


def test_an_event_is_sent_when_something_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "_LOOK_SECONDS", 0)
    live = FakeLive(order(), messages=4)

    async def first() -> dict[str, str]:
        return await anext(overview._changes(console(live)))

    event = asyncio.run(first())

    assert event["event"] == "overview"
    assert re.search(r'id="dead-letter-badge"[^>]*hx-swap-oob="true">4<', event["data"])


def test_nothing_is_sent_again_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "_MOVE_SECONDS", float("inf"))
    live = FakeLive(order())
    shown = console(live)
    before = overview._state(shown, Headline.of(shown))

    again = overview._state(shown, Headline.of(shown))
    live.problem = "The stack does not respond"
    with_problem = overview._state(shown, Headline.of(shown))

    assert again == before != with_problem
