"""`orderctl orders --status`: the open orders of all customers."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from handlers.contract.clock import rfc3339, utc_now
from handlers.contract.names import OpenKind
from orderctl import open_orders
from orderctl.commands import orders
from orderctl.main import app
from tests.backlog import Backlog
from tests.orderctl_json import read_documented

Orderctl = Callable[..., Result]


@pytest.fixture
def backlog(dev_template: dict[str, Any]) -> Iterator[Backlog]:
    with Backlog.in_moto(dev_template) as backlog:
        yield backlog


@pytest.fixture
def orderctl(backlog: Backlog, monkeypatch: pytest.MonkeyPatch) -> Orderctl:
    """Run `orderctl orders ...`."""
    monkeypatch.setattr(orders, "find_stack", lambda *_: backlog.stack)
    return lambda *arguments: CliRunner().invoke(app, ["orders", *arguments], prog_name="orderctl")


def ago(**span: float) -> str:
    return rfc3339(utc_now() - timedelta(**span))


def ids(outcome: Result) -> list[str]:
    listed = read_documented(outcome.stdout, "orders")
    return [order["orderId"] for order in listed["orders"]]


def test_orders_on_hold_are_listed_the_oldest_first(backlog: Backlog, orderctl: Orderctl) -> None:
    newer = backlog.place("ON_HOLD", since=ago(hours=1), reason="payment")
    older = backlog.place("ON_HOLD", since=ago(hours=2), reason="inventory")
    held_now = backlog.place("ON_HOLD", since=ago(minutes=1), kind=OpenKind.IN_PROGRESS, reason="payment")
    backlog.place("PENDING")

    outcome = orderctl("--status", "ON_HOLD", "--json")

    assert ids(outcome) == [older, newer, held_now]
    assert outcome.stderr == ""


def test_only_orders_that_have_not_changed_for_long_are_listed(backlog: Backlog, orderctl: Orderctl) -> None:
    stuck = backlog.place("PENDING", since=ago(hours=3))
    # The sweeper took it up a moment ago.
    backlog.change(stuck, openKey=f"IN_PROGRESS#{ago(seconds=5)}")
    backlog.place("PENDING", since=ago(minutes=5))

    assert ids(orderctl("--status", "PENDING", "--older-than", "1h", "--json")) == [stuck]


def test_more_orders_than_the_limit_are_not_kept_secret(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_orders, "_PAGE", 1)
    placed = [backlog.place("PENDING", since=ago(hours=9 - number)) for number in range(9)]
    for _ in range(9):
        backlog.place("ON_HOLD", since=ago(hours=20))

    few, all_ = orderctl("--status", "PENDING", "--limit", "5", "--json"), orderctl("--status", "PENDING")

    assert ids(few) == placed[:5]
    assert read_documented(few.stdout, "orders")["more"] is True
    assert "list them with a higher --limit" in few.stderr
    assert [line.split()[0] for line in all_.stdout.splitlines()[1:]] == placed
    assert all_.stderr == ""


def test_of_settled_orders_it_says_that_closed_ones_are_missing(backlog: Backlog, orderctl: Orderctl) -> None:
    announcing = backlog.place("CONFIRMED", kind=OpenKind.WAITING)
    backlog.settle(backlog.place("PENDING"))

    outcome = orderctl("--status", "CONFIRMED")

    assert announcing in outcome.stdout
    assert len(outcome.stdout.splitlines()) == 2
    assert "No index has the closed orders of all customers" in outcome.stderr


def test_an_order_that_changed_since_the_index_was_read_is_left_out(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place("PENDING")
    read = open_orders.OpenOrders.summaries

    def settled_first(table: open_orders.OpenOrders, order_ids: list[str]) -> Any:
        backlog.settle(order_id)
        return read(table, order_ids)

    monkeypatch.setattr(open_orders.OpenOrders, "summaries", settled_first)

    outcome = orderctl("--status", "PENDING")

    assert (outcome.stdout, outcome.stderr) == ("", "No open order is PENDING\n")


@pytest.mark.parametrize(
    "arguments", [[], ["--older-than", "1h"], ["--status", "ON_HOLD", "--older-than", "x"]]
)
def test_arguments_that_do_not_say_which_orders_are_refused(orderctl: Orderctl, arguments: list[str]) -> None:
    assert orderctl(*arguments).exit_code == 2
