"""Where everything of a state machine stands: rows from top to bottom, branches side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from devtools.drawing.channels import Channel, channels
from devtools.drawing.columns import place_columns
from devtools.drawing.definition import Machine, State, Transition
from devtools.drawing.layers import Cell, CellKind, Layers, Route, layers
from devtools.drawing.ordering import order_rows, refine
from devtools.drawing.sizes import BOX_HEIGHT, box_size, frame_title_width

FRAME_HEADER: Final = 28.0
_FRAME_FOOTER: Final = 4.0
_FRAME_PADDING: Final = 14.0
_BRANCH_GAP: Final = 18.0
_TRACK_HEIGHT: Final = 9.0
_ABOVE_TRACKS: Final = 13.0
_BELOW_TRACKS: Final = 17.0  # room for the arrowhead
_START_SIZE: Final = (12.0, 6.0)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where a state stands, by its upper left corner; for a Parallel state the frame around its branches."""

    state: State
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Where the words of a transition stand, by their upper left corner."""

    transition: Transition
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The way of a transition, from its source to its target."""

    transition: Transition
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Everything to draw, and how much room it takes; a box comes before the boxes in it."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    labels: tuple[Label, ...]
    lines: tuple[Line, ...]

    def moved(self, x: float, y: float) -> "Layout":
        """Return the same picture elsewhere."""
        return replace(
            self,
            boxes=tuple(replace(box, x=box.x + x, y=box.y + y) for box in self.boxes),
            labels=tuple(replace(label, x=label.x + x, y=label.y + y) for label in self.labels),
            lines=tuple(
                replace(line, points=tuple((px + x, py + y) for px, py in line.points)) for line in self.lines
            ),
        )


def layout(machine: Machine) -> Layout:
    """Lay out a state machine."""
    return _layout(machine, _START_SIZE)


def _layout(machine: Machine, start_size: tuple[float, float]) -> Layout:
    branches = {
        name: [_layout(branch, (0.0, 0.0)) for branch in state.branches]
        for name, state in machine.states.items()
    }
    layered = layers(machine, lambda state: _size(state, branches[state.name]), start_size)
    order_rows(layered)
    refine(layered, lambda: place_columns(layered, machine))
    place_columns(layered, machine)
    rows = _Rows.below_each_other(layered, channels(layered))
    boxes = [_box(cell, rows) for row in layered.rows for each in row for cell in (each, each.side) if cell]
    inner = [each for box in boxes if box for each in _branches_in(box, branches[box.state.name])]
    return Layout(
        width=layered.width,
        height=rows.tops[-1] + rows.heights[-1],
        boxes=(*filter(None, boxes), *(box for each in inner for box in each.boxes)),
        labels=(*_labels(layered, rows), *(label for each in inner for label in each.labels)),
        lines=(
            *(Line(transition=route.transition, points=rows.way(route)) for route in layered.routes),
            *(line for each in inner for line in each.lines),
        ),
    )


def _size(state: State, branches: Sequence[Layout]) -> tuple[float, float]:
    if not branches:
        return box_size(state)
    inner = sum(each.width + _BRANCH_GAP for each in branches) - _BRANCH_GAP
    return (
        round(max(frame_title_width(state), inner) + 2 * _FRAME_PADDING),
        round(FRAME_HEADER + max(each.height for each in branches) + _FRAME_FOOTER),
    )


def _branches_in(frame: Box, branches: Sequence[Layout]) -> Iterator[Layout]:
    """Put the branches side by side into the middle of their frame, and let all end at its bottom."""
    if not branches:
        return
    inner = sum(each.width + _BRANCH_GAP for each in branches) - _BRANCH_GAP
    bottom = frame.y + frame.height - _FRAME_FOOTER
    x = frame.x + (frame.width - inner) / 2
    for branch in branches:
        moved = branch.moved(x, frame.y + FRAME_HEADER)
        yield replace(moved, lines=tuple(_to_bottom(line, bottom) for line in moved.lines))
        x += branch.width + _BRANCH_GAP


def _to_bottom(line: Line, bottom: float) -> Line:
    if line.transition.target:
        return line
    x, _ = line.points[-1]
    return replace(line, points=(*line.points[:-1], (x, bottom)))


def _box(cell: Cell, rows: "_Rows") -> Box | None:
    if not cell.state:
        return None
    left = cell.centre - cell.width / 2
    return Box(state=cell.state, x=left, y=rows.top(cell), width=cell.width, height=cell.height)


def _labels(layered: Layers, rows: "_Rows") -> Iterator[Label]:
    for cell in (cell for row in layered.rows for cell in row):
        if cell.kind is CellKind.LABEL and cell.transition:
            yield Label(
                transition=cell.transition,
                x=cell.centre - cell.width / 2,
                y=rows.top(cell),
                width=cell.width,
                height=cell.height,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """How high the rows are, and where they and the channels between them begin."""

    tops: list[float]
    heights: list[float]
    channels: list[Channel]

    @classmethod
    def below_each_other(cls, layered: Layers, channels: list[Channel]) -> "_Rows":
        heights = [max(max(cell.height, _side_height(cell)) for cell in row) for row in layered.rows]
        tops = [0.0]
        for height, channel in zip(heights[:-1], channels, strict=False):
            tops.append(tops[-1] + height + _channel_height(channel))
        return cls(tops=tops, heights=heights, channels=channels)

    def top(self, cell: Cell) -> float:
        """Return the y of a cell: boxes in a row share their middle, frames hang down from there."""
        middle = min(self.heights[cell.rank], BOX_HEIGHT) / 2
        return self.tops[cell.rank] + max(0.0, middle - cell.height / 2)

    def way(self, route: Route) -> tuple[Point, ...]:
        """Return the corners of a transition, from its source to its target."""
        if route.flat:
            return self._within_row(route)
        points: list[Point] = []
        for upper, lower in route.links():
            upper_x, net = self.channels[upper.rank].net_of[route, upper]
            bottom = self.tops[upper.rank] + self.heights[upper.rank]
            if not points:
                points.append((upper_x, self.top(upper) + upper.height))
            if net.track is not None and upper_x != net.lower_x:
                y = bottom + _ABOVE_TRACKS + net.track * _TRACK_HEIGHT
                points += [(upper_x, y), (net.lower_x, y)]
            if lower is route.cells[-1]:
                points.append((net.lower_x, self.top(lower)))
        return tuple(reversed(points)) if route.upward else tuple(points)

    def _within_row(self, route: Route) -> tuple[Point, ...]:
        step, handler = route.cells
        y = self.tops[step.rank] + min(self.heights[step.rank], BOX_HEIGHT) / 2
        left = step.centre - step.width / 2
        if step is handler:
            return ((left, y + 8), (left - 10, y + 8), (left - 10, y - 8), (left, y - 8))
        return ((step.centre + step.width / 2, y), (handler.centre - handler.width / 2, y))


def _side_height(cell: Cell) -> float:
    return cell.side.height if cell.side else 0.0


def _channel_height(channel: Channel) -> float:
    return _ABOVE_TRACKS + max(channel.tracks - 1, 0) * _TRACK_HEIGHT + _BELOW_TRACKS
