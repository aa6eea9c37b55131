"""The demo's short trace and its next commands."""

from datetime import UTC, datetime
from typing import Any

from devtools.demo.orders import DEMO_ORDERS
from devtools.demo.play import DemoResult
from devtools.demo.view import next_commands, short_trace
from orderctl.trace import Attempt, ExecutionTrace, Lane, StateRun

NOW = datetime(2026, 11, 22, tzinfo=UTC)
REDRIVEN = next(order for order in DEMO_ORDERS if order.outage)
MESSAGE = {"step": "AuthorizePayment", "error": "GatewayUnavailable", "cause": '{"errorMessage": "down"}'}


def run(name: str, **fields: Any) -> StateRun:
    return StateRun(name=name, entered=NOW, exited=NOW, **fields)


def execution(*after: str, payment: StateRun) -> ExecutionTrace:
    branches = [Lane(runs=[run("ReserveInventory", status="RESERVED")]), Lane(runs=[payment])]
    runs = (run("ProcessOrder", branches=branches), *map(run, after))
    return ExecutionTrace(arn="arn:aws:states:m:e", ending="SUCCEEDED", runs=runs)


def test_a_trace_has_a_line_for_each_branch_and_the_parked_message_before_the_redrive() -> None:
    attempts = [Attempt(started=NOW, ended=NOW, error="GatewayUnavailable") for _ in range(4)]
    broken = execution("HoldOrder", payment=run("AuthorizePayment", attempts=attempts))
    redriven = execution(
        "CapturePayment", "ConfirmOrder", payment=run("AuthorizePayment", status="AUTHORIZED")
    )
    result = DemoResult(
        expected=REDRIVEN, order={"orderId": "o-1"}, executions=[broken, redriven], dead_letter=MESSAGE
    )

    lines = [line.plain for line in short_trace(result)]

    assert lines == [
        "payment service down, then redriven  o-1",
        "  ProcessOrder: ReserveInventory RESERVED",
        "  ProcessOrder: AuthorizePayment GatewayUnavailable, 4 attempts",
        "  HoldOrder",
        "parked on the payment dead-letter queue:",
        "  AuthorizePayment GatewayUnavailable: down",
        "then redriven, as `orderctl dlq redrive payment` does:",
        "  ProcessOrder: ReserveInventory RESERVED",
        "  ProcessOrder: AuthorizePayment AUTHORIZED",
        "  CapturePayment → ConfirmOrder",
    ]


def test_the_next_commands_name_the_order_while_the_local_cloud_is_running() -> None:
    kept = "\n".join(line.plain for line in next_commands("o-1", kept=True))
    stopped = "\n".join(line.plain for line in next_commands("o-1", kept=False))

    assert "orderctl console" in kept
    assert "orderctl trace o-1" in kept
    assert "orderctl demo --keep" in stopped
    assert "o-1" not in stopped
