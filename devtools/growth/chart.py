"""Draws docs/pictures/growth.svg: the time of an order by the stored orders, and by its lines."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import log10
from typing import Final

from devtools.drawing.chart_frame import framed
from devtools.growth.figures import OrderFigures
from orderctl.picture.markup import element, escaped, number
from orderctl.picture.theme import DARK, LIGHT

_TITLE: Final = "The time of an order, by stored orders and by lines"
_WIDTH: Final = 760
_HEIGHT: Final = 330
_PANEL_WIDTH: Final = 280
_TOP: Final = 90.0
_BOTTOM: Final = 270.0
_USED: Final = ("ground", "edge", "ink", "quiet", "now", "good")
_RULES: Final = """
.growth text { font: 12px Helvetica, Arial, "Liberation Sans", sans-serif; fill: var(--ink); }
.growth .ground { fill: var(--ground); stroke: var(--edge); }
.growth .heading { font-size: 15px; font-weight: bold; }
.growth .quiet { fill: var(--quiet); }
.growth .grid { stroke: var(--edge); fill: none; }
.growth .end { text-anchor: end; }
.growth .middle { text-anchor: middle; }
.growth .curve { fill: none; stroke-width: 2.4; stroke-linejoin: round; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """One of the two diagrams. `places` are the horizontal pixels of its figures."""

    heading: str
    left: float
    right: float
    figures: Sequence[OrderFigures]
    places: Sequence[float]
    labels: Sequence[str]


def draw(by_stored: Sequence[OrderFigures], by_lines: Sequence[OrderFigures]) -> str:
    """Return the picture. Both diagrams have the same vertical axis, in milliseconds."""
    most = max(1000 * each.settle for each in (*by_stored, *by_lines))
    panels = (
        _panel("stored orders (logarithmic)", 70, by_stored, [each.stored for each in by_stored], log10),
        _panel("lines of the order", 440, by_lines, [each.lines for each in by_lines], float),
    )
    parts = [
        _text("The time of an order", 20, 30, "heading"),
        _text("on a local cloud, in milliseconds", 20, 50, "quiet"),
        *_key(),
        *(part for panel in panels for part in _drawn(panel, _round_up(most))),
    ]
    return framed(parts, title=_TITLE, style=_style(), size=(_WIDTH, _HEIGHT), class_="growth")


def _panel(
    heading: str,
    left: float,
    figures: Sequence[OrderFigures],
    values: Sequence[int],
    scale: Callable[[float], float],
) -> _Panel:
    right = left + _PANEL_WIDTH
    low, high = scale(min(values)), scale(max(values))
    inside = 20.0  # from both ends, so that the labels stay beside each other
    width = right - left - 2 * inside
    places = [left + inside + width * (scale(value) - low) / (high - low) for value in values]
    return _Panel(
        heading=heading,
        left=left,
        right=right,
        figures=figures,
        places=places,
        labels=[f"{value:,}" for value in values],
    )


def _drawn(panel: _Panel, most: int) -> Iterator[str]:
    for step in range(5):
        value = most * step // 4
        y = _y(value, most)
        yield element("path", d=f"M{number(panel.left)} {number(y)}H{number(panel.right)}", class_="grid")
        yield _text(f"{value:,}", panel.left - 8, y + 4, "quiet end")
    for place, label in zip(panel.places, panel.labels, strict=True):
        yield _text(label, place, _BOTTOM + 28, "middle")
    yield _text(panel.heading, (panel.left + panel.right) / 2, _BOTTOM + 48, "quiet middle")
    settle = [1000 * each.settle for each in panel.figures]
    accept = [1000 * each.accept for each in panel.figures]
    # The numbers of the upper curve are above it, those of the lower one below.
    for milliseconds, colour, beside in ((settle, "good", -8), (accept, "now", 17)):
        points = [(x, _y(value, most)) for x, value in zip(panel.places, milliseconds, strict=True)]
        path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)
        yield element("path", d=path, class_="curve", style=f"stroke:var(--{colour})")
        for (x, y), taken in zip(points, milliseconds, strict=True):
            yield element("circle", cx=x, cy=y, r=3.5, style=f"fill:var(--{colour})")
            yield _text(f"{taken:.0f}", x, y + beside, "middle")


def _key() -> Iterator[str]:
    for x, label, colour in ((430, "response to POST /orders", "now"), (620, "order settled", "good")):
        yield element("rect", x=x, y=20, width=12, height=12, rx=2, style=f"fill:var(--{colour})")
        yield _text(label, x + 17, 30, "")


def _y(milliseconds: float, most: int) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * milliseconds / most


def _round_up(milliseconds: float) -> int:
    """Return the end of the axis: a multiple of 100 with room for the topmost number."""
    return int((1.1 * milliseconds) // 100 + 1) * 100


def _text(words: str, x: float, y: float, class_: str) -> str:
    return element("text", escaped(words), x=x, y=y, class_=class_)


def _style() -> str:
    light, dark = (" ".join(f"--{name}: {colours[name]};" for name in _USED) for colours in (LIGHT, DARK))
    return f".growth {{ {light} }}\n@media (prefers-color-scheme: dark) {{ .growth {{ {dark} }} }}{_RULES}"
