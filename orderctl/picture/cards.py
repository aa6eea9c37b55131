"""The size of a card, and the lines of its text."""

from collections.abc import Sequence
from typing import Final

from orderctl.picture.machine import ENDINGS
from orderctl.picture.measures import CARD_HEADING, CARD_PADDING, LINE_HEIGHT, NOTE_SIZE, TEXT_X
from orderctl.picture.pieces import Card
from orderctl.picture.state_view import StateView, facts_text
from orderctl.picture.text import fitted, text_width, wrapped

_ONE_LINE_TYPES: Final = frozenset({"Choice", "Pass", "State", *ENDINGS})


def written(view: StateView, x: float, y: float, width: float) -> Card:
    """Return the card of a state."""
    room = width - TEXT_X - CARD_PADDING
    unknown = () if view.is_known else ("not in the deployed definition",)
    problem = wrapped(view.problem, room, NOTE_SIZE, 3)
    is_one_line = view.type in _ONE_LINE_TYPES and not problem and not unknown
    notes = () if is_one_line else _packed((*view.all_facts, *unknown), room)
    lines = len(notes) + len(problem)
    height = CARD_HEADING + LINE_HEIGHT * lines + (5 if lines else 0)
    return Card(view=view, x=x, y=y, width=width, height=height, notes=notes, problem=problem)


def framed(view: StateView, x: float, y: float, width: float, height: float = 0.0) -> Card:
    """Return the frame around the branches of a state."""
    unknown = () if view.is_known else ("not in the deployed definition",)
    notes = (*view.all_facts, *unknown)
    return Card(view=view, x=x, y=y, width=width, height=height, notes=notes, is_frame=True)


def _packed(facts: Sequence[str], room: float) -> tuple[str, ...]:
    """Put facts into lines, and break between them."""
    lines: list[list[str]] = []
    for fact in facts:
        if lines and text_width(facts_text([*lines[-1], fact]), NOTE_SIZE) <= room:
            lines[-1].append(fact)
        else:
            lines.append([fact])
    return tuple(fitted(facts_text(line), room, NOTE_SIZE) for line in lines)
