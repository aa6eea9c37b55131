"""The parts that every display is made of: tables, numbers, amounts and statuses."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from handlers.contract.money import Money, format_money
from handlers.contract.names import OrderStatus
from orderctl.terminal import output

_ORDER_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_STYLES: Final = {
    OrderStatus.PENDING: "yellow",
    OrderStatus.CONFIRMED: "green",
    OrderStatus.REJECTED: "magenta",
    OrderStatus.ON_HOLD: "bold red",
    OrderStatus.CANCELLED: "cyan",
}


def print_parts(*parts: RenderableType, to: Console = output) -> None:
    """Print tables, trees and texts; a line that is too long for the terminal is wrapped, not cut."""
    for part in parts:
        to.print(part, soft_wrap=False)


def new_table(*columns: str, right: Iterable[str] = ()) -> Table:
    """Make an empty table; the columns named in `right` are aligned to the right."""
    numbers = set(right)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    return table


def add_row(table: Table, *cells: object) -> None:
    """Add a row. A cell is plain text, never Rich markup: customers and files wrote it.

    An order id is never broken across lines: where the terminal is narrow, the other columns shrink.
    """
    texts = [cell if isinstance(cell, Text) else Text(str(cell)) for cell in cells]
    table.add_row(*texts)
    for column, text in zip(table.columns, texts, strict=True):
        if _ORDER_ID.fullmatch(text.plain):
            column.no_wrap = True
            column.min_width = len(text)


def counted(count: int, thing: str) -> str:
    """Write a number of things: 1 order, 2,000 orders."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def money_text(amount: Mapping[str, Any]) -> str:
    """Write an amount of the API: USD 15.30."""
    return format_money(Money(amount=amount["amount"], currency=amount["currency"]))


def status_text(status: str, reason: str | None = None) -> Text:
    """Write a status in its colour, followed by its reason."""
    style = _STYLES.get(OrderStatus(status), "") if status in set(OrderStatus) else ""
    return Text(f"{status} ({reason})" if reason else status, style=style)
