"""Shows one order, or a list of orders."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group
from rich.table import Table

from orderctl.display.layout import add_row, money_text, new_table, status_text


def orders_table(orders: Iterable[Mapping[str, Any]]) -> Table:
    """List orders, as the API summarises them."""
    table = new_table("order", "status", "total", "placed", right=["total"])
    for order in orders:
        status = status_text(order["status"], order.get("reason"))
        add_row(table, order["orderId"], status, money_text(order["total"]), order["createdAt"])
    return table


def order_view(order: Mapping[str, Any]) -> Group:
    """Show one order of the API: its facts, its items and its steps."""
    return Group(_facts(order), "", _items(order), "", _steps(order))


def _facts(order: Mapping[str, Any]) -> Table:
    table = new_table("", "")
    table.show_header = False
    add_row(table, "order", order["orderId"])
    add_row(table, "status", status_text(order["status"], order.get("reason")))
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
    return table


def _items(order: Mapping[str, Any]) -> Table:
    table = new_table("product", "quantity", "unit price", right=["quantity", "unit price"])
    for item in order["items"]:
        price = {"amount": item["unitPrice"], "currency": order["total"]["currency"]}
        add_row(table, item["productId"], item["quantity"], money_text(price))
    return table


def _steps(order: Mapping[str, Any]) -> Table:
    table = new_table("step", "status", "at", "provider, reference or reason")
    for name, step in order["steps"].items():
        details = (step.get(name) for name in ("provider", "reference", "reason"))
        add_row(table, name, step["status"], step["at"], " ".join(filter(None, details)))
    return table
