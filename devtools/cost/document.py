"""The table of costs in docs/performance.md, which `make bench-cost` rewrites."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from devtools.checkout import REPOSITORY
from orderctl.cost.bill import MILLION, Bill, Costs
from orderctl.cost.measured import Measured, Outcome
from orderctl.cost.price_list import price_list

DOCUMENT: Final = REPOSITORY / "docs" / "performance.md"
_TABLE: Final = re.compile(r"(?<=<!-- make bench-cost -->\n).*?(?=<!-- end -->)", re.DOTALL)


def rewrite(measured: Measured, file: Path = DOCUMENT) -> None:
    """Write the table of these measurements into the document."""
    text = file.read_text(encoding="utf-8")
    file.write_text(with_table(text, measured), encoding="utf-8")


def with_table(text: str, measured: Measured) -> str:
    """Return the document with the table of these measurements."""
    table = "\n".join(_rows(measured)) + "\n"
    changed, count = _TABLE.subn(lambda _: table, text)
    if count != 1:
        raise ValueError(f"the document has {count} tables of costs")
    return changed


def _rows(measured: Measured) -> Iterator[str]:
    yield "| lines | what | " + " | ".join(Outcome) + " |"
    yield "|---:|---|" + len(Outcome) * "---:|"
    for lines in measured.lines:
        costs = Costs(prices=price_list(), measured=measured, orders=MILLION, lines=lines)
        bills: Mapping[str, Callable[[Outcome], Bill]] = {
            "this system": costs.bill,
            "execution data not logged": costs.without_data,
            "a Standard workflow, without its log": costs.standard,
        }
        for name, bill_of in bills.items():
            dollars = [f"{MILLION * bill_of(outcome).dollars:.2f}" for outcome in Outcome]
            yield f"| {lines} | {name} | " + " | ".join(dollars) + " |"
