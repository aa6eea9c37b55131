"""The parts that every display is made of: tables, numbers, amounts and statuses."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
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


# A column that is narrower is hard to read.
_READABLE: Final = 8


class FittingTable(Table):
    """A table; on a terminal that is too narrow for it, each row is a list of its cells instead."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render as a table where each column gets a readable width."""
        if self.show_header and self._least_width(console, options) > options.max_width:
            yield from self._as_lists()
        else:
            yield from super().__rich_console__(console, options)

    def _least_width(self, console: Console, options: ConsoleOptions) -> int:
        widths = [
            max(Measurement.get(console, options, cell).minimum for cell in (column.header, *column.cells))
            for column in self.columns
        ]
        least = [
            width if column.no_wrap else min(width, _READABLE)
            for column, width in zip(self.columns, widths, strict=True)
        ]
        # Two spaces are between two columns.
        return sum(least) + 2 * (len(least) - 1)

    def _as_lists(self) -> Iterator[RenderableType]:
        """Yield the first cell of each row, and below it the others with the names of their columns."""
        first, *others = ([*column.cells] for column in self.columns)
        names = [str(column.header) for column in self.columns[1:]]
        for row, cell in enumerate(first):
            yield cell
            for name, cells in zip(names, others, strict=True):
                value = cells[row]
                if str(value):
                    text = value if isinstance(value, Text) else str(value)
                    yield Text.assemble("  ", (f"{name} ", "dim"), text)


def print_parts(*parts: RenderableType, to: Console = output) -> None:
    """Print tables, trees and texts; a line that is too long for the terminal is wrapped, not cut."""
    for part in parts:
        to.print(part, soft_wrap=False)


def new_table(*columns: str, right: Iterable[str] = ()) -> Table:
    """Make an empty table; the columns named in `right` are aligned to the right."""
    numbers = set(right)
    table = FittingTable(box=None, pad_edge=False, header_style="dim")
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


def counted(count: int, thing: str, things: str | None = None) -> str:
    """Write a number of things: 1 order, 2,000 orders."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {things or thing + 's'}"


def money_text(amount: Mapping[str, Any]) -> str:
    """Write an amount of the API: USD 15.30."""
    return format_money(Money(amount=amount["amount"], currency=amount["currency"]))


def status_text(status: str, reason: str | None = None) -> Text:
    """Write a status in its colour, followed by its reason."""
    style = _STYLES.get(OrderStatus(status), "") if status in set(OrderStatus) else ""
    return Text(f"{status} ({reason})" if reason else status, style=style)
