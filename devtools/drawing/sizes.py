"""How large a state is drawn, by what it has to show."""

from typing import Final

from devtools.drawing.definition import ENDINGS, State
from devtools.drawing.text import NAME_FONT_SIZE, NOTE_FONT_SIZE, text_width

BOX_HEIGHT: Final = 38.0
ICON_SIZE: Final = 22.0
BOX_PADDING: Final = 6.0
SLANT: Final = 14.0  # how far the sides of a Choice lean, and the corners of a Fail
_PILL_HEIGHT: Final = 28.0
SIGN_WIDTH: Final = 16.0  # of the tick or cross in an ending


def note(state: State) -> str:
    """Say below the name of a state what does its work, and how often it is tried again."""
    retries = f"{state.retries} retries" if state.retries > 1 else "1 retry" if state.retries else ""
    return " · ".join(filter(None, [state.service or state.type, retries]))


def box_size(state: State) -> tuple[float, float]:
    """Return the width and the height of a state without branches."""
    name = text_width(state.name, NAME_FONT_SIZE)
    if state.type == "Pass":
        return round(name + 2 * BOX_PADDING + 4), _PILL_HEIGHT
    if state.type == "Choice":
        return round(name + 2 * (SLANT + BOX_PADDING)), BOX_HEIGHT
    if state.type in ENDINGS:
        return round(name + SIGN_WIDTH + 2 * (SLANT + 2)), _PILL_HEIGHT
    words = max(name, text_width(note(state), NOTE_FONT_SIZE))
    return round(words + ICON_SIZE + 3 * BOX_PADDING), BOX_HEIGHT


def frame_title_width(state: State) -> float:
    """Return the width of what stands above the branches of a state."""
    return text_width(f"{state.name}  {state.type}", NAME_FONT_SIZE) + 2 * BOX_PADDING
