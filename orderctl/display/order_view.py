"""Shows a list of orders."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.table import Table

from orderctl.display.layout import add_row, money_text, new_table, status_text
from orderctl.durations import age


def orders_table(orders: Iterable[Mapping[str, Any]], now: datetime) -> Table:
    """List orders, as the API summarises them, with when they were placed and how long ago they changed."""
    table = new_table("order", "status", "total", "placed (UTC)", "changed", right=["total"])
    for order in orders:
        status = status_text(order["status"], order.get("reason"))
        placed, changed = (datetime.fromisoformat(order[name]) for name in ("createdAt", "updatedAt"))
        since = f"{age(now - changed)} ago"
        add_row(table, order["orderId"], status, money_text(order["total"]), f"{placed:%F %T}", since)
    return table
