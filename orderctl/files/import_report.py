"""Writes the report of an import: a CSV file with a line for each order of the file."""

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from orderctl.errors import OperatorError
from orderctl.files.order_file import FileOrder
from orderctl.order_import import Outcome, Placement
from orderctl.settlement import OrderState

_COLUMNS: Final = ("invoice", "orderId", "status", "reason", "seconds")
# A spreadsheet takes a cell that begins with one of these for a formula.
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  full-width forms
_READABLE_BY_ALL: Final = 0o666
_STATUS_UNKNOWN: Final = "status unknown"


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """The lines of a report, which are written when the import ends."""

    rows: list[tuple[str, ...]] = field(default_factory=list)

    def fill(
        self,
        placements: Iterable[Placement],
        states: Iterable[OrderState] = (),
        *,
        refused: Iterable[FileOrder] = (),
    ) -> None:
        """Take what became of each order; `refused` are those that can't be placed."""
        by_id = {state.order_id: state for state in states}
        self.rows = [_row(placement, by_id.get(placement.order_id)) for placement in placements]
        self.rows += [(order.invoice, "", Outcome.NOT_SENT, str(order.refusal), "") for order in refused]


def _row(placement: Placement, state: OrderState | None) -> tuple[str, ...]:
    invoice = placement.order.invoice
    if not placement.accepted:
        return (invoice, "", placement.outcome, placement.reason, "")
    if state is None:
        return (invoice, placement.order_id, _STATUS_UNKNOWN, "", "")
    seconds = f"{state.seconds:.3f}" if state.status.is_settled else ""
    return (invoice, placement.order_id, state.status, state.reason, seconds)


@contextmanager
def import_report(file: Path | None, *, source: Path) -> Iterator[ImportReport]:
    """Yield a report, and write it when the block ends, however it ends; raise OperatorError.

    The file is replaced at once, so that it is never half written. Whether this is possible is checked before
    the block begins.
    """
    report = ImportReport()
    if file is None:
        yield report
        return
    if file.exists() and file.samefile(source):
        raise OperatorError(f"{file} is the order file", what_to_do="Write the report to another file.")
    with _written(file) as draft:
        try:
            yield report
        finally:
            with _reported(file):
                _write(draft, [_COLUMNS, *report.rows])


@contextmanager
def _written(file: Path) -> Iterator[Path]:
    """Yield a path to write to, and let it take the place of the file at the end."""
    if file.exists() and not file.is_file():
        # For example /dev/stdout, which can't be replaced.
        yield file
        return
    with _reported(file):
        descriptor, name = tempfile.mkstemp(dir=file.resolve().parent, prefix=f".{file.name}-")
        os.close(descriptor)
    draft = Path(name)
    try:
        yield draft
    finally:
        with _reported(file):
            # A temporary file is for its owner only; a report has the rights of any new file.
            draft.chmod(_READABLE_BY_ALL & ~_umask())
            draft.replace(file)


@contextmanager
def _reported(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OperatorError(f"The report {file} can't be written", why=error.strerror or str(error)) from None


def _write(file: Path, rows: Iterable[Sequence[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([_cell(text) for text in row] for row in rows)


def _cell(text: str) -> str:
    """Return the text of a cell that no spreadsheet takes for a formula, on one line."""
    line = " ".join(text.splitlines()) if "\n" in text else text
    return f"'{line}" if line.startswith(_FORMULA) else line


def _umask() -> int:
    current = os.umask(0)
    with suppress(OSError):
        os.umask(current)
    return current
