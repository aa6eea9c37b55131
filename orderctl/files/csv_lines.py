"""Reads a CSV file line by line, so that one broken line spoils no other."""

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from orderctl.errors import OperatorError


class Unreadable(StrEnum):
    """Why a line is not a row of its file."""

    NOT_UTF8 = "not UTF-8"
    QUOTES = "a quote left open or out of place"
    COLUMNS = "wrong number of columns"


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedLine:
    """A line that was left out; the header is line 1."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line's fields by column, stripped of blanks around them."""

    number: int
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFile:
    """What a file holds below its header, in its order; the digest names its content."""

    digest: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    skipped: tuple[SkippedLine, ...]

    def require(self, columns: Sequence[str]) -> None:
        """Raise OperatorError where the header lacks one of these columns, wherever they stand."""
        missing = [column for column in columns if column not in self.columns]
        if missing:
            raise OperatorError(
                "The file can't be read",
                why=f"its header has no column {', '.join(missing)}",
                what_to_do=f"Its first line must name, in any order: {','.join(columns)}",
            )


def read_csv_file(file: Path) -> CsvFile:
    """Read the file; raise OperatorError when that is not possible."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise OperatorError(f"{file} can't be read", why=error.strerror or str(error)) from None
    return read_csv(content)


def read_csv(content: bytes) -> CsvFile:
    """Take the file apart; raise OperatorError when it has no header. Blank lines don't count as rows.

    A field can't go on in the next line: a forgotten quote would swallow the rest of the file.
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
    if isinstance(row, Unreadable) or not row:
        why = "it is empty" if not first else f"line {number} is no header: {row}"
        raise OperatorError(
            "The file can't be read", why=why, what_to_do="Give a CSV file in UTF-8 with a header."
        )
    return tuple(name.strip() for name in row)


def _row(number: int, line: bytes, columns: tuple[str, ...]) -> Row | SkippedLine:
    fields = _fields(line)
    if isinstance(fields, Unreadable):
        return SkippedLine(number=number, reason=fields)
    if len(fields) != len(columns):
        return SkippedLine(number=number, reason=Unreadable.COLUMNS)
    return Row(number=number, fields=dict(zip(columns, (field.strip() for field in fields), strict=True)))


def _fields(line: bytes) -> list[str] | Unreadable:
    try:
        return next(csv.reader([line.decode()], strict=True), [])
    except UnicodeDecodeError:
        return Unreadable.NOT_UTF8
    except csv.Error:
        return Unreadable.QUOTES
