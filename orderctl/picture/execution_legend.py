"""The legend of an execution's picture: what is in it, and nothing else."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from orderctl.picture.execution_shapes import sign
from orderctl.picture.markup import element, text
from orderctl.picture.outlines import icon
from orderctl.picture.state_view import STANDING_WORDS, Standing
from orderctl.picture.text import text_width

_ROW: Final = 28.0
_SAMPLE: Final = 26.0
_GAP: Final = 18.0
_SIZE: Final = 12.0
_ENDINGS: Final = {
    "ended-confirmed": "order confirmed",
    "ended-held": "order held: waits for an operator",
    "ended-rejected": "order rejected",
    "ended-cancelled": "order cancelled",
    "ended-without-change": "changed nothing",
    "ended-failed": "execution failed",
    "ended-running": "goes on",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a picture has."""

    standings: AbstractSet[Standing]
    endings: AbstractSet[str]
    services: AbstractSet[str]
    has_caught: bool


def draw_legend(contents: Contents, x: float, y: float, width: float) -> tuple[list[str], float]:
    """Draw the legend in rows; return its elements and where it ends."""
    parts: list[str] = []
    left, top = x, y
    for sample, words in _entries(contents):
        words_width = text_width(words, _SIZE)
        if left > x and left + _SAMPLE + words_width > x + width:
            left, top = x, top + _ROW
        parts.append(element("g", sample, transform=f"translate({left:.0f} {top:.0f})"))
        parts.append(text(words, left + _SAMPLE + 5, top + 15.5, words_width, "said"))
        left += _SAMPLE + 5 + words_width + _GAP
    return parts, top + _ROW


def _entries(contents: Contents) -> Iterator[tuple[str, str]]:
    for standing in Standing:
        if standing in contents.standings:
            sample = sign(standing, 3, 1)
            if standing is Standing.NOT_REACHED:
                sample = element("rect", x=1, y=3, width=24, height=16, rx=8, class_="stub-box")
            yield element("g", sample, class_=standing), STANDING_WORDS[standing]
    for ending, words in _ENDINGS.items():
        if ending in contents.endings:
            box = element("rect", x=0, y=0, width=26, height=22, rx=7, class_="end-box")
            yield element("g", box, element("g", sign(ending, 3, 1), class_="end-sign"), class_=ending), words
    if contents.has_caught:
        yield element("path", d="M1,11H25", class_="wire by-error"), "way of a caught error"
    for service in sorted(contents.services):
        yield icon(service, 2, 0), service
