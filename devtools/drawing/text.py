"""The width of text in Helvetica and Arial; other fonts are squeezed to it."""

import textwrap
from collections.abc import Iterable
from typing import Final

NAME_FONT_SIZE: Final = 12.0
NOTE_FONT_SIZE: Final = 9.5
LABEL_FONT_SIZE: Final = 10.0
LABEL_LINE_HEIGHT: Final = 12.0
_LABEL_PADDING: Final = 4.0
_LABEL_LETTERS: Final = 25  # in a line
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"

_THOUSANDTHS_OF_EM: Final = {
    letter: width
    for width, letters in (
        (222, "ijl"),
        (278, " .,:;/!ftI[]"),
        (333, "r-()·"),
        (500, "ckJsvxyz"),
        (584, "=<>≤≥≠+"),
        (611, "FTZ"),
        (667, "ABEKPSVXY"),
        (722, "CDHNRUw"),
        (778, "GOQ"),
        (833, "mM"),
        (944, "W"),
    )
    for letter in letters
}
_DIGIT: Final = 556  # and most lower-case letters


def text_width(text: str, font_size: float) -> float:
    """Return the width of a line."""
    return sum(_THOUSANDTHS_OF_EM.get(letter, _DIGIT) for letter in text) * font_size / 1000


def label_lines(label: str) -> tuple[str, ...]:
    """Break the label of a transition into short lines."""
    lines = textwrap.wrap(label, _LABEL_LETTERS, break_on_hyphens=False)
    return tuple(line.replace(_NO_BREAK, " ") for line in lines)


def label_size(label: str) -> tuple[float, float]:
    """Return the width and the height of a transition's label."""
    lines = label_lines(label)
    return round(widest(lines, LABEL_FONT_SIZE) + 2 * _LABEL_PADDING), (
        len(lines) * LABEL_LINE_HEIGHT + _LABEL_PADDING
    )


def widest(lines: Iterable[str], font_size: float) -> float:
    """Return the width of the widest line."""
    return max(text_width(line, font_size) for line in lines)
