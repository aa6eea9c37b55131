"""Reads a CSV file line by line, so that one broken line does not affect the others."""

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from orderctl.errors import OperatorError


class UnreadableLine(StrEnum):
    """Why a line can't be parsed."""

    NOT_UTF8 = "not UTF-8"
    QUOTES = "a quote is not closed or is misplaced"
    COLUMNS = "wrong number of columns"


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedLine:
    """A line that was skipped; the header is line 1."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The fields of one line by column, without surrounding blanks."""

    number: int
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFile:
    """The parsed lines below the header, in the order of the file; the digest identifies its content."""

    digest: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    skipped: tuple[SkippedLine, ...]

    def require(self, columns: Sequence[str]) -> None:
        """Raise OperatorError when the header has not all of these columns; their order does not matter."""
        missing = [column for column in columns if column not in self.columns]
        if missing:
            raise OperatorError(
                "The file can't be read",
                why=f"its header has no column {', '.join(missing)}",
                what_to_do=f"The first line needs these columns, in any order: {','.join(columns)}",
            )


def read_csv_file(file: Path) -> CsvFile:
    """Read and parse the file; raise OperatorError when that is not possible."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise OperatorError(f"{file} can't be read", why=error.strerror or str(error)) from None
    return read_csv(content)


def read_csv(content: bytes) -> CsvFile:
    """Parse the content; raise OperatorError when it has no header. Blank lines are ignored.

    A field can't contain a line break: one missing quote would otherwise consume the rest of the file.
    """
    lines = _lines(content)
    columns = _header(lines)
    parsed = [_row(number, line, columns) for number, line in lines]
    return CsvFile(
        digest=hashlib.sha256(content).hexdigest(),
        columns=columns,
        rows=tuple(row for row in parsed if isinstance(row, Row)),
        skipped=tuple(row for row in parsed if isinstance(row, SkippedLine)),
    )


def _lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            yield number, line


def _header(lines: Iterator[tuple[int, bytes]]) -> tuple[str, ...]:
    number, first = next(lines, (1, b""))
    row = _fields(first)
    if isinstance(row, UnreadableLine) or not row:
        why = "it is empty" if not first else f"line {number} is not a header: {row}"
        raise OperatorError(
            "The file can't be read", why=why, what_to_do="Use a CSV file in UTF-8 with a header."
        )
    return tuple(name.strip() for name in row)


def _row(number: int, line: bytes, columns: tuple[str, ...]) -> Row | SkippedLine:
    fields = _fields(line)
    if isinstance(fields, UnreadableLine):
        return SkippedLine(number=number, reason=fields)
    if len(fields) != len(columns):
        return SkippedLine(number=number, reason=UnreadableLine.COLUMNS)
    return Row(number=number, fields=dict(zip(columns, (field.strip() for field in fields), strict=True)))


def _fields(line: bytes) -> list[str] | UnreadableLine:
    try:
        return next(csv.reader([line.decode()], strict=True), [])
    except UnicodeDecodeError:
        return UnreadableLine.NOT_UTF8
    except csv.Error:
        return UnreadableLine.QUOTES
