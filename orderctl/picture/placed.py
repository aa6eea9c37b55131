"""What a layout places: boxes, labels and lines with their coordinates."""

from dataclasses import dataclass, replace

from orderctl.picture.machine import State, Transition

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A state and its upper left corner; a Parallel state has the frame around its branches."""

    state: State
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The label of a transition and its upper left corner."""

    transition: Transition
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The line of a transition, from its source to its target."""

    transition: Transition
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Everything to draw, and its size; a box comes before the boxes inside it."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    labels: tuple[Label, ...]
    lines: tuple[Line, ...]

    def moved(self, x: float, y: float) -> "Layout":
        """Return the same picture, moved."""
        return replace(
            self,
            boxes=tuple(replace(box, x=box.x + x, y=box.y + y) for box in self.boxes),
            labels=tuple(replace(label, x=label.x + x, y=label.y + y) for label in self.labels),
            lines=tuple(
                replace(line, points=tuple((px + x, py + y) for px, py in line.points)) for line in self.lines
            ),
        )
