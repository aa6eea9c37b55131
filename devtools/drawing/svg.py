"""Draws a state machine as one SVG file without external references."""

import json
from collections.abc import Iterator
from typing import Final

from devtools.drawing.layout import layout
from devtools.drawing.legend import legend
from devtools.drawing.marks import Marks
from devtools.drawing.path import Path
from devtools.drawing.shapes import draw_box, draw_frame
from devtools.drawing.style import STYLE
from orderctl.picture.lines import arrowhead, draw_label
from orderctl.picture.machine import Machine, TransitionKind
from orderctl.picture.markup import element, escaped, rounded
from orderctl.picture.placed import Layout, Line

_MARGIN: Final = 22.0
_TITLE_HEIGHT: Final = 30.0
_DOT_RADIUS: Final = 6.0


def draw(machine: Machine, title: str, path: Path | None = None) -> str:
    """Draw a state machine; with a path, its states and transitions are marked and the rest is pale."""
    picture = layout(machine).moved(_MARGIN, _MARGIN + _TITLE_HEIGHT)
    bottom = _MARGIN + _TITLE_HEIGHT + picture.height + _MARGIN
    key = legend(picture, recorded=path is not None, x=_MARGIN, y=bottom, width=picture.width)
    width, height = picture.width + 2 * _MARGIN, bottom + key.height + _MARGIN / 2
    parts = [
        element("title", escaped(title)),
        *([element("metadata", escaped(json.dumps(path.to_json()), quote=False))] if path else []),
        element("style", STYLE),
        element("rect", x=0.5, y=0.5, width=width - 1, height=height - 1, rx=10, class_="ground"),
        element("text", escaped(title), x=_MARGIN, y=_MARGIN + 12, class_="title"),
        *_parts(machine, picture, Marks(path)),
        *key.parts,
    ]
    return (
        element(
            "svg",
            "\n" + "\n".join(parts) + "\n",
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {width:.0f} {height:.0f}",
            width=round(width),
            height=round(height),
            role="img",
        )
        + "\n"
    )


def _parts(machine: Machine, picture: Layout, marks: Marks) -> Iterator[str]:
    """Return the elements from back to front: frames, lines, labels, boxes."""
    for box in picture.boxes:
        if box.state.branches:
            yield draw_frame(box, marks.state(box.state.name))
    for line in sorted(picture.lines, key=lambda line: _height(line, marks)):
        yield _line(line, marks.transition(line.transition), outermost=line.transition in machine.transitions)
    for label in picture.labels:
        yield draw_label(label, marks.transition(label.transition))
    for box in picture.boxes:
        if not box.state.branches:
            name = box.state.name
            yield draw_box(box, marks.state(name), marks.attempts(name))


def _height(line: Line, marks: Marks) -> tuple[bool, bool]:
    """Return the sort key of a line: passed lines are drawn above others, because lines overlap."""
    normal = line.transition.kind is not TransitionKind.CATCH
    return marks.transition(line.transition) == "passed", normal


def _line(line: Line, mark: str, *, outermost: bool) -> str:
    transition = line.transition
    class_ = f"{transition.kind} {mark}".strip()
    parts = [element("path", d=rounded(line.points), class_=f"line {class_}")]
    if transition.target:
        parts.append(element("polygon", points=arrowhead(line.points), class_=f"head {class_}"))
    if outermost and not (transition.source and transition.target):
        x, y = line.points[-1 if transition.source else 0]
        parts.append(element("circle", cx=x, cy=y, r=_DOT_RADIUS, class_="dot"))
    return element("g", *parts, data_from=transition.source or "start", data_to=transition.target or "end")
