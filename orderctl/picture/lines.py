"""Draws the arrowhead and the label of a transition."""

from collections.abc import Sequence
from typing import Final

from orderctl.picture.markup import element, polygon, text
from orderctl.picture.placed import Label, Point
from orderctl.picture.text import LABEL_FONT_SIZE, LABEL_LINE_HEIGHT, label_lines, text_width

_HEAD_LENGTH: Final = 7.0
_HEAD_WIDTH: Final = 3.5


def arrowhead(points: Sequence[Point]) -> str:
    """Return the corners of the arrowhead at the last of the points."""
    (from_x, from_y), (x, y) = points[-2:]
    length = abs(x - from_x) + abs(y - from_y) or 1.0
    along_x, along_y = (x - from_x) / length, (y - from_y) / length
    back_x, back_y = x - along_x * _HEAD_LENGTH, y - along_y * _HEAD_LENGTH
    across_x, across_y = -along_y * _HEAD_WIDTH, along_x * _HEAD_WIDTH
    return polygon([(x, y), (back_x + across_x, back_y + across_y), (back_x - across_x, back_y - across_y)])


def draw_label(label: Label, class_: str) -> str:
    """Draw the words of a transition on a ground that covers its line."""
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
    return ground + element("g", *words, class_=class_)
