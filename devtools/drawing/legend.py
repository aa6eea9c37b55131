"""The legend: the meaning of the shapes, colours and lines that a drawing has."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from devtools.drawing.shapes import draw_box
from orderctl.picture.machine import State, TransitionKind
from orderctl.picture.markup import element, text
from orderctl.picture.outlines import icon
from orderctl.picture.placed import Box, Layout
from orderctl.picture.sizes import ICON_SIZE
from orderctl.picture.text import LABEL_FONT_SIZE, text_width

_ROW_HEIGHT: Final = 30.0
_SAMPLE_WIDTH: Final = 37.0
_GAP: Final = 18.0
_MEANINGS: Final = {
    "Choice": "decides",
    "Pass": "sets a value",
    "Parallel": "branches side by side",
    "Map": "once per item",
    "Succeed": "ends",
    "Fail": "ends in an error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Legend:
    """The elements of a legend, and its height."""

    parts: tuple[str, ...]
    height: float


def legend(picture: Layout, *, recorded: bool, x: float, y: float, width: float) -> Legend:
    """Return the legend of a drawing, in rows of at most `width`."""
    parts: list[str] = []
    left, top = x, y
    for sample, words in _entries(picture, recorded=recorded):
        words_width = text_width(words, LABEL_FONT_SIZE)
        if left > x and left + _SAMPLE_WIDTH + words_width > x + width:
            left, top = x, top + _ROW_HEIGHT
        parts.append(element("g", sample, transform=f"translate({left:.0f} {top:.0f})"))
        parts.append(text(words, left + _SAMPLE_WIDTH + 6, top + 14.5, words_width, "meaning"))
        left += _SAMPLE_WIDTH + 6 + words_width + _GAP
    return Legend(parts=tuple(parts), height=top + _ROW_HEIGHT - y)


def _entries(picture: Layout, *, recorded: bool) -> Iterator[tuple[str, str]]:
    states = [box.state for box in picture.boxes]
    for service in sorted({state.service for state in states if state.service}):
        yield icon(service, _SAMPLE_WIDTH - ICON_SIZE, 0), service
    for type_, meaning in _MEANINGS.items():
        if any(state.type == type_ for state in states):
            yield _shape(type_), f"{type_}: {meaning}"
    if recorded:
        yield _line("passed"), "passed"
        yield _line("catch passed"), "error caught"
        yield _chip(), "attempts"
        yield _line("pale"), "not taken"
        return
    yield _line(""), "next"
    if any(line.transition.kind is TransitionKind.CATCH for line in picture.lines):
        yield _line("catch"), "error caught"


def _shape(type_: str) -> str:
    box = Box(state=State(name="", type=type_), x=0, y=3, width=_SAMPLE_WIDTH, height=16)
    if type_ in {"Parallel", "Map"}:
        return element("rect", x=1, y=3, width=_SAMPLE_WIDTH - 2, height=16, rx=4, class_="frame")
    return draw_box(box)


def _line(class_: str) -> str:
    return element("path", d=f"M0,11H{_SAMPLE_WIDTH:.0f}", class_=f"line {class_}".strip())


def _chip() -> str:
    return element("rect", x=_SAMPLE_WIDTH - 28, y=3, width=26, height=16, rx=8, class_="chip") + element(
        "text", "x4", x=_SAMPLE_WIDTH - 15, y=15, class_="count"
    )
