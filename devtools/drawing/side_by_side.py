"""Two drawings of one state machine next to each other, with the first difference of their paths."""

import json
from typing import Final
from xml.etree import ElementTree as ET

from devtools.drawing.path import Path, Visit, first_difference
from devtools.drawing.style import STYLE
from orderctl.picture.markup import element, escaped, number

_GAP: Final = 24.0
_HEADER: Final = 70.0
_AROUND: Final = 14.0
_NAMESPACE: Final = {"svg": "http://www.w3.org/2000/svg"}

Bounds = tuple[float, float, float, float]


def side_by_side(expected_svg: str, actual_svg: str, titles: tuple[str, str]) -> str:
    """Put two drawings of recordings into one SVG and ring the first state in which they differ."""
    roots = [ET.fromstring(svg) for svg in (expected_svg, actual_svg)]  # noqa: S314  our own drawing
    expected, actual = (_path(root) for root in roots)
    difference = first_difference(expected, actual)
    width, height = (max(float(root.attrib[side]) for root in roots) for side in ("width", "height"))
    rings = (difference.expected, difference.actual) if difference else (None, None)
    parts = [element("style", STYLE)]
    for index, (svg, root, title) in enumerate(zip((expected_svg, actual_svg), roots, titles, strict=True)):
        x = index * (width + _GAP)
        parts.append(element("text", escaped(title), x=x + _GAP, y=28, class_="title"))
        parts.append(svg.strip().replace("<svg ", f'<svg x="{number(x)}" y="{number(_HEADER)}" ', 1))
        if difference:
            bounds = _bounds(root, _state_to_ring(rings[index], difference.after))
            parts.append(_ring(bounds, x, _HEADER))
    where = f"First difference {difference}" if difference else "Both took the same path"
    parts.append(element("text", escaped(where), x=_GAP, y=54, class_="where"))
    return _svg(parts, 2 * width + _GAP, height + _HEADER)


def _path(root: ET.Element) -> Path:
    """Read the path of a drawing; a drawing without a recording has an empty path."""
    return Path.from_json(json.loads(root.findtext("svg:metadata", "{}", _NAMESPACE)))


def _state_to_ring(visit: Visit | None, after: str) -> str:
    """Return the state that differs, or the last common state if the path has ended."""
    return visit.name if visit else after


def _bounds(root: ET.Element, name: str) -> Bounds | None:
    shape = root.find(f".//svg:g[@data-state='{name}']/*[@class='shape']", _NAMESPACE)
    if shape is None:
        return None
    if "points" in shape.attrib:
        corners = [tuple(map(float, corner.split(","))) for corner in shape.attrib["points"].split()]
        xs, ys = zip(*corners, strict=True)
        return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
    x, y, width, height = (float(shape.attrib[name]) for name in ("x", "y", "width", "height"))
    return x, y, width, height


def _ring(bounds: Bounds | None, dx: float, dy: float) -> str:
    if not bounds:
        return ""
    x, y, width, height = bounds
    return element(
        "rect",
        x=x + dx - _AROUND,
        y=y + dy - _AROUND,
        width=width + 2 * _AROUND,
        height=height + 2 * _AROUND,
        rx=12,
        class_="difference",
    )


def _svg(parts: list[str], width: float, height: float) -> str:
    ground = element("rect", x=0, y=0, width=width, height=height, rx=10, fill="#ffffff")
    svg = element(
        "svg",
        "\n".join(["", ground, *filter(None, parts), ""]),
        xmlns=_NAMESPACE["svg"],
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=round(width),
        height=round(height),
        role="img",
    )
    return f"{svg}\n"
