"""The layout of one execution: the states that it entered, from top to bottom, and stubs of the others."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from orderctl.picture.cards import framed, written
from orderctl.picture.choices import Alternative, alternatives, in_order, is_caught, taken, why
from orderctl.picture.machine import ENDINGS, Machine, State
from orderctl.picture.measures import (
    CARD_PADDING,
    CARD_WIDTH,
    FRAME_HEADING,
    FRAME_PADDING,
    GAP,
    LABEL_HEIGHT,
    LANE_GAP,
    LINE_HEIGHT,
    NARROWEST_CARD,
    NARROWEST_LANE,
    NOTE_SIZE,
    SPINE,
    STUB_BRANCH,
    STUB_HEIGHT,
    STUB_INDENT,
    STUB_SIZE,
    TEXT_X,
    WIDTH,
)
from orderctl.picture.pieces import Card, End, Folded, Point, Stub, Wire, WireLabel
from orderctl.picture.state_view import StateView, view_state
from orderctl.picture.text import fitted, text_width, wrapped
from orderctl.trace import ExecutionTrace, Lane, StateRun


def fold(
    execution: ExecutionTrace, machine: Machine | None, ending: str, at: Point, now: datetime | None = None
) -> Folded:
    """Lay out an execution below and right of a point; `ending` says what it did."""
    x, y = at
    folding = _Folding(execution=execution, machine=machine, now=now)
    folded = folding.folded
    folded.start = (x + SPINE, y + 5)
    runs = list(execution.runs)
    closing = _closing(execution, machine)
    column = _Column(machine=machine, x=x, width=WIDTH, after=closing)
    below = folding.trunk(column, runs[: len(runs) - bool(closing)], (y + 5, y + 10 + GAP))
    view = folding.view(closing, column) if closing else None
    lines = wrapped(ending, CARD_WIDTH - TEXT_X - CARD_PADDING, NOTE_SIZE, 3)
    height = max(40.0, 13 + LINE_HEIGHT * (len(lines) + bool(view)))
    folded.end = End(view=view, lines=lines, x=x, y=below, width=CARD_WIDTH, height=height)
    folded.bottom = below + height
    return folded


def _closing(execution: ExecutionTrace, machine: Machine | None) -> StateRun | None:
    """Return the state that ends the execution if there is one; an unknown one has no task and no branch."""
    for last in execution.runs[-1:]:
        state = machine.states.get(last.name) if machine else None
        if state.type in ENDINGS if state else not (last.attempts or last.branches or execution.is_running):
            return last
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """Where states are one below the other; `after` is the state that follows the last of them.

    A lane is a branch of a Parallel state: there is no room beside its cards.
    """

    machine: Machine | None
    x: float
    width: float
    after: StateRun | None = None
    is_lane: bool = False

    def state(self, run: StateRun) -> State | None:
        return self.machine.states.get(run.name) if self.machine else None


@dataclass(slots=True, kw_only=True)
class _Folding:
    execution: ExecutionTrace
    machine: Machine | None
    now: datetime | None
    folded: Folded = field(default_factory=lambda: Folded(cards=[], stubs=[], wires=[], labels=[]))
    numbers: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.numbers = {id(run): number for number, run in enumerate(self.execution.states)}

    def view(self, run: StateRun, column: _Column, after: StateRun | None = None) -> StateView:
        view = view_state(
            run,
            self.execution,
            column.state(run),
            number=self.numbers[id(run)],
            is_caught=is_caught(column.machine, run, after),
            now=self.now,
        )
        # Without any definition, it says nothing that none knows the state.
        return view if self.machine else replace(view, is_known=True)

    def trunk(self, column: _Column, runs: Sequence[StateRun], first: Point) -> float:
        """Place the states of the execution; return where its end begins."""
        left, y = self._states(column, runs, first)
        caught = bool(runs) and is_caught(column.machine, runs[-1], column.after)
        self._wire(column.x, (left, y), is_catch=caught)
        return y

    def _states(self, column: _Column, runs: Sequence[StateRun], first: Point) -> Point:
        """Place states one below the other, the first one at the end of a line.

        Return where the line to what follows begins and ends.
        """
        left, y = first
        before: StateRun | None = None
        for place, run in enumerate(runs, 1):
            after = runs[place] if place < len(runs) else column.after
            caught = before is not None and is_caught(column.machine, before, run)
            self._wire(column.x, (left, y), is_catch=caught)
            card = self._card(run, after, column, y)
            left = card.y + card.height
            below = column.is_lane or card.is_frame
            stubs = self._stubs(alternatives(column.machine, run, after), card, column, below=below)
            words = why(taken(column.machine, run, after))
            label = self._label(words, card, (stubs if below else left) + 5)
            y = max(left, stubs, label) + GAP
            before = run
        return left, y

    def _wire(self, x: float, ends: Point, *, is_catch: bool = False, has_head: bool = True) -> None:
        points = ((x + SPINE, ends[0]), (x + SPINE, ends[1]))
        self.folded.wires.append(Wire(points=points, is_catch=is_catch, has_head=has_head))

    def _card(self, run: StateRun, after: StateRun | None, column: _Column, y: float) -> Card:
        view = self.view(run, column, after)
        if not run.branches:
            card = written(view, column.x, y, column.width if column.is_lane else CARD_WIDTH)
            self.folded.cards.append(card)
            return card
        place = len(self.folded.cards)
        frame = framed(view, column.x, y, column.width)
        self.folded.cards.append(frame)  # before what is in it
        state = column.state(run)
        lanes = in_order(state.branches if state else (), run.branches)
        bottom = self._lanes(lanes, frame, joined=run.exited is not None)
        frame = framed(view, column.x, y, column.width, height=bottom - y)
        self.folded.cards[place] = frame
        return frame

    def _lanes(self, lanes: Sequence[tuple[Lane, Machine | None]], frame: Card, *, joined: bool) -> float:
        """Place the branches side by side, as many as have room; return the bottom of their frame."""
        room = frame.width - 2 * FRAME_PADDING
        count = max(1, min(len(lanes), int((room + LANE_GAP) / (NARROWEST_LANE + LANE_GAP))))
        width = max(NARROWEST_CARD, (room - (count - 1) * LANE_GAP) / count)
        y = frame.y + FRAME_HEADING
        for first in range(0, len(lanes), count):
            ends: list[tuple[float, float]] = []
            stubs = len(self.folded.stubs)
            lowest = y
            for place, (lane, branch) in enumerate(lanes[first : first + count]):
                x = frame.x + FRAME_PADDING + place * (width + LANE_GAP)
                column = _Column(machine=branch, x=x, width=width, is_lane=True)
                left, _ = self._states(column, lane.runs, (y - 6, y + 12))
                lowest = max(lowest, left)
                if lane.runs[-1].exited and joined and first + count >= len(lanes):
                    ends.append((x, left))
            y = max([lowest, *(each.y + STUB_HEIGHT for each in self.folded.stubs[stubs:])]) + FRAME_PADDING
            for x, left in ends:
                self._wire(x, (left, y), has_head=False)
        return y

    def _stubs(self, ways: Sequence[Alternative], card: Card, column: _Column, *, below: bool) -> float:
        """Place the ways not taken from a state, beside its card or below; return where they end."""
        right, bottom = card.x + card.width, card.y + card.height
        if below:
            bus, top = card.x + STUB_INDENT, bottom + 2
            start: tuple[Point, ...] = ((bus, bottom),)
        else:
            bus, top = right + STUB_BRANCH, card.y + 4
            start = ((right, top + STUB_HEIGHT / 2), (bus, top + STUB_HEIGHT / 2))
        x = bus + STUB_BRANCH
        room = column.x + column.width - x
        for place, way in enumerate(ways):
            y = top + place * STUB_HEIGHT
            middle = y + STUB_HEIGHT / 2
            width = min(room, text_width(way.target, STUB_SIZE) + 18)
            self.folded.stubs.append(
                Stub(
                    way=way,
                    shown_label=_label_beside(way.label, room - width - 8),
                    x=x,
                    y=y,
                    width=width,
                    points=(*start, (bus, middle), (x, middle)),
                )
            )
        return top + len(ways) * STUB_HEIGHT if ways else bottom

    def _label(self, words: str, card: Card, y: float) -> float:
        """Place the reason for the way that was taken; return where it ends."""
        if not words:
            return 0.0
        lines = wrapped(words, card.width - SPINE - 14, STUB_SIZE, 2)
        self.folded.labels.append(WireLabel(lines=lines, whole=words, x=card.x + SPINE + 10, y=y))
        return y + len(lines) * LABEL_HEIGHT - 8


def _label_beside(label: str, room: float) -> str:
    shown = fitted(label, room, STUB_SIZE)
    return shown if len(shown) > 8 or shown == label else ""  # noqa: PLR2004  fewer letters say nothing
