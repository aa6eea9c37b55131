"""Writes SVG elements as text; the same drawing gives the same bytes."""

import re
from collections.abc import Iterable
from html import escape
from itertools import pairwise
from typing import Final

_CORNER: Final = 5.0
_NOT_IN_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Point = tuple[float, float]


def number(value: float) -> str:
    """Write a coordinate with at most one decimal."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")  # + 0.0 makes -0.0 a 0.0


def element(tag: str, *content: str, **attributes: object) -> str:
    """Write an element; `class_` is the attribute class, `font_size` is font-size."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for name, value in attributes.items()
        if value not in {None, ""}
    )
    return f"<{tag}{written}>{''.join(content)}</{tag}>" if content else f"<{tag}{written}/>"


def text(words: str, x: float, y: float, width: float, class_: str) -> str:
    """Write a line of text that is `width` wide in every font."""
    return element(
        "text",
        escaped(words),
        x=x,
        y=y,
        class_=class_,
        textLength=width,
        lengthAdjust="spacingAndGlyphs",
    )


def rounded(points: Iterable[Point]) -> str:
    """Write the path through the points, with rounded corners."""
    corners = [*points]
    path = f"M{_pair(corners[0])}"
    for (before, corner), (_, after) in pairwise(pairwise(corners)):
        radius = min(_CORNER, _length(before, corner) / 2, _length(corner, after) / 2)
        start, end = _towards(corner, before, radius), _towards(corner, after, radius)
        path += f"L{_pair(start)}Q{_pair(corner)} {_pair(end)}"
    return f"{path}L{_pair(corners[-1])}"


def polygon(points: Iterable[Point]) -> str:
    """Write points as an element's attribute `points`."""
    return " ".join(_pair(point) for point in points)


def _value(value: object) -> str:
    return number(value) if isinstance(value, float | int) else escaped(str(value))


def escaped(words: str, *, quote: bool = True) -> str:
    """Escape what is markup, and drop what no XML document may have.

    https://www.w3.org/TR/xml/#charsets
    """
    return escape(_NOT_IN_XML.sub("", words), quote)


def _pair(point: Point) -> str:
    return f"{number(point[0])},{number(point[1])}"


def _length(one: Point, other: Point) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(corner: Point, target: Point, distance: float) -> Point:
    share = distance / (_length(corner, target) or 1.0)
    return corner[0] + (target[0] - corner[0]) * share, corner[1] + (target[1] - corner[1]) * share
