"""Draws a state machine as one SVG file without external references."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from devtools.asl.graph import Machine, TransitionKind
from devtools.drawing.layout import Label, Layout, Line, Point, layout
from devtools.drawing.legend import legend
from devtools.drawing.marks import Marks
from devtools.drawing.markup import element, escaped, polygon, rounded, text
from devtools.drawing.path import Path
from devtools.drawing.shapes import draw_box, draw_frame
from devtools.drawing.style import STYLE
from devtools.drawing.text import LABEL_FONT_SIZE, LABEL_LINE_HEIGHT, label_lines, text_width

_MARGIN: Final = 22.0
_TITLE_HEIGHT: Final = 30.0
_HEAD_LENGTH: Final = 7.0
_HEAD_WIDTH: Final = 3.5
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
        yield _label(label, marks.transition(label.transition))
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
        parts.append(element("polygon", points=_head(line.points), class_=f"head {class_}"))
    if outermost and not (transition.source and transition.target):
        x, y = line.points[-1 if transition.source else 0]
        parts.append(element("circle", cx=x, cy=y, r=_DOT_RADIUS, class_="dot"))
    return element("g", *parts, data_from=transition.source or "start", data_to=transition.target or "end")


def _head(points: Sequence[Point]) -> str:
    """Return the corners of the arrowhead at the last of the points."""
    (from_x, from_y), (x, y) = points[-2:]
    length = abs(x - from_x) + abs(y - from_y) or 1.0
    along_x, along_y = (x - from_x) / length, (y - from_y) / length
    back_x, back_y = x - along_x * _HEAD_LENGTH, y - along_y * _HEAD_LENGTH
    across_x, across_y = -along_y * _HEAD_WIDTH, along_x * _HEAD_WIDTH
    return polygon([(x, y), (back_x + across_x, back_y + across_y), (back_x - across_x, back_y - across_y)])


def _label(label: Label, mark: str) -> str:
    lines = label_lines(label.transition.label)
    middle, y = label.x + label.width / 2, label.y + (label.height - len(lines) * LABEL_LINE_HEIGHT) / 2
    ground = element(
        "rect", x=label.x, y=label.y, width=label.width, height=label.height, rx=4, class_="paper"
    )
    words = [
        text(
            words,
            middle,
            y + (index + 0.8) * LABEL_LINE_HEIGHT,
            text_width(words, LABEL_FONT_SIZE),
            "label",
        )
        for index, words in enumerate(lines)
    ]
    return ground + element("g", *words, class_=mark)
