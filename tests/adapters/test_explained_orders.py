"""show and trace: one command explains one order, with its log, its records and its messages."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from click.testing import Result
from typer.testing import CliRunner

from devtools.asl.definition import DEFINITION
from handlers.contract.fault import FAULT_VARIABLE, Fault
from orderctl import api_client, execution_log, order_report
from orderctl.api_client import OrdersApi, Response
from orderctl.commands import cancelling, showing, tracing
from orderctl.main import app
from orderctl.stack import Stack
from tests.backlog import Backlog
from tests.execution_logs import RecordedLog
from tests.fakes import time_with
from tests.moto_clients import client
from tests.orderctl_json import read_documented

Orderctl = Callable[..., Result]
GROUP = "/aws/vendedlogs/states/Orders"
PLACED = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
CANCELLED = RecordedLog.read("held_redriven_cancelled")
HELD = RecordedLog(record=CANCELLED.record, executions=CANCELLED.executions[:1])


@pytest.fixture
def backlog(dev_template: dict[str, Any]) -> Iterator[Backlog]:
    with Backlog.in_moto(dev_template) as backlog:
        client("logs").create_log_group(logGroupName=GROUP)
        yield backlog


@pytest.fixture
def orderctl(backlog: Backlog, monkeypatch: pytest.MonkeyPatch) -> Orderctl:
    """Run a command of orderctl on the tables, queues and logs in moto, without an API."""
    for command in (cancelling, showing, tracing):
        monkeypatch.setattr(command, "find_stack", lambda *_: backlog.stack)
    monkeypatch.setattr(execution_log, "DeployedWorkflow", lambda _: SimpleNamespace(log_group=GROUP))
    monkeypatch.setattr(order_report, "read_order", lambda _, order_id: _as_api(backlog, order_id))
    return lambda *arguments: CliRunner().invoke(app, arguments)


def _as_api(backlog: Backlog, order_id: str) -> dict[str, Any]:
    order = backlog.order(order_id)
    names = ("orderId", "customerId", "status", "createdAt", "updatedAt")
    total = {"amount": int(order["total"]["amount"]), "currency": "USD"}
    items = [{**item, "quantity": 6, "unitPrice": 255} for item in order["items"]]
    cancellation = (
        {"requestedAt": order["cancelRequestedAt"], "reason": order["cancelReason"]}
        if "cancelReason" in order
        else None
    )
    return {
        **{name: order[name] for name in names},
        "items": items,
        "total": total,
        "steps": {"payment": {"status": "CAPTURED", "at": order["updatedAt"], "provider": "simulated"}},
        "execution": None,
        "cancellation": cancellation,
    }


def held(backlog: Backlog, **fields: Any) -> str:
    """Store an order that waits for an operator because both steps failed, with its log and its messages."""
    order_id = str(uuid4())
    times = HELD.put_into_log(GROUP, order_id, since=PLACED)
    since = (PLACED + timedelta(seconds=8)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    backlog.place(
        "ON_HOLD",
        orderId=order_id,
        since=since,
        reason="inventory",
        executionArn=HELD.executions[0]["arn"],
        executionStartedAt=times["createdAt"],
        **{"createdAt": times["createdAt"], **fields},
    )
    backlog.record(order_id, "STEP#notification#received", status="SENT", at=since)
    backlog.park("inventory", order_id, step="ReserveInventory")
    backlog.park("payment", order_id)
    return order_id


def closed(backlog: Backlog) -> str:
    """Store an order that was held, redriven, confirmed and cancelled, with its log."""
    order_id = str(uuid4())
    times = CANCELLED.put_into_log(GROUP, order_id, since=PLACED)
    backlog.place(
        "CANCELLED",
        orderId=order_id,
        reason="OPERATOR",
        cancelReason="OPERATOR",
        redrivenAt=PLACED.isoformat().removesuffix("+00:00"),
        **times,
    )
    return order_id


def test_show_alone_explains_a_held_order(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = held(backlog)

    text = orderctl("show", order_id).stdout

    assert "ON_HOLD (inventory)" in text
    assert "Held: ReserveInventory and AuthorizePayment failed." in text
    assert "first: held the order: ReserveInventory and AuthorizePayment failed" in text
    assert "ReserveInventory failed after 4 attempts: DependencyUnavailable: fault switch" in text
    assert "AuthorizePayment on the payment queue, needs redrive: GatewayUnavailable" in text
    assert "notification (received)  SENT" in text
    assert f"\n  orderctl dlq redrive --order {order_id}\n  orderctl cancel {order_id}\n" in text
    assert "SUCCEEDED" not in text


def test_show_hides_no_message_from_a_redrive(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = held(backlog)

    orderctl("show", order_id)

    assert [each["orderId"] for each in backlog.parked("payment")] == [order_id]


def test_show_says_who_started_each_execution(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = closed(backlog)

    text = orderctl("show", order_id).stdout

    assert "3 executions" in text
    assert "redrive: confirmed the order (3.2 s), started by a redrive" in text
    assert "cancellation: cancelled the order (0.4 s), started by the request to cancel the order" in text
    assert "Nothing to do." in text


def test_show_reads_no_queue_for_an_order_that_went_well(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = RecordedLog.read("confirmed_at_second_attempt")
    order_id = str(uuid4())
    times = recorded.put_into_log(GROUP, order_id, since=PLACED)
    backlog.place("CONFIRMED", orderId=order_id, executionArn=recorded.executions[0]["arn"], **times)
    backlog.park("payment", str(uuid4()))
    monkeypatch.setattr(order_report, "read_queues", None)

    text = orderctl("show", order_id).stdout

    assert "Everything is done" in text
    assert "AuthorizePayment succeeded at attempt 2" in text


def test_show_does_not_look_for_messages_in_full_queues(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = held(backlog)
    monkeypatch.setattr(order_report, "MOST_MESSAGES_READ", 1)

    text = orderctl("show", order_id).stdout

    assert "The queues have 2 messages, too many to look for its own here" in text
    assert f"`orderctl dlq show {order_id}` does." in text
    assert "needs redrive" not in text


class Denied:
    """A client whose calls AWS denies."""

    def __getattr__(self, name: str) -> Any:
        def denied(**_: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "FilterLogEvents")

        return denied


def test_show_says_what_an_operator_may_not_read(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = held(backlog)
    of_stack = Stack.client
    monkeypatch.setattr(
        Stack, "client", lambda stack, name: Denied() if name == "logs" else of_stack(stack, name)
    )

    outcome = orderctl("show", order_id)

    assert outcome.exit_code == 0
    assert "Its executions can't be shown. You may not call FilterLogEvents" in outcome.stdout
    assert "AuthorizePayment on the payment queue, needs redrive" in outcome.stdout


def test_an_order_that_does_not_exist_is_told_in_the_same_words(
    orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NotFound(OrdersApi):
        def get(self, order_id: str) -> Response:
            del order_id
            return Response(status=404, headers={}, body={"title": "Order not found"}, seconds=0.0)

    monkeypatch.setattr(order_report, "read_order", api_client.read_order)
    monkeypatch.setattr(api_client, "OrdersApi", NotFound)
    order_id = str(uuid4())

    outcomes = [orderctl(*words) for words in (("show", order_id), ("trace", order_id), ("cancel", order_id))]

    assert {(outcome.exit_code, outcome.stdout) for outcome in outcomes} == {(1, "")}
    (told,) = {outcome.stderr.partition("error: ")[2] for outcome in outcomes}
    assert told.splitlines() == [
        f"There is no order {order_id}",
        "Copy its id from `orderctl orders --customer ID`, or check --stage.",
    ]


def test_show_says_that_a_fault_is_to_be_turned_off_first(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = held(backlog)
    denied = orderctl("show", order_id, "--json")
    functions = Functions()
    of_stack, fakes = Stack.client, {"lambda": functions, "stepfunctions": functions}
    monkeypatch.setattr(Stack, "client", lambda stack, name: fakes.get(name) or of_stack(stack, name))

    shown = orderctl("show", order_id, "--json")

    redrive, cancel = f"orderctl dlq redrive --order {order_id}", f"orderctl cancel {order_id}"
    assert json.loads(denied.stdout)["next"]["commands"] == [redrive, cancel]
    assert json.loads(shown.stdout)["next"]["commands"] == ["orderctl fault payment off", redrive, cancel]


class Functions:
    """The functions of the workflow; the payment service has a fault."""

    def describe_state_machine(self, **_: str) -> dict[str, Any]:
        return {"definition": DEFINITION.read_text()}

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803  boto3's name
        variables = {FAULT_VARIABLE: str(Fault())} if "Payment" in FunctionName else {}
        function = {"FunctionName": FunctionName, "RevisionId": "1", "Timeout": 8}
        return {**function, "Environment": {"Variables": variables}}


def test_show_as_json_has_what_is_documented(backlog: Backlog, orderctl: Orderctl) -> None:
    open_, done = held(backlog), None
    shown = read_documented(orderctl("show", open_, "--json").stdout, "show")
    client("logs").delete_log_group(logGroupName=GROUP)
    client("logs").create_log_group(logGroupName=GROUP)
    done = read_documented(orderctl("show", closed(backlog), "--json").stdout, "show")

    assert (shown["status"], shown["reason"], shown["closed"]) == ("ON_HOLD", "inventory", False)
    assert [step["step"] for step in shown["executions"][0]["failedSteps"]] == [
        "ReserveInventory",
        "AuthorizePayment",
    ]
    assert len(shown["executions"][0]["failedSteps"][0]["waitSeconds"]) == 3
    assert {each["verdict"] for each in shown["parkedMessages"]} == {"needs redrive"}
    assert shown["next"]["commands"][0] == f"orderctl dlq redrive --order {open_}"
    assert [each["startedBy"] for each in done["executions"]] == ["first", "redrive", "cancellation"]
    assert [each["orderStatus"] for each in done["executions"]] == ["ON_HOLD", "CONFIRMED", "CANCELLED"]
    assert {each["ending"] for each in done["executions"]} == {"ENDED"}


def test_trace_shows_the_executions_with_who_started_them(backlog: Backlog, orderctl: Orderctl) -> None:
    outcome = orderctl("trace", closed(backlog))

    labels = [line.partition(":")[0] for line in outcome.stdout.splitlines() if ", started by " in line]
    assert labels == ["first", "redrive", "cancellation"]
    assert "ReserveInventory DependencyUnavailable: fault switch" in outcome.stdout
    assert "SUCCEEDED" not in outcome.stdout


def test_trace_as_json_has_what_is_documented(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = closed(backlog)

    traced = read_documented(orderctl("trace", order_id, "--json").stdout, "trace")

    assert traced["goesOn"] is False
    states = traced["executions"][0]["states"]
    (reserve,) = (state for state in states if state["name"] == "ReserveInventory")
    assert (reserve["parallelState"], reserve["branch"]) == ("ProcessOrder", 0)
    assert [each["error"] for each in reserve["attempts"]] == ["DependencyUnavailable"] * 4


def test_trace_of_an_order_in_progress_does_not_wait_for_its_log(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place("PENDING")
    backlog.record(order_id, "STEP#inventory", status="RESERVED", at="2026-11-22T15:00:01.000Z")
    monkeypatch.setattr(execution_log, "time", time_with(pytest.fail))

    outcome = orderctl("trace", order_id)

    assert outcome.exit_code == 0
    assert "inventory RESERVED at 2026-11-22T15:00:01.000Z" in outcome.stdout
    assert "This is what is known so far: the order is PENDING and goes on." in outcome.stderr


def test_trace_of_an_order_whose_log_is_gone_points_to_show(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place("ON_HOLD")
    monkeypatch.setattr(tracing, "_LOG_DELAY_SECONDS", 0)

    outcome = orderctl("trace", order_id)

    assert outcome.exit_code == 1
    assert f"`orderctl show {order_id}` tells what the table has of it." in outcome.stderr


def test_trace_of_an_order_that_does_not_exist_fails(orderctl: Orderctl) -> None:
    outcome = orderctl("trace", str(uuid4()))

    assert outcome.exit_code == 1
    assert "There is no order" in outcome.stderr
