"""Draws the two pictures of docs/scaling.md: bars of limits, and curves of what is sold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Final

from devtools.drawing.chart_frame import framed
from devtools.scaling.hot_product import Sold
from devtools.scaling.limits import Kind, Limit
from devtools.scaling.order_path import OrderPath
from orderctl.picture.markup import element, escaped, number
from orderctl.picture.theme import DARK, LIGHT

_USED: Final = ("ground", "edge", "ink", "quiet", "pale", "good", "now", "held", "caught", "grey")
_COLOUR_OF: Final = {Kind.OURS: "caught", Kind.ACCOUNT: "now", Kind.WARM: "held", Kind.PROVIDER: "grey"}
_SERIES: Final = ("caught", "held", "now")
_RULES: Final = """
.chart text { font: 12px Helvetica, Arial, "Liberation Sans", sans-serif; fill: var(--ink); }
.chart .ground { fill: var(--ground); stroke: var(--edge); }
.chart .heading { font-size: 15px; font-weight: bold; }
.chart .quiet { fill: var(--quiet); }
.chart .grid { stroke: var(--edge); fill: none; }
.chart .ideal { stroke: var(--quiet); stroke-dasharray: 4 4; fill: none; }
.chart .end { text-anchor: end; }
.chart .middle { text-anchor: middle; }
.chart .curve { fill: none; stroke-width: 2.4; stroke-linejoin: round; }
.chart .found { fill: var(--ground); stroke: var(--ink); stroke-width: 1.5; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A logarithmic axis from `low` at the pixel `start` to `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the pixel of a value."""
        share = log10(value / self.low) / log10(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> Iterator[int]:
        """Yield the powers of ten on the axis."""
        power = 1
        while power <= self.high:
            if power >= self.low:
                yield power
            power *= 10


def draw_limits(path: OrderPath, found: Iterable[Limit], simulated: Mapping[str, float]) -> str:
    """Draw at which orders a second each limit binds: a bar by the formula, a ring as simulated."""
    bars = [*found]
    height = 98 + 22 * len(bars)
    scale = Scale(low=100, high=100_000, start=250, end=660)
    parts = [_text("Where each limit binds", 20, 30, "heading")]
    parts.append(
        _text("orders a second, stage prod, 3 lines; bar: formula, ring: simulated", 20, 50, "quiet")
    )
    for tick in scale.ticks():
        x = scale.at(tick)
        parts.append(element("path", d=f"M{number(x)} 66V{height - 26}", class_="grid"))
        parts.append(_text(f"{tick:,}", x, height - 10, "quiet middle"))
    for row, limit in enumerate(bars):
        y = 70.0 + 22 * row
        rate = limit.orders_per_second(path)
        end = scale.at(rate)
        fill = f"fill:var(--{_COLOUR_OF[limit.kind]})"
        parts.append(_text(limit.name, 240, y + 12, "end"))
        parts.append(
            element("rect", x=scale.start, y=y + 2, width=end - scale.start, height=12, rx=2, style=fill)
        )
        if limit.name in simulated:
            x = scale.at(simulated[limit.name])
            parts.append(element("circle", cx=x, cy=y + 8, r=4, class_="found"))
        parts.append(_text(f"{rate:,.0f}", max(end, 0) + 14, y + 12, "quiet"))
    parts += _key(
        [(kind.value, _COLOUR_OF[kind]) for kind in Kind if any(each.kind is kind for each in bars)]
    )
    return _picture("Orders a second at which each limit binds", 720, height, parts)


def draw_sales(curves: Mapping[int, Sequence[Sold]]) -> str:
    """Draw what one product sells in a second against the orders for it, by its number of counters."""
    horizontal = Scale(low=10, high=10_000, start=80, end=620)
    vertical = Scale(low=10, high=10_000, start=390, end=80)
    parts = [
        _text("What one product sells", 20, 30, "heading"),
        _text(
            "pieces sold a second, by orders a second for this product; dashed: all of them", 20, 50, "quiet"
        ),
    ]
    for tick in horizontal.ticks():
        x, y = horizontal.at(tick), vertical.at(tick)
        parts.append(element("path", d=f"M{number(x)} 80V390M80 {number(y)}H620", class_="grid"))
        parts.append(_text(f"{tick:,}", x, 408, "quiet middle"))
        parts.append(_text(f"{tick:,}", 72, y + 4, "quiet end"))
    parts.append(element("path", d="M80 390L620 80", class_="ideal"))
    for colour, (counters, sales) in zip(_SERIES, curves.items(), strict=True):
        points = [(horizontal.at(each.sale.rate), vertical.at(each.per_second)) for each in sales]
        path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)
        parts.append(element("path", d=path, class_="curve", style=f"stroke:var(--{colour})"))
        parts += [element("circle", cx=x, cy=y, r=3, style=f"fill:var(--{colour})") for x, y in points]
        x, y = points[-1]
        label = "1 counter" if counters == 1 else f"{counters} counters"
        parts.append(_text(label, x + 8, y + 4, ""))
    return _picture("Pieces of one product sold in a second, by its number of counters", 720, 424, parts)


def _key(entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    x = 330.0
    for label, colour in entries:
        yield element("rect", x=x, y=20, width=12, height=12, rx=2, style=f"fill:var(--{colour})")
        yield _text(label, x + 17, 30, "")
        x += 46 + 6.4 * len(label)


def _text(words: str, x: float, y: float, class_: str) -> str:
    return element("text", escaped(words), x=x, y=y, class_=class_)


def _picture(title: str, width: int, height: int, parts: Iterable[str]) -> str:
    return framed(parts, title=title, style=_style(), size=(width, height), class_="chart")


def _style() -> str:
    light, dark = (" ".join(f"--{name}: {colours[name]};" for name in _USED) for colours in (LIGHT, DARK))
    return f".chart {{ {light} }}\n@media (prefers-color-scheme: dark) {{ .chart {{ {dark} }} }}{_RULES}"
