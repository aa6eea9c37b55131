"""The parts that every display is made of: tables, numbers, amounts and statuses."""

from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from handlers.contract.money import Money, format_money
from handlers.contract.names import OrderStatus
from orderctl.terminal import output
from orderctl.words import WholeWords

_STYLES: Final = {
    OrderStatus.PENDING: "yellow",
    OrderStatus.CONFIRMED: "green",
    OrderStatus.REJECTED: "magenta",
    OrderStatus.ON_HOLD: "bold red",
    OrderStatus.CANCELLED: "cyan",
}


_WIDE: Final = 60
_GOES_ON: Final = " \\"  # the shell reads the next line too
_GAP: Final = 2  # spaces between two columns


class FittingTable(Table):
    """A table that breaks no word; where its words do not fit, each row is a list of its cells instead."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render as a table where each column is at least as wide as its longest word."""
        widths = self._widths(console, options)
        if widths is None:
            yield from self._as_lists()
            return
        for column, width in zip(self.columns, widths, strict=True):
            column.width = width
        yield from super().__rich_console__(console, options)

    def _widths(self, console: Console, options: ConsoleOptions) -> list[int] | None:
        """Return how wide each column is; None when they do not fit."""
        sizes = [
            [
                Measurement.get(console, options, cell)
                for cell in ([column.header] if self.show_header else []) + [*column.cells]
            ]
            for column in self.columns
        ]
        most = [max((size.maximum for size in of_column), default=0) for of_column in sizes]
        widths = [
            width if column.no_wrap else max((size.minimum for size in of_column), default=0)
            for column, width, of_column in zip(self.columns, most, sizes, strict=True)
        ]
        spare = options.max_width - sum(widths) - _GAP * (len(widths) - 1)
        if spare < 0:
            return None
        # The columns that need least come first: more of them are shown without a broken line.
        for place in sorted(range(len(widths)), key=lambda each: most[each] - widths[each]):
            given = min(spare, most[place] - widths[place])
            widths[place] += given
            spare -= given
        return widths

    def _as_lists(self) -> Iterator[RenderableType]:
        """Yield the first cell of each row, and below it the others with the names of their columns."""
        if not self.show_header:
            # The first column has the names.
            for name, value in zip(*([*column.cells] for column in self.columns), strict=True):
                yield WholeWords(Text.assemble((f"{name} ", "dim"), _text(value)))
            return
        first, *others = ([*column.cells] for column in self.columns)
        title, *names = (str(column.header) for column in self.columns)
        yield WholeWords(Text(title, style="dim"))
        for row, cell in enumerate(first):
            yield WholeWords(_text(cell))
            for name, cells in zip(names, others, strict=True):
                if str(cells[row]):
                    lines = _text(cells[row]).split("\n")
                    named = Text.assemble("  ", (f"{name} ", "dim"), lines[0])
                    yield WholeWords(Text("\n  ").join([named, *lines[1:]]))


def _text(cell: RenderableType) -> Text:
    return cell if isinstance(cell, Text) else Text(str(cell))


def print_parts(*parts: RenderableType, to: Console = output) -> None:
    """Print tables, trees and texts; a line that is too long for the terminal is wrapped, not cut."""
    for part in parts:
        to.print(part, soft_wrap=False)


def print_command(command: str) -> None:
    """Print a command so that a copy of it runs: a line that is too long ends with a backslash."""
    text = f"  {command}"
    # A space in quotes is no place for a backslash.
    if output.is_terminal and len(text) > output.width and "'" not in command:
        lines = wrap(
            command,
            output.width - len(_GOES_ON),
            initial_indent="  ",
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        text = f"{_GOES_ON}\n".join(lines)
    output.print(Text(text), soft_wrap=True)


def print_facts(facts: Mapping[str, str]) -> None:
    """Print names and values in two columns; on a terminal, the lines of a long value are indented."""
    width = max(map(len, facts)) + _GAP
    for name, value in facts.items():
        begin = f"{name:<{width}}"
        if not output.is_terminal:
            output.print(Text(begin + value), soft_wrap=True)
            continue
        lines = wrap(
            value,
            output.width,
            initial_indent=begin,
            # On a narrow terminal, a value in its column would have a few characters a line.
            subsequent_indent=" " * (width if output.width >= _WIDE else _GAP),
            break_long_words=False,
            break_on_hyphens=False,
        )
        output.print(Text("\n".join(lines)), soft_wrap=True)


def new_table(*columns: str, right: Iterable[str] = ()) -> Table:
    """Make an empty table; the columns named in `right` are aligned to the right."""
    numbers = set(right)
    table = FittingTable(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        is_number = column in numbers
        table.add_column(column, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return table


def add_row(table: Table, *cells: object) -> None:
    """Add a row. A cell is plain text, never Rich markup: customers and files wrote it."""
    table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in cells))


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
