"""The tables and the picture of growth in docs/performance.md."""

import re
from xml.etree import ElementTree as ET

import pytest

from devtools.growth.__main__ import LINES, PICTURE, STORED
from devtools.growth.chart import draw
from devtools.growth.document import DOCUMENT, with_tables
from devtools.growth.figures import ListFigures, OrderFigures, OrderUsage

USAGE = OrderUsage(calls=22, write_units=23, read_units=8.5)
ROW = re.compile(r"^\| ([\d,]+) \| (\d+) \| (\d+) \| ([\d.]+) \| ([\d.]+) \| \d+ \| \d+ \|$", re.MULTILINE)


def _figures(stored: int, lines: int) -> OrderFigures:
    return OrderFigures(stored=stored, lines=lines, usage=USAGE, accept=0.0204, settle=0.0841)


def test_new_figures_replace_those_of_the_document() -> None:
    before = "a\n<!-- make bench-growth -->\nold\n<!-- end -->\nb\n"
    listed = [ListFigures(what="a sweep", stored=stored, calls=24, read_units=12) for stored in (100, 1_000)]

    text = with_tables(before, [_figures(1_000, 3)], listed)

    assert "| 1,000 | 3 | 22 | 23 | 8.5 | 20 | 84 |" in text
    assert "| a sweep | 24 (12) | 24 (12) |" in text
    assert "old" not in text
    assert (text[:2], text[-2:]) == ("a\n", "b\n")


def test_a_document_without_a_place_for_them_is_refused() -> None:
    with pytest.raises(ValueError, match="0 places"):
        with_tables("no marks", [_figures(100, 3)], [])


def test_the_document_has_every_size_and_calls_that_do_not_depend_on_it() -> None:
    found = [
        (int(row[0].replace(",", "")), *map(float, row[1:]))
        for row in ROW.findall(DOCUMENT.read_text("utf-8"))
    ]

    assert [row[0] for row in found] == [*STORED, *len(LINES) * STORED[-1:]]
    assert [row[1] for row in found] == [*len(STORED) * [3], *LINES]
    assert len({row[2] for row in found}) == 1
    assert len({row[2:] for row in found[: len(STORED)]}) == 1


def test_the_picture_has_a_point_with_its_number_for_each_figure() -> None:
    drawn = draw([_figures(stored, 3) for stored in STORED], [_figures(100, lines) for lines in LINES])

    root = ET.fromstring(drawn)  # noqa: S314  what draw has just made
    texts = ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("84") == texts.count("20") == len(STORED) + len(LINES)
    assert {"100", "1,000", "10,000", "1", "10", "98"} <= set(texts)
    assert ET.parse(PICTURE)  # noqa: S314  it is ours
