"""The tables of growth in docs/performance.md, which `make bench-growth` rewrites."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from devtools.checkout import REPOSITORY
from devtools.growth.figures import ListFigures, OrderFigures

DOCUMENT: Final = REPOSITORY / "docs" / "performance.md"
_TABLES: Final = re.compile(r"(?<=<!-- make bench-growth -->\n).*?(?=<!-- end -->)", re.DOTALL)


def rewrite(orders: Sequence[OrderFigures], lists: Sequence[ListFigures], file: Path = DOCUMENT) -> None:
    """Write the tables of these figures into the document."""
    text = file.read_text(encoding="utf-8")
    file.write_text(with_tables(text, orders, lists), encoding="utf-8")


def with_tables(text: str, orders: Sequence[OrderFigures], lists: Sequence[ListFigures]) -> str:
    """Return the document with the tables of these figures."""
    tables = "\n".join([*_orders(orders), "", *_lists(lists)]) + "\n"
    changed, count = _TABLES.subn(lambda _: tables, text)
    if count != 1:
        raise ValueError(f"the document has {count} places for the tables of growth")
    return changed


def _orders(figures: Sequence[OrderFigures]) -> Iterator[str]:
    yield "| stored orders | lines | calls | write units | read units | POST, ms | settled after, ms |"
    yield "|---:|---:|---:|---:|---:|---:|---:|"
    for each in figures:
        yield (
            f"| {each.stored:,} | {each.lines} | {each.usage.calls} | {each.usage.write_units:g} "
            f"| {each.usage.read_units:g} | {1000 * each.accept:.0f} | {1000 * each.settle:.0f} |"
        )


def _lists(figures: Sequence[ListFigures]) -> Iterator[str]:
    counts = sorted({each.stored for each in figures})
    yield "| calls (read units) with stored orders | " + " | ".join(f"{count:,}" for count in counts) + " |"
    yield "|---|" + len(counts) * "---:|"
    by_key = {(each.what, each.stored): each for each in figures}
    for what in dict.fromkeys(each.what for each in figures):
        cells = (by_key[what, count] for count in counts)
        yield f"| {what} | " + " | ".join(f"{each.calls} ({each.read_units:g})" for each in cells) + " |"
