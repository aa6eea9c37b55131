"""dlq list, show and redrive for scripts and for a night: JSON, whole messages, and what came of each."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from click.testing import Result
from typer.testing import CliRunner

from orderctl.commands import dlq, redriving
from orderctl.dlq import aftermath
from orderctl.dlq.queues import read_queues
from orderctl.fault_switch import Service
from orderctl.main import app
from orderctl.stack import Stack
from tests.backlog import Backlog
from tests.fakes import time_with
from tests.orderctl_json import read_documented

Orderctl = Callable[..., Result]
CAUSE = json.dumps(
    {
        "errorMessage": "the gateway is down",
        "errorType": "GatewayUnavailable",
        "stackTrace": ['  File "/var/task/handlers/payment.py", line 198, in handler\n    pay()\n'],
    }
)


@pytest.fixture
def backlog(dev_template: dict[str, Any]) -> Iterator[Backlog]:
    with Backlog.in_moto(dev_template) as backlog:
        yield backlog


@pytest.fixture
def orderctl(backlog: Backlog, monkeypatch: pytest.MonkeyPatch) -> Orderctl:
    monkeypatch.setattr(dlq, "find_stack", lambda *_: backlog.stack)
    monkeypatch.setattr(dlq, "read_queues", partial(read_queues, wait_seconds=0))
    return lambda *arguments: CliRunner().invoke(app, ["dlq", *arguments])


def _become(backlog: Backlog, monkeypatch: pytest.MonkeyPatch, fields: dict[str, dict[str, Any]]) -> None:
    """Let the orders become so during the first pause of the wait."""

    def change(_seconds: float) -> None:
        for order_id, changed in fields.items():
            backlog.change(order_id, **changed)

    monkeypatch.setattr(aftermath, "time", time_with(change))


def test_a_redrive_that_waits_ends_with_what_came_of_each(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    mended, broken = backlog.place("ON_HOLD"), backlog.place("ON_HOLD")
    for order_id in (mended, broken):
        backlog.park("payment", order_id)
    waiting = {"status": "ON_HOLD", "reason": "payment", "openKey": "WAITING#2026-11-22T16:00:00.000Z"}
    _become(
        backlog,
        monkeypatch,
        {mended: {"status": "CONFIRMED", "openKey": None, "openShard": None}, broken: waiting},
    )

    outcome = orderctl("redrive", "--wait")

    rows = {line.split()[0]: line.split()[1:] for line in outcome.stdout.splitlines() if line}
    assert rows[mended] == ["CONFIRMED", "done"]
    assert rows[broken] == ["ON_HOLD", "(payment)", "held", "again"]
    assert outcome.exit_code == 3
    assert "1 order of 2 not done" in outcome.stderr


def test_a_redrive_whose_orders_are_all_done_exits_with_0(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place("ON_HOLD")
    _become(backlog, monkeypatch, {order_id: {"status": "REJECTED", "openKey": None, "openShard": None}})

    assert orderctl("redrive", "--wait").exit_code == 0


def test_a_redrive_does_not_wait_for_ever(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    backlog.place("ON_HOLD")
    monkeypatch.setattr(redriving, "_WAIT_SECONDS", 0)

    outcome = orderctl("redrive", "--wait")

    assert "goes on" in outcome.stdout
    assert outcome.exit_code == 3


def test_an_interrupted_redrive_says_how_many_are_left(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(12):
        backlog.place("ON_HOLD")

    class InterruptedBus:
        """A bus that accepts ten events; then the operator presses Ctrl-C."""

        def put_events(self, **request: Any) -> Any:
            if len(request["Entries"]) < 10:
                raise KeyboardInterrupt
            return backlog.events.put_events(**request)

    of_stack = Stack.client
    monkeypatch.setattr(
        Stack, "client", lambda stack, name: InterruptedBus() if name == "events" else of_stack(stack, name)
    )

    outcome = orderctl("redrive")

    assert outcome.exit_code == 130
    assert "10 orders emitted again" in outcome.stdout
    assert "Interrupted: 2 orders or announcements of 12 left" in outcome.stderr
    assert "Run the same command again" in outcome.stderr


@pytest.mark.parametrize("order_id", ["", "foo", "{23ac301d-e113-400f-8d5a-f406e39d870a}"])
@pytest.mark.parametrize("arguments", [("redrive", "--order"), ("show",)])
def test_what_is_no_order_id_is_a_wrong_argument(
    orderctl: Orderctl, arguments: tuple[str, ...], order_id: str
) -> None:
    outcome = orderctl(*arguments, order_id)

    assert outcome.exit_code == 2
    assert f"{order_id!r} is not an order id" in outcome.stderr


def test_an_order_id_in_capitals_is_the_same_order(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = backlog.place("ON_HOLD")
    backlog.park("payment", order_id)

    assert orderctl("show", order_id.upper()).exit_code == 0


def test_a_message_is_shown_with_its_traceback(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = backlog.place("ON_HOLD")
    backlog.send(
        "payment",
        {"orderId": order_id, "step": "AuthorizePayment", "error": "GatewayUnavailable", "cause": CAUSE},
    )

    lines = orderctl("show", order_id).stdout.splitlines()

    assert lines[0].startswith("AuthorizePayment on the payment queue, ")
    assert lines[0].endswith("needs redrive")
    assert lines[1:6] == [
        "error: GatewayUnavailable",
        "  the gateway is down",
        "traceback:",
        '    File "/var/task/handlers/payment.py", line 198, in handler',
        "      pay()",
    ]


def test_an_undelivered_event_is_shown_with_the_error_code_of_eventbridge(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    order_id = backlog.place("PENDING")
    event = {"detail-type": "OrderPlaced", "detail": {"orderId": order_id}}
    backlog.send("delivery", event, ERROR_CODE="NO_PERMISSIONS", ERROR_MESSAGE="not authorized")

    text = orderctl("show", order_id).stdout
    (message,) = read_documented(orderctl("show", order_id, "--json").stdout, "dlq show")["messages"]

    assert "EventBridge could not deliver it: NO_PERMISSIONS\n  not authorized\n" in text
    assert (message["deliveryError"], message["cause"]) == ("NO_PERMISSIONS", "not authorized")
    assert json.loads(message["body"]) == event


def test_messages_are_listed_as_json(backlog: Backlog, orderctl: Orderctl) -> None:
    held, silent = backlog.place("ON_HOLD"), backlog.place("ON_HOLD", reason="workflow")
    backlog.park("payment", held)
    backlog.send("delivery", "not JSON")

    listed = read_documented(orderctl("list", "--json").stdout, "dlq list")
    short = read_documented(orderctl("list", "--limit", "1", "--json").stdout, "dlq list")

    assert [(each["orderId"], each["verdict"]) for each in listed["messages"]] == [
        (held, "needs redrive"),
        (None, "unknown"),
    ]
    assert [each["orderId"] for each in listed["waitingWithoutMessage"]] == [silent]
    assert (len(short["messages"]), short["totalMessages"]) == (1, 2)


def test_a_plan_is_printed_as_json_with_the_status_of_each_order(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    held, unknown = backlog.place("ON_HOLD", reason="payment"), str(uuid4())
    for order_id in (held, unknown):
        backlog.park("payment", order_id)

    plan = read_documented(orderctl("redrive", "--dry-run", "--json").stdout, "dlq redrive --dry-run")

    found = {each["orderId"]: (each["status"], each["reason"], each["event"]) for each in plan["orders"]}
    assert found == {held: ("ON_HOLD", "payment", "OrderPlaced"), unknown: (None, None, None)}
    assert backlog.announced() == []


def test_a_redrive_is_printed_as_json(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place("ON_HOLD")
    backlog.park("payment", order_id)
    _become(backlog, monkeypatch, {order_id: {"status": "REJECTED", "openKey": None, "openShard": None}})

    done = read_documented(orderctl("redrive", "--wait", "--json").stdout, "dlq redrive")
    nothing = read_documented(orderctl("redrive", "--json").stdout, "dlq redrive")

    assert (done["emitted"], done["deletedMessages"], done["left"]) == ([order_id], 1, 0)
    assert [(each["orderId"], each["cameOfIt"]) for each in done["orders"]] == [(order_id, "done")]
    assert (nothing["emitted"], nothing["orders"]) == ([], [])


def test_a_list_says_that_a_fault_is_to_be_turned_off_before_a_redrive(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    backlog.park("payment", backlog.place("ON_HOLD"))
    asked: list[set[str]] = []

    def switched_on(_stack: Stack, services: set[str]) -> list[Service]:
        asked.append(services)
        return [Service.PAYMENT]

    without = orderctl("list").stderr
    monkeypatch.setattr(dlq, "switched_on", switched_on)

    advice = orderctl("list", "--stage", "dev").stderr

    assert "fault" not in without
    assert "A fault of the payment service is on. Run `orderctl fault payment off --stack" in advice
    assert all("payment" in services for services in asked)
