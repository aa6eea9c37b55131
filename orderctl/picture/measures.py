"""The sizes of a folded picture, in pixels."""

from typing import Final

from orderctl.picture.text import text_width

# A README on GitHub shows a picture 830 px wide; a margin of 20 px is around this.
WIDTH: Final = 790.0
MARGIN: Final = 20.0
NAME_SIZE: Final = 13.0
NOTE_SIZE: Final = 12.0
STUB_SIZE: Final = 11.0
LINE_HEIGHT: Final = 16.0
LABEL_HEIGHT: Final = 14.0
GAP: Final = 20.0  # between two cards

ICON: Final = 22.0
SIGN: Final = 20.0
CARD_WIDTH: Final = 420.0
CARD_PADDING: Final = 11.0
CARD_HEADING: Final = 29.0  # the height of a card that has no other line
TEXT_X: Final = CARD_PADDING + ICON + 12
SPINE: Final = CARD_PADDING + ICON / 2  # where the lines from state to state are

FRAME_HEADING: Final = 34.0
FRAME_PADDING: Final = 12.0
LANE_GAP: Final = 12.0
NARROWEST_LANE: Final = 230.0
NARROWEST_CARD: Final = 150.0  # in branches inside branches

STUB_HEIGHT: Final = 22.0
STUB_BRANCH: Final = 16.0  # from a card to where the line of its stubs branches
STUB_INDENT: Final = 30.0

_BOLD: Final = 1.08  # how much wider bold letters are


def bold_width(words: str, font_size: float = NAME_SIZE) -> float:
    """Return the width of a bold line."""
    return text_width(words, font_size) * _BOLD


def unbolded(width: float) -> float:
    """Return the width that text may have when bold letters have this room."""
    return width / _BOLD
