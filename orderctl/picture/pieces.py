"""What the folded layout places. All coordinates are those of the whole picture."""

from dataclasses import dataclass

from orderctl.picture.choices import Alternative
from orderctl.picture.state_view import StateView

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A state that was entered, with the lines of its text; a frame is around the branches of a state."""

    view: StateView
    x: float
    y: float
    width: float
    height: float
    notes: tuple[str, ...] = ()
    problem: tuple[str, ...] = ()
    is_frame: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """A state that was not entered although the execution could have gone there; `points` are its line."""

    way: Alternative
    x: float
    y: float
    width: float
    points: tuple[Point, ...]
    shown_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """The line to a state that was entered."""

    points: tuple[Point, ...]
    is_catch: bool = False
    has_head: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WireLabel:
    """Why the execution went this way, in short lines; `whole` is not shortened."""

    lines: tuple[str, ...]
    whole: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where the execution ended, or stands now. `view` is its last state when that state ends it."""

    view: StateView | None
    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True, kw_only=True)
class Folded:
    """Everything to draw; a frame comes before what is in it."""

    cards: list[Card]
    stubs: list[Stub]
    wires: list[Wire]
    labels: list[WireLabel]
    end: End | None = None
    start: Point | None = None
    bottom: float = 0.0
