"""The size of a state in the drawing."""

from typing import Final

from orderctl.picture.machine import ENDINGS, State
from orderctl.picture.text import NAME_FONT_SIZE, NOTE_FONT_SIZE, text_width

BOX_HEIGHT: Final = 38.0
ICON_SIZE: Final = 22.0
BOX_PADDING: Final = 6.0
SLANT: Final = 14.0  # the width of the slanted sides of a Choice and the corners of a Fail
_PILL_HEIGHT: Final = 28.0
SIGN_WIDTH: Final = 16.0  # of the tick or cross in an ending
SIDE_GAP: Final = 24.0  # between a step and the handler of its errors, for an arrow
START_SIZE: Final = (12.0, 6.0)
FRAME_HEADER: Final = 28.0
FRAME_FOOTER: Final = 4.0
FRAME_PADDING: Final = 14.0


def note(state: State) -> str:
    """Return the note below a state's name: its service or type, and its retries."""
    retries = f"{state.retries} retries" if state.retries > 1 else "1 retry" if state.retries else ""
    return " · ".join(filter(None, [state.service or state.type, retries]))


def box_size(state: State) -> tuple[float, float]:
    """Return the width and the height of a state without branches."""
    height = _PILL_HEIGHT if state.type in {"Pass", *ENDINGS} else BOX_HEIGHT
    return _even(_width(state)), height


def _width(state: State) -> float:
    name = text_width(state.name, NAME_FONT_SIZE)
    if state.type == "Pass":
        return name + 2 * BOX_PADDING + 4
    if state.type == "Choice":
        return name + 2 * (SLANT + BOX_PADDING)
    if state.type in ENDINGS:
        return name + SIGN_WIDTH + 2 * (SLANT + 2)
    return max(name, text_width(note(state), NOTE_FONT_SIZE)) + ICON_SIZE + 3 * BOX_PADDING


def frame_title_width(state: State) -> float:
    """Return the width of the title above the branches of a state."""
    return _even(text_width(f"{state.name}  {state.type}", NAME_FONT_SIZE) + 2 * BOX_PADDING)


def _even(width: float) -> int:
    return 2 * round(width / 2)  # ELK moves a centre that is not an integer
