"""Shows a list of orders."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table

from orderctl.display.layout import add_row, money_text, new_table, status_text


def orders_table(orders: Iterable[Mapping[str, Any]]) -> Table:
    """List orders, as the API summarises them."""
    table = new_table("order", "status", "total", "placed", right=["total"])
    for order in orders:
        status = status_text(order["status"], order.get("reason"))
        add_row(table, order["orderId"], status, money_text(order["total"]), order["createdAt"])
    return table
