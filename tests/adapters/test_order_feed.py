"""The orders that the console keeps in memory: what it finds, and what it costs."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.contract.clock import rfc3339
from handlers.contract.names import OpenKind
from orderctl.console import order_feed
from orderctl.console.order_feed import OrderFeed
from orderctl.stack import Stack
from tests.backlog import Backlog
from tests.logged_executions import LoggedExecutions


class Counted:
    def __init__(self, client: Any, calls: list[str]) -> None:
        self._client = client
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        self._calls.append(name)
        return getattr(self._client, name)


@dataclass
class Shop:
    backlog: Backlog
    log: LoggedExecutions
    feed: OrderFeed
    calls: list[str]
    now: datetime

    def place(self, status: str, *, ago: timedelta = timedelta(minutes=1), **fields: Any) -> str:
        """Store an order, and log that its workflow was started."""
        at = self.now - ago
        order_id = self.backlog.place(status, since=rfc3339(at), **fields)
        self.log.started(order_id, at, execution=order_id)
        return order_id

    @property
    def order_ids(self) -> list[str]:
        return [order.order_id for order in self.feed.orders()]


@pytest.fixture
def shop(dev_template: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with Backlog.in_moto(dev_template) as backlog:
        log = LoggedExecutions()
        calls: list[str] = []
        client = Stack.client

        def counted(stack: Stack, service: str) -> Any:
            return Counted(log if service in {"logs", "stepfunctions"} else client(stack, service), calls)

        monkeypatch.setattr(Stack, "client", counted)
        now = datetime.now(UTC)
        shop = Shop(backlog=backlog, log=log, feed=OrderFeed(backlog.stack), calls=calls, now=now)
        calls.clear()
        yield shop


def test_the_newest_orders_are_first_whatever_their_status(shop: Shop) -> None:
    confirmed = shop.place("CONFIRMED", ago=timedelta(minutes=3))
    held = shop.place("ON_HOLD", ago=timedelta(minutes=2), reason="payment")
    pending = shop.place("PENDING", ago=timedelta(seconds=30))

    shop.feed.refresh()

    assert shop.order_ids == [pending, held, confirmed]
    found = shop.feed.get(held)
    assert found is not None
    assert (found.status, found.reason, found.waits, found.amount, found.currency) == (
        "ON_HOLD",
        "payment",
        True,
        1530,
        "USD",
    )


def test_an_open_order_is_found_before_the_log_names_it(shop: Shop) -> None:
    order_id = shop.backlog.place("PENDING", since=rfc3339(shop.now))

    shop.feed.refresh()

    assert shop.order_ids == [order_id]


def test_an_order_that_is_settled_meanwhile_is_read_again(shop: Shop) -> None:
    order_id = shop.place("PENDING")
    shop.feed.refresh()
    version = shop.feed.version
    settled_at = rfc3339(shop.now + timedelta(seconds=2))
    shop.backlog.change(
        order_id, status="CONFIRMED", settledAt=settled_at, openShard=None, openKey=None, updatedAt=settled_at
    )

    shop.feed.refresh()

    (changed,) = shop.feed.changed_since(version)
    assert (changed.order_id, changed.status, changed.open_kind) == (order_id, "CONFIRMED", "")
    assert changed.settle_seconds == pytest.approx(62, abs=0.01)
    assert shop.feed.changed_since(shop.feed.version) == []


def test_a_settled_order_that_another_execution_takes_up_is_read_again(shop: Shop) -> None:
    order_id = shop.place("CONFIRMED")
    shop.feed.refresh()
    shop.backlog.change(order_id, status="CANCELLED", reason="CUSTOMER")
    shop.feed.refresh()
    assert shop.feed.get(order_id).status == "CONFIRMED"  # type: ignore[union-attr]  closed, and not named again

    shop.backlog.change(order_id, openShard="0", openKey=f"{OpenKind.IN_PROGRESS}#{rfc3339(shop.now)}")
    shop.feed.refresh()

    assert shop.feed.get(order_id).status == "CANCELLED"  # type: ignore[union-attr]


def test_earlier_orders_follow_the_first_look(shop: Shop) -> None:
    new = shop.place("CONFIRMED", ago=timedelta(minutes=1))
    old = shop.place("CONFIRMED", ago=timedelta(hours=5))
    shop.place("CONFIRMED", ago=timedelta(hours=30))
    shop.feed.refresh()
    assert shop.order_ids == [new]

    shop.feed.load_earlier()

    assert shop.order_ids == [new, old]
    assert shop.feed.complete_since == pytest.approx(shop.now - timedelta(hours=24), abs=timedelta(seconds=5))


def test_a_refresh_costs_no_more_calls_with_many_orders(shop: Shop) -> None:
    for _ in range(120):
        shop.place("PENDING")
    shop.feed.refresh()
    shop.calls.clear()

    shop.feed.refresh()

    assert Counter(shop.calls) == {"query": 16, "filter_log_events": 1}
    assert "scan" not in shop.calls


def test_a_log_that_is_too_long_is_not_read_for_ever(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        LoggedExecutions, "filter_log_events", lambda *_, **__: {"events": [], "nextToken": "more"}
    )

    shop.feed.refresh()
    assert shop.calls.count("filter_log_events") == 5
    shop.calls.clear()
    shop.feed.load_earlier()

    assert shop.calls.count("filter_log_events") == 15


def test_only_so_many_orders_are_kept_and_none_that_is_open_is_dropped(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_feed, "MOST_ORDERS", 2)
    held = shop.place("ON_HOLD", ago=timedelta(seconds=9))
    shop.feed.refresh()
    shop.place("CONFIRMED", ago=timedelta(seconds=6))
    shop.feed.refresh()
    newest = shop.place("CONFIRMED", ago=timedelta(seconds=3))
    shop.feed.refresh()

    assert shop.order_ids == [newest, held]


def test_a_record_of_another_program_is_left_out(shop: Shop) -> None:
    broken = shop.place("PENDING")
    shop.backlog.change(broken, total=None)
    order_id = shop.place("PENDING")

    shop.feed.refresh()

    assert shop.order_ids == [order_id]


def test_a_log_without_data_names_no_order(shop: Shop) -> None:
    shop.log.succeeded(shop.now)
    shop.log._log("ExecutionStarted", shop.now, "two", {})
    shop.log.started("not an order", shop.now, execution="three")

    shop.feed.refresh()

    assert shop.order_ids == []


def test_no_e_mail_address_and_no_payment_token_is_read(shop: Shop) -> None:
    shop.place("PENDING")

    shop.feed.refresh()

    assert "ada@example.com" not in repr(shop.feed.orders())
    assert "pm_card_visa" not in repr(shop.feed.orders())
