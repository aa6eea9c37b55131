"""What orderctl shows of products, orders, executions and imports, as Rich tables and trees."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from handlers.contract.money import Money, format_money
from handlers.contract.names import OrderStatus
from orderctl.api_client import problem
from orderctl.files.csv_lines import SkippedLine
from orderctl.files.order_file import FileOrder
from orderctl.files.product_file import Product
from orderctl.order_import import ImportSummary, Latency
from orderctl.terminal import output
from orderctl.trace import ExecutionTrace, StateRun

_STYLES: Final = {
    OrderStatus.PENDING: "yellow",
    OrderStatus.CONFIRMED: "green",
    OrderStatus.REJECTED: "magenta",
    OrderStatus.ON_HOLD: "bold red",
}


def money(total: Mapping[str, Any]) -> str:
    """Show an amount as the API writes it."""
    return format_money(Money(amount=total["amount"], currency=total["currency"]))


def show(*parts: RenderableType) -> None:
    """Print what has a layout of its own: it is folded where the terminal ends, never cut off."""
    for part in parts:
        output.print(part, soft_wrap=False)


def status_text(status: str, reason: str | None = None) -> Text:
    """Show a status in its colour, with its reason behind it."""
    style = _STYLES.get(OrderStatus(status), "") if status in set(OrderStatus) else ""
    return Text(f"{status} ({reason})" if reason else status, style=style)


def table(*columns: str, right: Iterable[str] = ()) -> Table:
    """Make an empty table; the columns named in `right` hold numbers."""
    numbers = set(right)
    made = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    return made


def add(to: Table, *cells: object) -> None:
    """Add a row. What customers and files wrote is text, never markup."""
    to.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in cells))


def products_table(products: Iterable[Product]) -> Table:
    """Show what is sold."""
    shown = table("product", "name", "minor units", "available", right=["minor units", "available"])
    for product in products:
        add(shown, product.product_id, product.name, product.unit_price, product.available)
    return shown


def orders_table(orders: Iterable[Mapping[str, Any]]) -> Table:
    """Show summaries of orders as the API lists them."""
    shown = table("order", "status", "total", "placed", right=["total"])
    for order in orders:
        status = status_text(order["status"], order.get("reason"))
        add(shown, order["orderId"], status, money(order["total"]), order["createdAt"])
    return shown


def order_view(order: Mapping[str, Any]) -> Group:
    """Show one order as the API tells it: how it stands, what it holds, and what each step recorded."""
    facts = table("", "")
    add(facts, "order", order["orderId"])
    add(facts, "status", status_text(order["status"], order.get("reason")))
    add(facts, "customer", order["customerId"])
    add(facts, "total", money(order["total"]))
    add(facts, "placed", order["createdAt"])
    add(facts, "changed", order["updatedAt"])
    facts.show_header = False
    items = table("product", "quantity", "unit price", right=["quantity", "unit price"])
    for item in order["items"]:
        price = {"amount": item["unitPrice"], "currency": order["total"]["currency"]}
        add(items, item["productId"], item["quantity"], money(price))
    steps = table("step", "status", "at", "reference")
    for name, step in order["steps"].items():
        add(steps, name, step["status"], step["at"], step.get("reference", ""))
    return Group(facts, "", items, "", steps)


def skipped_table(skipped: Iterable[SkippedLine]) -> Table:
    """Show which lines of a file were left out, and why."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for line in skipped:
        numbers[line.reason].append(line.number)
    shown = table("skipped", "reason", "lines", right=["skipped"])
    for reason, of_reason in sorted(numbers.items(), key=lambda entry: -len(entry[1])):
        add(shown, len(of_reason), reason, ranges(of_reason))
    return shown


def refused_table(orders: Iterable[FileOrder]) -> Table:
    """Show which orders of a file can't be placed, and why."""
    shown = table("not placed", "products", "reason", right=["products"])
    for order in orders:
        add(shown, order.invoice, len(order.items), order.refusal)
    return shown


def import_report(summary: ImportSummary) -> Group:
    """Show how the orders of a file ended."""
    statuses = table("orders", "status", right=["orders"])
    for (status, reason), count in sorted(summary.by_status.items()):
        add(statuses, count, status_text(status, reason))
    parts: list[RenderableType] = [statuses]
    if summary.failed:
        failed = table("not accepted", "answer")
        for placement in summary.failed:
            add(failed, placement.order.invoice, problem(placement.answer))
        parts += ["", failed]
    if summary.replayed:
        parts.append(f"{summary.replayed} of them were placed by an earlier import of this file")
    if summary.orders_per_second is not None:
        parts.append(f"{summary.orders_per_second:.1f} orders/s")
    parts += _latency("placed to settled", summary.settled)
    parts += _latency("answer to POST", summary.answered)
    return Group(*parts)


def _latency(of: str, latency: Latency | None) -> list[str]:
    if latency is None:
        return []
    return [f"{of}: p50 {latency.p50 * 1000:.0f} ms, p99 {latency.p99 * 1000:.0f} ms"]


def ranges(numbers: Sequence[int]) -> str:
    """Write ascending numbers the short way: 3, 7-9."""
    starts = [numbers[0], *(after for before, after in pairwise(numbers) if after > before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after > before + 1), numbers[-1]]
    return ", ".join(
        str(start) if start == end else f"{start}-{end}" for start, end in zip(starts, ends, strict=True)
    )


def trace_tree(trace: ExecutionTrace) -> Tree:
    """Show the states of an execution; a branch of a Parallel state is a line below it."""
    tree = Tree(Text.assemble((trace.ending, "bold"), " ", (trace.arn, "dim")), guide_style="dim")
    for run in trace.runs:
        node = tree.add(_run(run))
        for branch in run.branches:
            node.add(Text(" → ").join(_run(of_branch) for of_branch in branch.runs))
    return tree


def _run(run: StateRun) -> Text:
    failed = f"{run.error}, {run.attempts} attempts" if run.error else ""
    return Text.assemble(
        run.name,
        (f" {run.status}", "bold") if run.status else "",
        (f" {failed}", "red") if failed else "",
        (f" {run.seconds * 1000:.0f} ms", "dim"),
    )
