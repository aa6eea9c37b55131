"""The page of one order: what it shows of the executions, the states and the logs."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from devtools.asl.definition import DEFINITION
from orderctl import execution_log, order_report
from orderctl.console import order_file, order_page
from orderctl.console.order_page import OrderPage, OrderPages
from orderctl.console.rendering import render
from orderctl.console.timeline import WIDTH
from orderctl.errors import OperatorError
from orderctl.stack import Stack
from tests.backlog import Backlog
from tests.execution_logs import RecordedLog
from tests.moto_clients import client

GROUP = "/aws/vendedlogs/states/Orders"
FUNCTION_GROUP = "/made/by/the/stack"
PLACED = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
HELD_REDRIVEN_CANCELLED = RecordedLog.read("held_redriven_cancelled")
HOSTILE = "<script>alert(1)</script>"


class Functions:
    """Lambda, which knows where its functions log."""

    def get_function_configuration(self, **_: Any) -> dict[str, Any]:
        return {"FunctionName": "Payment", "LoggingConfig": {"LogGroup": FUNCTION_GROUP}}


@pytest.fixture
def backlog(dev_template: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Backlog]:
    with Backlog.in_moto(dev_template) as backlog:
        client("logs").create_log_group(logGroupName=GROUP)
        client("logs").create_log_group(logGroupName=FUNCTION_GROUP)
        client("logs").create_log_stream(logGroupName=FUNCTION_GROUP, logStreamName="one")
        definition = json.loads(
            DEFINITION.read_text().replace("${", "arn:aws:lambda:eu-west-1:1:function:${")
        )
        workflow = SimpleNamespace(log_group=GROUP, definition=definition)
        for module in (execution_log, order_page, order_file):
            monkeypatch.setattr(module, "DeployedWorkflow", lambda _: workflow)
        monkeypatch.setattr(order_report, "read_order", lambda _, order_id: as_api(backlog, order_id))
        real = Stack.client
        monkeypatch.setattr(
            Stack, "client", lambda stack, name: Functions() if name == "lambda" else real(stack, name)
        )
        yield backlog


def as_api(backlog: Backlog, order_id: str) -> dict[str, Any]:
    order = backlog.order(order_id)
    return {
        **{name: order[name] for name in ("orderId", "customerId", "status", "createdAt", "updatedAt")},
        "items": [{"productId": "85123A", "quantity": 6, "unitPrice": 255}],
        "total": {"amount": 1530, "currency": "USD"},
        "steps": {"payment": {"status": "REFUNDED", "at": order["updatedAt"], "provider": "simulated"}},
        "execution": None,
        "cancellation": {"requestedAt": order["updatedAt"], "reason": "OPERATOR", "comment": HOSTILE},
    }


@pytest.fixture
def order_id(backlog: Backlog) -> str:
    """An order that was held, redriven, confirmed and cancelled."""
    order_id = str(uuid4())
    times = HELD_REDRIVEN_CANCELLED.put_into_log(GROUP, order_id, since=PLACED)
    backlog.place(
        "CANCELLED",
        orderId=order_id,
        customerId=HOSTILE,
        reason="OPERATOR",
        cancelReason="OPERATOR",
        redrivenAt=PLACED.isoformat().removesuffix("+00:00"),
        **times,
    )
    return order_id


@pytest.fixture
def page(backlog: Backlog, order_id: str) -> OrderPage:
    return OrderPages(backlog.stack, "").read(order_id)


def log_line(at: datetime, **fields: Any) -> None:
    event = {"timestamp": int(at.timestamp() * 1000), "message": json.dumps(fields)}
    client("logs").put_log_events(logGroupName=FUNCTION_GROUP, logStreamName="one", logEvents=[event])


def test_all_executions_are_shown_with_who_started_them(page: OrderPage) -> None:
    assert [each.execution.origin.value for each in page.executions] == ["first", "redrive", "cancellation"]
    assert [each.number for each in page.executions] == [1, 2, 3]
    assert page.execution(None) is page.executions[-1]
    assert page.execution(1) is page.executions[0]
    assert page.execution(9) is None


def test_the_events_of_the_order_are_in_the_order_of_their_times(page: OrderPage) -> None:
    assert [(event.name, event.what) for event in page.events] == [
        ("OrderPlaced", "started execution 1"),
        ("OrderHeld", "published by execution 1"),
        ("OrderPlaced", "started execution 2"),
        ("OrderConfirmed", "published by execution 2"),
        ("OrderCancellationRequested", "started execution 3"),
        ("OrderCancelled", "published by execution 3"),
    ]


def test_the_timeline_has_the_attempts_and_the_waits_between_them(page: OrderPage) -> None:
    rows = {row.view.name: row for row in page.executions[0].rows}

    reserve = rows["ReserveInventory"]

    assert (reserve.depth, reserve.branch) == (1, 1)
    assert [bar.kind for bar in reserve.bars] == ["state", *["failure", "wait"] * 3, "failure"]
    assert rows["ProcessOrder"].depth == 0
    for row in rows.values():
        for bar in row.bars:
            assert bar.x >= 0
            assert bar.x + bar.width <= WIDTH * 1.01


def test_a_state_has_its_input_its_attempts_and_what_its_function_logged(
    backlog: Backlog, order_id: str, page: OrderPage
) -> None:
    (row,) = (row for row in page.executions[0].rows if row.view.name == "AuthorizePayment")
    row.run.input = json.dumps({"orderId": order_id})
    log_line(row.run.entered, orderId=order_id, step="authorize", level="WARNING", error="GatewayUnavailable")
    log_line(row.run.entered, orderId="another", step="authorize")
    log_line(row.run.entered - timedelta(minutes=1), orderId=order_id, step="earlier")

    state = OrderPages(backlog.stack, "").state(page, page.executions[0], row.view.number)

    assert state is not None
    assert state.input == f'{{\n  "orderId": "{order_id}"\n}}'
    assert [attempt.error for attempt in state.attempts] == ["GatewayUnavailable"] * 4
    assert state.attempts[0].traceback
    assert state.function == "${PaymentFunctionArn}"
    assert [(line.level, line.fields["step"]) for line in state.lines] == [("WARNING", "authorize")]


def test_a_state_without_a_function_says_who_did_it(backlog: Backlog, page: OrderPage) -> None:
    (row,) = (row for row in page.executions[0].rows if row.view.name == "HoldOrder")

    state = OrderPages(backlog.stack, "").state(page, page.executions[0], row.view.number)

    assert state is not None
    assert (state.function, state.lines) == ("", ())
    assert "Step Functions calls DynamoDB itself here" in state.note


@pytest.mark.parametrize("is_chosen", [True, False])
def test_a_live_message_finds_the_hint_that_it_renews(
    backlog: Backlog, page: OrderPage, *, is_chosen: bool
) -> None:
    execution = page.executions[0]
    number = execution.rows[0].view.number
    state = OrderPages(backlog.stack, "").state(page, execution, number) if is_chosen else None

    panel = render("order_state.html", order=page, chosen=execution, state=state)

    hints = re.findall(r'(<div hidden>)?<div id="state-hint"', panel)
    assert hints == ["<div hidden>" if is_chosen else ""]


def test_a_state_that_does_not_exist_is_not_shown(backlog: Backlog, page: OrderPage) -> None:
    pages = OrderPages(backlog.stack, "")

    assert pages.state(page, page.executions[0], 99) is None
    assert pages.state(page, page.executions[0], -1) is None


def test_the_page_changes_only_when_the_order_does(backlog: Backlog, order_id: str, page: OrderPage) -> None:
    pages = OrderPages(backlog.stack, "")
    assert pages.read(order_id).fingerprint == page.fingerprint

    backlog.change(order_id, updatedAt=PLACED.isoformat(timespec="milliseconds").replace("+00:00", "Z"))

    assert pages.read(order_id).fingerprint != page.fingerprint


def test_an_order_that_does_not_exist_is_an_error(backlog: Backlog, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: Stack, order_id: str) -> None:
        raise OperatorError(f"There is no order {order_id}")

    monkeypatch.setattr(order_report, "read_order", unknown)

    with pytest.raises(OperatorError, match="There is no order"):
        OrderPages(backlog.stack, "").read(str(uuid4()))


def test_the_file_of_an_order_needs_nothing_else(backlog: Backlog, order_id: str) -> None:
    html = order_file.order_file(backlog.stack, order_id, name="OrderProcessing-local", options="")

    for outside in ("<link", "src=", "@import", "url(http", 'href="/', "hx-"):
        assert outside not in html
    assert html.count("<script>") == html.count("</script>") == 1
    assert html.count("</style>") == 1
    assert "Execution 3: cancellation" in html


def test_the_file_escapes_what_others_wrote(backlog: Backlog, order_id: str) -> None:
    html = order_file.order_file(backlog.stack, order_id, name="OrderProcessing-local", options="")

    assert HOSTILE not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_the_file_names_no_address_and_no_payment_token(backlog: Backlog, order_id: str) -> None:
    html = order_file.order_file(backlog.stack, order_id, name="OrderProcessing-local", options="")

    assert "ada@example.com" not in html
    assert "pm_card_visa" not in html
