"""The width of text in Helvetica and Arial; other fonts are squeezed to it."""

import re
import textwrap
from collections.abc import Iterable
from typing import Final
from unicodedata import east_asian_width

NAME_FONT_SIZE: Final = 12.0
NOTE_FONT_SIZE: Final = 9.5
LABEL_FONT_SIZE: Final = 10.0
LABEL_LINE_HEIGHT: Final = 12.0
_LABEL_PADDING: Final = 4.0
_LABEL_LETTERS: Final = 25  # in a line
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_SPACES: Final = re.compile(r"[ \t\r\n]+")  # where a line can end

_THOUSANDTHS_OF_EM: Final = {
    letter: width
    for width, letters in (
        (222, "ijl"),
        (278, f" {_NO_BREAK}.,:;/!ftI[]"),
        (333, "r-()·"),
        (500, "ckJsvxyz"),
        (584, "=<>≤≥≠+"),
        (611, "FTZ"),
        (667, "ABEKPSVXY"),
        (722, "CDHNRUw"),
        (778, "GOQ"),
        (833, "mM"),
        (944, "W"),
        (1000, "…"),
    )
    for letter in letters
}
_DIGIT: Final = 556  # and most lower-case letters
_WIDE: Final = 1000  # Chinese, Japanese and Korean letters, and most emoji
_WIDE_CLASSES: Final = frozenset("WF")


def text_width(text: str, font_size: float) -> float:
    """Return the width of a line."""
    return sum(map(_letter_width, text)) * font_size / 1000


def _letter_width(letter: str) -> int:
    known = _THOUSANDTHS_OF_EM.get(letter)
    return known or (_WIDE if east_asian_width(letter) in _WIDE_CLASSES else _DIGIT)


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


def fitted(text: str, width: float, font_size: float) -> str:
    """Return a line that is at most `width` wide: a longer one ends with an ellipsis."""
    if text_width(text, font_size) <= width:
        return text
    while text and text_width(f"{text}…", font_size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def wrapped(text: str, width: float, font_size: float, lines: int) -> tuple[str, ...]:
    """Break a text into at most so many lines of this width; one that is too long ends with an ellipsis."""
    words = [word for word in _SPACES.split(text) if word]
    broken: list[str] = []
    while words and len(broken) < lines - 1:
        count = max(1, _words_that_fit(words, width, font_size))
        line = " ".join(words[:count])
        fits = _letters_that_fit(line, width, font_size)
        broken.append(line[:fits])
        words = [line[fits:]] * (fits < len(line)) + words[count:]
    last = [fitted(" ".join(words), width, font_size)] if words else []
    return tuple(line.replace(_NO_BREAK, " ") for line in (*broken, *last))


def _words_that_fit(words: list[str], width: float, font_size: float) -> int:
    return sum(text_width(" ".join(words[:count]), font_size) <= width for count in range(1, len(words) + 1))


def _letters_that_fit(line: str, width: float, font_size: float) -> int:
    room = width
    for place, letter in enumerate(line):
        room -= text_width(letter, font_size)
        if room < 0:
            return max(1, place)
    return len(line)
