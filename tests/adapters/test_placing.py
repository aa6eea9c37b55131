"""`orderctl place`: its exit codes and its JSON, also when the wait is cut off."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from orderctl import settlement
from orderctl.api_client import Response
from orderctl.commands import placing
from orderctl.main import app
from tests.backlog import LONG_AGO, Backlog
from tests.orderctl_json import read_documented

Orderctl = Callable[..., Result]
PLACE = ("place", "85123A:6", "--customer", "c", "--email", "ada@example.com", "--payment", "pm_card_visa")


@pytest.fixture
def backlog(dev_template: dict[str, Any]) -> Iterator[Backlog]:
    with Backlog.in_moto(dev_template) as backlog:
        yield backlog


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock of the wait, in which pauses take no time; `then` runs in each of them."""

    def sleep(seconds: float) -> None:
        clock.now += seconds
        clock.then()

    clock = SimpleNamespace(now=0.0, then=lambda: None, monotonic=lambda: clock.now, sleep=sleep)
    monkeypatch.setattr(settlement, "time", clock)
    return clock


@pytest.fixture
def order_id(backlog: Backlog, monkeypatch: pytest.MonkeyPatch) -> str:
    """The order that the API stores."""
    order_id = backlog.place("PENDING")
    body = {
        "orderId": order_id,
        "status": "PENDING",
        "total": {"amount": 1530, "currency": "USD"},
        "createdAt": LONG_AGO,
        "links": {"self": f"/orders/{order_id}"},
    }
    response = Response(status=202, headers={"Idempotency-Replayed": "true"}, body=body, seconds=0.1)
    monkeypatch.setattr(placing, "find_stack", lambda *_: backlog.stack)
    monkeypatch.setattr(placing.OrdersApi, "place", lambda *_, **__: response)
    return order_id


def orderctl(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*PLACE, *arguments], prog_name="orderctl")


def test_without_a_wait_the_order_is_pending(order_id: str) -> None:
    outcome = orderctl("--json")

    assert outcome.exit_code == 0
    assert read_documented(outcome.stdout, "place") == {
        "orderId": order_id,
        "status": "PENDING",
        "reason": None,
        "total": {"amount": 1530, "currency": "USD"},
        "createdAt": LONG_AGO,
        "replayed": True,
        "seconds": None,
    }


@pytest.mark.parametrize(
    ("status", "reason", "exit_code"),
    [("CONFIRMED", None, 0), ("REJECTED", "OUT_OF_STOCK", 0), ("ON_HOLD", "payment", 3)],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_the_exit_code_after_a_wait_tells_whether_the_order_is_settled(  # noqa: PLR0913  fixtures and parameters
    backlog: Backlog,
    clock: SimpleNamespace,
    order_id: str,
    *,
    status: str,
    reason: str | None,
    exit_code: int,
    as_json: bool,
) -> None:
    settled = {"status": status, "reason": reason, "updatedAt": "2026-11-22T15:00:02.500Z"}
    clock.then = lambda: backlog.change(order_id, **settled)

    outcome = orderctl("--wait", *(["--json"] if as_json else []))

    assert outcome.exit_code == exit_code
    if as_json:
        document = read_documented(outcome.stdout, "place")
        assert (document["status"], document["reason"], document["seconds"]) == (status, reason, 2.5)
    else:
        assert f"{status}{f' ({reason})' if reason else ''} after 2.5 s" in outcome.stdout
    assert ("`orderctl dlq redrive payment`" in outcome.stderr) == (status == "ON_HOLD")


def test_an_order_that_is_pending_after_the_wait_is_not_settled(
    clock: SimpleNamespace, order_id: str
) -> None:
    outcome = orderctl("--wait", "--json")

    assert outcome.exit_code == 3
    assert read_documented(outcome.stdout, "place")["status"] == "PENDING"
    assert f"{order_id} is still PENDING after 60 s" in outcome.stderr
    assert clock.now >= 60


def test_ctrl_c_during_the_wait_says_that_the_order_goes_on(clock: SimpleNamespace, order_id: str) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    clock.then = interrupt

    outcome = orderctl("--wait", "--json")

    assert outcome.exit_code == 130
    assert f"Interrupted: {order_id} is placed and goes on" in outcome.stderr
    assert f"`orderctl show {order_id}`" in outcome.stderr
    assert read_documented(outcome.stdout, "place")["orderId"] == order_id
