"""Shows one order with everything that happened to it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from handlers.contract.clock import rfc3339
from orderctl.display.execution_lines import heading, troubles
from orderctl.display.layout import add_row, counted, money_text, new_table, status_text
from orderctl.order_report import Execution, OrderReport, ParkedMessage
from orderctl.order_words import status_words


def report_view(report: OrderReport, now: datetime) -> Group:
    """Show where the order stands and how it came there; what comes next is not in it."""
    order = report.order
    parts: list[RenderableType] = [_facts(report), "", status_words(report, now)]
    parts += ["", _items(order), "", _steps(report)]
    if report.executions:
        parts += ["", counted(len(report.executions), "execution"), *_executions(report)]
    if report.parked:
        parts += ["", counted(len(report.parked), "parked message"), *map(_parked, report.parked)]
    return Group(*parts)


def _facts(report: OrderReport) -> Table:
    order = report.order
    table = new_table("", "")
    table.show_header = False
    add_row(table, "order", order["orderId"])
    add_row(table, "status", status_text(report.status, report.reason or None))
    # Stacks of an earlier version have none.
    if cancellation := order.get("cancellation"):
        by = f"requested at {cancellation['requestedAt']} ({cancellation['reason']})"
        add_row(table, "cancellation", by)
        if comment := cancellation.get("comment"):
            add_row(table, "in their words", comment)
    add_row(table, "customer", order["customerId"])
    add_row(table, "total", money_text(order["total"]))
    add_row(table, "placed", order["createdAt"])
    add_row(table, "changed", order["updatedAt"])
    if expires := report.hold_expires_at:
        add_row(table, "expires", f"{rfc3339(expires)}: if it is still on hold, the sweeper cancels it")
    return table


def _items(order: Mapping[str, Any]) -> Table:
    table = new_table("product", "quantity", "unit price", right=["quantity", "unit price"])
    for item in order["items"]:
        price = {"amount": item["unitPrice"], "currency": order["total"]["currency"]}
        add_row(table, item["productId"], item["quantity"], money_text(price))
    return table


def _steps(report: OrderReport) -> Table:
    table = new_table("step", "status", "at (UTC)", "provider, reference or reason")
    for name, step in report.order["steps"].items():
        if name != "notification":
            details = (step.get(name) for name in ("provider", "reference", "reason"))
            add_row(table, name, step["status"], _at(step["at"]), " ".join(filter(None, details)))
    for kind, record in report.notifications.items():
        add_row(table, f"notification ({kind})", record["status"], _at(record["at"]), "")
    return table


def _at(time: str) -> str:
    """Write a time of the API with a space, where a narrow column can break it."""
    return f"{datetime.fromisoformat(time):%F %T}"


def _executions(report: OrderReport) -> Iterator[RenderableType]:
    for execution in report.executions:
        yield _execution(execution, report)
        yield from troubles(execution)


def _execution(execution: Execution, report: OrderReport) -> Text:
    started = execution.trace.started
    return Text.assemble(
        (f"{rfc3339(started)} " if started else "", "dim"), heading(execution, report.record)
    )


def _parked(message: ParkedMessage) -> Text:
    letter = message.letter
    return Text.assemble(
        (f"{rfc3339(letter.sent)} ", "dim"),
        f"{letter.step} on the {letter.queue} queue, ",
        (message.verdict.value, "bold"),
        f": {letter.cause}",
    )
