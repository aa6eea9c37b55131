"""Draws a state: an outline for its type, its name, and the icon of its service."""

from collections.abc import Callable, Iterator
from typing import Final

from orderctl.picture.icons import CROSS, TICK
from orderctl.picture.markup import element, escaped, number, text
from orderctl.picture.outlines import icon, outline
from orderctl.picture.placed import Box
from orderctl.picture.sizes import BOX_PADDING, FRAME_HEADER, ICON_SIZE, SIGN_WIDTH, SLANT, note
from orderctl.picture.text import NAME_FONT_SIZE, NOTE_FONT_SIZE, text_width


def draw_box(box: Box, class_: str = "", chip: str = "") -> str:
    """Draw a state without branches."""
    draw = _OUTLINES.get(box.state.type, _task)
    parts = [element("title", escaped(box.state.name)), *draw(box), *(_chip(box, chip) if chip else ())]
    return element("g", *parts, class_=f"{box.state.type} {class_}".strip(), data_state=box.state.name)


def draw_frame(box: Box, class_: str) -> str:
    """Draw a state with branches: its name, a frame for the branches, and the bar where they join."""
    left, right, bottom = box.x, box.x + box.width, box.y + box.height
    name_width = text_width(box.state.name, NAME_FONT_SIZE)
    words = note(box.state)
    parts = [
        element("title", escaped(box.state.name)),
        element(
            "rect",
            x=left,
            y=box.y + FRAME_HEADER / 2,
            width=box.width,
            height=box.height - FRAME_HEADER / 2 - 2,
            rx=8,
            class_="frame",
        ),
        element("rect", x=left, y=box.y, width=box.width, height=FRAME_HEADER, rx=6, class_="shape"),
        text(box.state.name, left + 12, box.y + 18, name_width, "name"),
        text(words, left + 20 + name_width, box.y + 18, text_width(words, NOTE_FONT_SIZE), "note"),
        element("path", d=f"M{number(left + 2)},{number(bottom - 2)}H{number(right - 2)}", class_="bar"),
    ]
    return element("g", *parts, class_=f"{box.state.type} {class_}".strip(), data_state=box.state.name)


def _task(box: Box) -> Iterator[str]:
    state = box.state
    x, words = box.x + BOX_PADDING, note(state)
    yield outline(box)
    yield icon(state.service or state.type, x, box.y + (box.height - ICON_SIZE) / 2)
    x += ICON_SIZE + BOX_PADDING
    yield text(state.name, x, box.y + 16.5, text_width(state.name, NAME_FONT_SIZE), "name")
    yield text(words, x, box.y + 29.5, text_width(words, NOTE_FONT_SIZE), "note")


def _pass(box: Box) -> Iterator[str]:
    yield outline(box)
    yield _name(box, box.x + box.width / 2)


def _choice(box: Box) -> Iterator[str]:
    yield outline(box)
    yield _name(box, box.x + box.width / 2)


def _succeed(box: Box) -> Iterator[str]:
    yield outline(box)
    yield from _signed(box, TICK)


def _fail(box: Box) -> Iterator[str]:
    yield outline(box)
    yield from _signed(box, CROSS)


def _signed(box: Box, sign: str) -> Iterator[str]:
    x, y = box.x + SLANT, box.y + box.height / 2 - 4
    yield element("path", d=sign, class_="sign", transform=f"translate({number(x)} {number(y)})")
    yield _name(box, box.x + (box.width + SIGN_WIDTH) / 2)


_OUTLINES: Final[dict[str, Callable[[Box], Iterator[str]]]] = {
    "Pass": _pass,
    "Choice": _choice,
    "Succeed": _succeed,
    "Fail": _fail,
}


def _name(box: Box, x: float) -> str:
    name = box.state.name
    if not name:
        return ""
    return text(name, x, box.y + box.height / 2 + 4, text_width(name, NAME_FONT_SIZE), "name middle")


def _chip(box: Box, words: str) -> Iterator[str]:
    x, y = box.x + box.width - 14, box.y - 10
    yield element("rect", x=x, y=y, width=26, height=16, rx=8, class_="chip")
    yield element("text", escaped(words), x=x + 13, y=y + 12, class_="count")
