"""`orderctl stats` and `orderctl watch`: what the log, the index and the queues say."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from botocore.exceptions import ConnectTimeoutError
from click.testing import Result
from rich.console import Console
from typer.testing import CliRunner

from handlers.contract.clock import rfc3339
from handlers.contract.names import OPEN_SHARDS, OpenKind
from orderctl import outcomes
from orderctl.commands import stats, watch
from orderctl.main import app
from orderctl.stack import Stack
from tests.backlog import Backlog
from tests.fakes import time_with
from tests.logged_executions import LoggedExecutions
from tests.orderctl_json import read_documented

NOW = datetime.now(UTC).replace(microsecond=0)
PLACED = NOW - timedelta(minutes=10)
Orderctl = Callable[..., Result]


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test have its own time: this file may have been imported long ago."""
    now = datetime.now(UTC).replace(microsecond=0)
    monkeypatch.setitem(globals(), "NOW", now)
    monkeypatch.setitem(globals(), "PLACED", now - timedelta(minutes=10))


@dataclass
class Shop:
    """A stack in moto with a log; `calls` counts the calls of AWS by their method."""

    backlog: Backlog
    log: LoggedExecutions
    calls: list[str]

    def settle(self, status: str, *, after: float, reason: str = "", **fields: Any) -> str:
        """Store a closed order, and log that an execution settled it."""
        order_id = self.backlog.place(status, since=rfc3339(PLACED), **fields)
        given = {"reason": reason} if reason else {}
        state = {"CONFIRMED": "AnnounceConfirmed", "REJECTED": "AnnounceRejected"}[status]
        self.log.entered(
            state, PLACED + timedelta(seconds=after), execution=order_id, orderId=order_id, **given
        )
        return order_id


class _Counted:
    def __init__(self, client: Any, calls: list[str]) -> None:
        self._client = client
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        self._calls.append(name)
        return getattr(self._client, name)


@pytest.fixture
def shop(dev_template: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with Backlog.in_moto(dev_template) as backlog:
        shop = Shop(backlog=backlog, log=LoggedExecutions(), calls=[])
        client = Stack.client

        def counted(stack: Stack, service: str) -> Any:
            found = shop.log if service in {"logs", "stepfunctions"} else client(stack, service)
            return _Counted(found, shop.calls)

        monkeypatch.setattr(Stack, "client", counted)
        for command in (stats, watch):
            monkeypatch.setattr(command, "find_stack", lambda *_: backlog.stack)
        yield shop


@pytest.fixture
def orderctl(shop: Shop) -> Orderctl:
    del shop
    return lambda *arguments: CliRunner().invoke(app, arguments, prog_name="orderctl")


def test_stats_count_each_order_once_for_each_outcome(shop: Shop, orderctl: Orderctl) -> None:
    order_id = shop.settle("CONFIRMED", after=1)
    # An execution that took over from a dead one announced it again. Later it was cancelled.
    shop.log.entered("AnnounceConfirmed", NOW - timedelta(minutes=5), execution="two", orderId=order_id)
    shop.log.entered(
        "AnnounceCancelled",
        NOW - timedelta(minutes=4),
        execution="three",
        orderId=order_id,
        cancelled={"reason": "CUSTOMER"},
    )
    shop.log.entered("AnnounceHeld", NOW - timedelta(minutes=4), orderId=str(uuid4()), reason="payment")
    shop.log.entered("ParkAnnounceHeld", NOW - timedelta(minutes=4), orderId=str(uuid4()), reason="payment")
    shop.log.entered("AnnounceConfirmed", NOW - timedelta(hours=2), orderId=str(uuid4()))

    found = read_documented(orderctl("stats", "--json").stdout, "stats")

    assert found["outcomes"] == [
        {"status": "CANCELLED", "reason": "CUSTOMER", "orders": 1},
        {"status": "CONFIRMED", "reason": None, "orders": 1},
        {"status": "ON_HOLD", "reason": "payment", "orders": 1},
    ]
    assert found["complete"] is True


def test_an_order_that_is_only_announced_again_is_not_settled_again(shop: Shop, orderctl: Orderctl) -> None:
    shop.settle("CONFIRMED", after=7)
    shop.settle("CONFIRMED", after=7, settledAt=rfc3339(PLACED + timedelta(seconds=2)))
    shop.settle("CONFIRMED", after=7, settledAt="2026-01-01T00:00:00.000Z")

    found = read_documented(orderctl("stats", "--json").stdout, "stats")

    assert (found["settleSeconds"]["orders"], found["settleSeconds"]["p50"]) == (2, 2.0)


def test_stats_have_percentiles_of_the_time_to_settle(shop: Shop, orderctl: Orderctl) -> None:
    for seconds in range(1, 11):
        shop.settle("CONFIRMED", after=seconds)

    found = read_documented(orderctl("stats", "--json").stdout, "stats")
    shown = orderctl("stats").stdout

    assert found["settleSeconds"] == {"orders": 10, "p50": 5.0, "p90": 9.0, "p99": 10.0, "max": 10.0}
    assert "accepted to settled: p50 5.0 s, p90 9.0 s, p99 10.0 s, longest 10.0 s" in shown


def test_stats_name_the_products_that_were_refused_most(shop: Shop, orderctl: Orderctl) -> None:
    for products in (["MUG"], ["MUG", "JUG"]):
        order_id = shop.settle("REJECTED", after=1, reason="OUT_OF_STOCK")
        shop.backlog.record(order_id, "STEP#inventory", status="RELEASED", products=products)
    shop.settle("REJECTED", after=1, reason="PAYMENT_DECLINED")

    found = read_documented(orderctl("stats", "--json").stdout, "stats")

    assert found["refusedProducts"] == [
        {"productId": "MUG", "orders": 2},
        {"productId": "JUG", "orders": 1},
    ]


def test_stats_count_dead_letters_that_a_reader_has_hidden(shop: Shop, orderctl: Orderctl) -> None:
    for _ in range(2):
        shop.backlog.park("payment", str(uuid4()))
    shop.backlog.sqs.receive_message(QueueUrl=shop.backlog.queue_url("payment"), VisibilityTimeout=60)

    outcome = orderctl("stats")

    assert "2 dead letters: payment 2. See `orderctl dlq list`." in outcome.stdout
    assert "No order was settled or put on hold" in outcome.stdout


def test_stats_say_when_the_log_was_not_read_to_its_end(
    shop: Shop, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        LoggedExecutions,
        "filter_log_events",
        lambda log, **_: log.calls.append({}) or {"events": [], "nextToken": "more"},
    )

    outcome = orderctl("stats", "--json")

    assert read_documented(outcome.stdout, "stats")["complete"] is False
    assert "The log is too large to be read whole: there are more orders that are CONFIRMED" in outcome.stderr
    assert len(shop.log.calls) == 4 * outcomes.MAX_PAGES == 100


def test_stats_of_a_log_without_execution_data_still_count(shop: Shop, orderctl: Orderctl) -> None:
    for execution in ("one", "two"):
        shop.log.entered("AnnounceRejected", PLACED, execution=execution)

    outcome = orderctl("stats", "--json")

    found = read_documented(outcome.stdout, "stats")
    assert found["outcomes"] == [{"status": "REJECTED", "reason": None, "orders": 2}]
    assert found["settleSeconds"] is None
    assert "The log has no execution data" in outcome.stderr


def test_a_look_shows_counts_the_newest_and_the_held_orders(shop: Shop, orderctl: Orderctl) -> None:
    settled = shop.backlog.place("CONFIRMED", since=rfc3339(NOW - timedelta(seconds=30)))
    shop.log.succeeded(NOW - timedelta(seconds=29), orderId=settled)
    running = shop.backlog.place("PENDING", since=rfc3339(NOW - timedelta(seconds=10)))
    held = shop.backlog.place("ON_HOLD", since=rfc3339(PLACED), reason="payment")
    told_nobody = shop.backlog.place("CONFIRMED", since=rfc3339(PLACED), kind=OpenKind.WAITING)
    shop.backlog.park("payment", held)
    shop.calls.clear()

    found = read_documented(orderctl("watch", "--json").stdout, "watch")

    assert [order["orderId"] for order in found["newest"]] == [running, settled]
    assert (found["inProgress"], found["waiting"]) == ({"PENDING": 1}, {"CONFIRMED": 1, "ON_HOLD": 1})
    assert [order["orderId"] for order in found["held"]] == [held]
    assert found["deadLetters"]["payment"] == 1
    assert told_nobody not in str(found)
    assert sorted(shop.calls) == sorted(
        [
            "describe_state_machine",
            *["query"] * 16,
            *["get_queue_attributes"] * 4,
            "filter_log_events",
            "batch_get_item",
        ]
    )


def test_a_count_that_is_not_complete_says_so(
    shop: Shop, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orderctl.watching._MOST_OF_A_PARTITION", 1)
    for number in range(2 * OPEN_SHARDS):
        shop.backlog.place("PENDING", orderId=str(UUID(int=number)))

    outcome = orderctl("watch", "--once")

    assert f"\nat least {OPEN_SHARDS} orders in progress  PENDING {OPEN_SHARDS}\n" in outcome.stdout
    assert "\n0 orders waiting for an operator\n" in outcome.stdout


def test_a_live_view_needs_a_terminal(orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(watch, "time", time_with(interrupt))

    outcome = orderctl("watch")

    assert outcome.exit_code == 2
    assert outcome.stdout == ""
    assert "Show it once with --once or --json" in outcome.stderr


def test_the_live_view_goes_on_without_a_response_and_ends_with_ctrl_c(
    shop: Shop, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(width=70, force_terminal=True)
    shown: list[str] = []
    pauses = iter(("new order", "no response", "again", "Ctrl-C"))
    look = watch.Watch.look

    def sleep(_: float) -> None:
        shown.append(console.end_capture())
        console.begin_capture()
        match next(pauses):
            case "new order":
                shop.backlog.place("PENDING", since=rfc3339(NOW))
            case "no response":
                monkeypatch.setattr(watch.Watch, "look", fail)
            case "again":
                monkeypatch.setattr(watch.Watch, "look", look)
            case _:
                raise KeyboardInterrupt

    def fail(_: Any) -> None:
        raise ConnectTimeoutError(endpoint_url="https://sqs")

    monkeypatch.setattr(watch, "output", console)
    monkeypatch.setattr(watch, "time", time_with(sleep))
    console.begin_capture()

    outcome = orderctl("watch")

    console.end_capture()
    assert (outcome.exit_code, outcome.exception) == (0, None)
    before, after, failed, again = shown
    assert "0 orders in progress" in before
    assert "1 order in progress" in after
    assert "AWS does not respond (ConnectTimeoutError)" in failed
    assert "1 order in progress" in failed
    assert "AWS does not respond" not in again
