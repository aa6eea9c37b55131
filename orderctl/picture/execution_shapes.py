"""Draws the pieces of one execution: cards, frames, lines, stubs and the end."""

import re
from collections.abc import Sequence
from html import unescape
from typing import Final

from orderctl.picture.icons import SIGNS
from orderctl.picture.markup import element, escaped, number, polygon, rounded, text
from orderctl.picture.measures import (
    CARD_PADDING,
    LABEL_HEIGHT,
    LINE_HEIGHT,
    NAME_SIZE,
    NOTE_SIZE,
    SIGN,
    STUB_HEIGHT,
    STUB_SIZE,
    TEXT_X,
    bold_width,
    unbolded,
)
from orderctl.picture.outlines import icon
from orderctl.picture.pieces import Card, End, Point, Stub, Wire, WireLabel
from orderctl.picture.state_view import STANDING_WORDS, StateView, facts_text
from orderctl.picture.text import fitted, text_width
from orderctl.plain_text import printable

_HEAD: Final = 8.0
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_TEXT: Final = re.compile(r"<text[^>]*>([^<]*)</text>")


def state_group(view: StateView, parts: Sequence[str], *, interactive: bool, class_: str = "") -> str:
    """Put what is drawn of a state into one group, which can be a button."""
    button = {"tabindex": "0", "role": "button", "aria_label": _spoken(view, parts)} if interactive else {}
    return element(
        "g",
        element("title", escaped(view.details)),
        # A button has its texts as words of one line.
        *([part.replace("</text>", "</text> ") for part in parts] if interactive else parts),
        class_=f"state {view.standing} {class_}".strip(),
        data_state=view.name,
        data_run=str(view.number),
        **button,
    )


def _spoken(view: StateView, parts: Sequence[str]) -> str:
    """Return the name of a button: it begins with what is drawn, so that one can say what one sees.

    https://www.w3.org/WAI/WCAG22/Understanding/label-in-name.html
    """
    drawn = " ".join(unescape(words) for part in parts for words in _TEXT.findall(part))
    more = [STANDING_WORDS[view.standing], *([view.problem] if view.problem not in drawn else [])]
    return ", ".join([drawn, *more])


def draw_card(card: Card, *, interactive: bool) -> str:
    """Draw a state that was entered."""
    parts = _frame(card) if card.is_frame else _card(card)
    return state_group(card.view, parts, interactive=interactive, class_="frame-of" if card.is_frame else "")


def draw_stub(stub: Stub) -> str:
    """Draw a state that was not entered, small and pale."""
    error = " by-error" if stub.way.is_catch else ""
    name = fitted(printable(stub.way.target), stub.width - 16, STUB_SIZE)
    middle, baseline = stub.y + STUB_HEIGHT / 2, stub.y + STUB_HEIGHT / 2 + 4
    parts = [
        element("title", escaped(_plain(f"{stub.way.target}: not reached\n{stub.way.label}"))),
        element("path", d=rounded(stub.points), class_=f"stub-line{error}"),
        element("rect", x=stub.x, y=middle - 9, width=stub.width, height=18, rx=9, class_="stub-box"),
        text(name, stub.x + 9, baseline, text_width(name, STUB_SIZE), "stub-name"),
    ]
    if stub.shown_label:
        words = _plain(stub.shown_label)
        parts.append(
            text(words, stub.x + stub.width + 8, baseline, text_width(words, STUB_SIZE), "stub-label")
        )
    return element("g", *parts, class_="state not-reached", data_state=printable(stub.way.target))


def draw_wire(wire: Wire) -> str:
    """Draw the line to a state that was entered."""
    error = " by-error" if wire.is_catch else ""
    (x, top), (_, bottom) = wire.points[0], wire.points[-1]
    end = bottom - _HEAD / 2 if wire.has_head else bottom
    line = element("path", d=f"M{number(x)},{number(top)}V{number(end)}", class_=f"wire{error}")
    if not wire.has_head:
        return line
    corners: list[Point] = [(x, bottom), (x - _HEAD / 2, bottom - _HEAD), (x + _HEAD / 2, bottom - _HEAD)]
    return line + element("polygon", points=polygon(corners), class_=f"wire-head{error}")


def draw_label(label: WireLabel) -> str:
    """Draw why the execution went this way."""
    lines = [
        text(
            printable(line),
            label.x,
            label.y + 11 + place * LABEL_HEIGHT,
            text_width(printable(line), STUB_SIZE),
            "reason",
        )
        for place, line in enumerate(label.lines)
    ]
    return element("g", element("title", escaped(_plain(label.whole))), *lines)


def draw_end(end: End, ending: str, *, interactive: bool) -> str:
    """Draw where the execution ended, in the colour of what it did."""
    view, x = end.view, end.x + TEXT_X
    top = end.y + (end.height - LINE_HEIGHT * (len(end.lines) + bool(view))) / 2
    parts = [
        element("rect", x=end.x, y=end.y, width=end.width, height=end.height, rx=12, class_="end-box"),
        element(
            "g", sign(ending, end.x + CARD_PADDING + 2, end.y + end.height / 2 - SIGN / 2), class_="end-sign"
        ),
    ]
    if view:
        parts.append(text(view.name, x, top + 12, bold_width(view.name), "name"))
        top += LINE_HEIGHT
    parts += [
        text(line, x, top + 12 + place * LINE_HEIGHT, text_width(line, NOTE_SIZE), "said")
        for place, line in enumerate(end.lines)
    ]
    if view:
        return state_group(view, parts, interactive=interactive, class_=f"end {ending}")
    return element("g", *parts, class_=f"end {ending}")


def sign(name: str, x: float, y: float) -> str:
    """Draw a sign in a circle: its form tells what its colour tells."""
    radius = SIGN / 2
    return element("circle", cx=x + radius, cy=y + radius, r=radius - 1, class_="disc") + element(
        "path",
        d=SIGNS[name],
        class_="sign",
        transform=f"translate({number(x + radius - 8)} {number(y + radius - 8)})",
    )


def _plain(words: str) -> str:
    return printable(words).replace(_NO_BREAK, " ")


def _card(card: Card) -> list[str]:
    view, right = card.view, card.x + card.width
    one_line = not (card.notes or card.problem)
    parts = [
        element("rect", x=card.x, y=card.y, width=card.width, height=card.height, rx=7, class_="card"),
        icon(view.service or view.type, card.x + CARD_PADDING, card.y + (4 if one_line else 9)),
        *_heading(card, card.y + 19),
        sign(view.standing, right - SIGN - 6, card.y + 4.5),
    ]
    y = card.y + 19
    for class_, lines in (("fact", card.notes), ("problem", card.problem)):
        for line in lines:
            y += LINE_HEIGHT
            parts.append(text(line, card.x + TEXT_X, y, text_width(line, NOTE_SIZE), class_))
    return parts


def _heading(card: Card, baseline: float) -> list[str]:
    """Return the name, and on a card of one line what fits beside it."""
    view = card.view
    room = card.width - TEXT_X - SIGN - 12
    name = fitted(view.name, unbolded(room), NAME_SIZE)
    parts = [text(name, card.x + TEXT_X, baseline, bold_width(name), "name")]
    facts = facts_text(card.notes if card.is_frame else view.all_facts)
    width = text_width(facts, NOTE_SIZE)
    if facts and (card.is_frame or not card.notes) and width + bold_width(name) + 10 <= room:
        parts.append(text(facts, card.x + TEXT_X + bold_width(name) + 10, baseline, width, "fact"))
    return parts


def _frame(card: Card) -> list[str]:
    view, bottom, right = card.view, card.y + card.height, card.x + card.width
    return [
        element(
            "rect", x=card.x, y=card.y, width=card.width, height=card.height, rx=9, class_="frame card-of"
        ),
        icon(view.type, card.x + CARD_PADDING, card.y + 5),
        *_heading(card, card.y + 22),
        sign(view.standing, right - SIGN - 6, card.y + 6),
        element("path", d=f"M{number(card.x + 6)},{number(bottom)}H{number(right - 6)}", class_="join"),
    ]
