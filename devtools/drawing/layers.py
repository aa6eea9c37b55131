"""Which row each state stands in, and through which rows each transition passes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from devtools.drawing.definition import ENDINGS, Machine, State, Transition, TransitionKind
from devtools.drawing.text import label_size

SIDE_GAP: Final = 24.0  # between a step and the handler of its errors, for an arrow


class CellKind(Enum):
    """What takes the room; BEND is where a transition passes a row."""

    STATE = auto()
    LABEL = auto()
    BEND = auto()
    START = auto()
    END = auto()


@dataclass(slots=True, kw_only=True, eq=False)
class Cell:
    """A place in a row; `side` is the handler that stands right of it, `x` the centre without it."""

    kind: CellKind
    rank: int
    width: float = 0.0
    height: float = 0.0
    state: State | None = None
    transition: Transition | None = None
    side: "Cell | None" = None
    host: "Cell | None" = None
    x: float = 0.0

    @property
    def wide(self) -> bool:
        """Tell whether a transition may enter and leave it anywhere along its edge."""
        return bool(self.state and self.state.branches)

    @property
    def right(self) -> float:
        """Return how far it reaches to the right of its centre, its handler included."""
        return self.width / 2 + (SIDE_GAP + self.side.width if self.side else 0.0)

    @property
    def offset(self) -> float:
        """Return how far right of the x of its step a handler stands."""
        return self.host.right - self.width / 2 if self.host else 0.0

    @property
    def centre(self) -> float:
        """Return the x of its centre; a handler goes where its step goes."""
        return (self.host or self).x + self.offset


Link = tuple[Cell, Cell]  # neighbours, the upper one first


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Route:
    """The cells that a transition connects, from the upper row to the lower one; `upward` if it goes back."""

    transition: Transition
    cells: tuple[Cell, ...]
    upward: bool = False

    def links(self) -> Iterator[Link]:
        """Return each pair of neighbours; none for a step and the handler beside it."""
        return zip(self.cells, self.cells[1:], strict=False) if not self.flat else iter(())

    @property
    def flat(self) -> bool:
        """Tell whether it stays in its row."""
        return self.cells[0].rank == self.cells[-1].rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """The rows from top to bottom, each from left to right, and what connects them."""

    rows: list[list[Cell]]
    routes: list[Route]

    @property
    def width(self) -> float:
        """Return how far the cells reach to the right."""
        return max(cell.x + cell.right for row in self.rows for cell in row)

    def links(self) -> Iterator[Link]:
        """Return the links of all routes; where routes run together, one link is of several of them."""
        return (link for route in self.routes for link in route.links())


Sizes = Callable[[State], tuple[float, float]]


def main_transitions(machine: Machine) -> dict[str, Transition]:
    """Return for each state how it goes on when all is well: of several ways the one written first.

    Who writes a definition writes what normally happens before what else may happen.
    """
    written = {name: index for index, name in enumerate(machine.states)}
    backward = _backward(machine)
    normal = [
        each
        for each in machine.transitions
        if each.kind not in {TransitionKind.CATCH, TransitionKind.END} and each not in backward
    ]
    return {each.source: each for each in sorted(normal, key=lambda each: -written[each.target])}


def main_path(machine: Machine) -> set[Transition]:
    """Return how an execution goes from the start to its end when all is well."""
    following = main_transitions(machine)
    path: dict[str, Transition] = {}
    name = ""
    while name in following:
        path[name] = following[name]
        name = following[name].target
    return set(path.values())


def layers(machine: Machine, sizes: Sizes, start_size: tuple[float, float]) -> Layers:
    """Put each state below those it follows, and the handler of a step's errors beside the step."""
    backward = _backward(machine)
    steps = _steps_with_handler(machine, backward)
    ranks = _ranks(machine, backward, steps)
    builder = _Builder(machine=machine, backward=backward, rows=[[] for _ in range(max(ranks.values()) + 2)])
    builder.place_states(ranks, sizes, start_size, steps)
    builder.visit("")
    for name in machine.states:
        builder.visit(name)
    return Layers(rows=[row for row in builder.rows if row], routes=builder.routes)


def _backward(machine: Machine) -> set[Transition]:
    """Return the transitions that close a loop, seen from the start."""
    leaving = _leaving(machine)
    backward: set[Transition] = set()
    done: set[str] = set()

    def walk(name: str, passed: frozenset[str]) -> None:
        passed |= {name}
        for transition in leaving[name]:
            if transition.target in passed:
                backward.add(transition)
            elif transition.target not in done:
                walk(transition.target, passed)
        done.add(name)

    for name in ("", *machine.states):
        if name not in done:
            walk(name, frozenset())
    return backward


def _leaving(machine: Machine) -> Mapping[str, list[Transition]]:
    leaving: dict[str, list[Transition]] = {name: [] for name in ("", *machine.states)}
    for transition in machine.transitions:
        if transition.kind is not TransitionKind.END:
            leaving[transition.source].append(transition)
    return leaving


def _steps_with_handler(machine: Machine, backward: set[Transition]) -> dict[str, str]:
    """Return the step of each state that does nothing but handle the errors of one step.

    A step that nothing follows leaves the room below to its handler. A handler's own one stands below it.
    """
    catches = [each for each in machine.transitions if each.kind is TransitionKind.CATCH]
    others = [each for each in machine.transitions if each.kind is not TransitionKind.CATCH]
    normal = {each.target for each in others}
    goes_on = {each.source for each in others if each.kind is TransitionKind.NEXT}
    looping = {name for each in backward for name in (each.source, each.target)}
    handlers: dict[str, str] = {}
    for name in machine.states:
        sources = {each.source for each in catches if each.target == name}
        if name in normal | looping or len(sources) != 1:
            continue
        (step,) = sources
        if step in normal & goes_on and step not in handlers.values():
            handlers[name] = step
    return handlers


def _ranks(machine: Machine, backward: set[Transition], steps: Mapping[str, str]) -> dict[str, int]:
    """Return the row of each state: one below the lowest it follows, two where a label stands between.

    Endings stand in the last row: that is where one looks for them.
    """
    entering: dict[str, list[tuple[str, int]]] = {name: [] for name in machine.states}
    for transition in machine.transitions:
        upper, lower = transition.source, transition.target
        if transition.kind is TransitionKind.END or upper == lower or steps.get(lower) == upper:
            continue
        if transition in backward:
            upper, lower = lower, upper
        entering[steps.get(lower, lower)].append((upper, 2 if transition.label else 1))
    ranks = {"": 0}

    def rank(name: str) -> int:
        name = steps.get(name, name)
        if name not in ranks:
            ranks[name] = max((rank(upper) + rows for upper, rows in entering[name]), default=1)
        return ranks[name]

    lowest = max(rank(name) for name in machine.states)
    endings = {name for name, state in machine.states.items() if state.type in ENDINGS and name not in steps}
    return {"": 0} | {name: lowest if name in endings else rank(name) for name in machine.states}


@dataclass(slots=True, kw_only=True)
class _Builder:
    machine: Machine
    backward: set[Transition]
    rows: list[list[Cell]]
    states: dict[str, Cell] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)
    _bends: dict[tuple[object, int], Cell] = field(default_factory=dict)
    _visited: set[str] = field(default_factory=set)

    def place_states(
        self,
        ranks: Mapping[str, int],
        sizes: Sizes,
        start_size: tuple[float, float],
        steps: Mapping[str, str],
    ) -> None:
        width, height = start_size
        self.states[""] = Cell(kind=CellKind.START, rank=0, width=width, height=height)
        for name, state in self.machine.states.items():
            width, height = sizes(state)
            self.states[name] = Cell(
                kind=CellKind.STATE, rank=ranks[name], width=width, height=height, state=state
            )
        for handler, step in steps.items():
            self.states[step].side = self.states[handler]
            self.states[handler].host = self.states[step]

    def visit(self, name: str) -> None:
        """Append a state, then what follows it, to the rows: a first order from left to right."""
        if name in self._visited:
            return
        self._visited.add(name)
        cell = self.states[name]
        if not cell.host:
            self.rows[cell.rank].append(cell)
        leaving = [each for each in self.machine.transitions if each.source == name]
        for transition in leaving:
            self.routes.append(self._route(transition))
            if transition.kind is not TransitionKind.END:
                self.visit(transition.target)

    def _route(self, transition: Transition) -> Route:
        source = self.states[transition.source]
        if transition.kind is TransitionKind.END:
            end = Cell(kind=CellKind.END, rank=len(self.rows) - 1, transition=transition)
            self.rows[-1].append(end)
            return Route(transition=transition, cells=(source, *self._between(source, end, transition), end))
        target = self.states[transition.target]
        if source is target:
            return Route(transition=transition, cells=(source, source), upward=True)
        upward = transition in self.backward
        upper, lower = (target, source) if upward else (source, target)
        return Route(
            transition=transition,
            cells=(upper, *self._between(upper, lower, transition), lower),
            upward=upward,
        )

    def _between(self, upper: Cell, lower: Cell, transition: Transition) -> Iterator[Cell]:
        # Transitions to the same state run together on their last rows: less ink, nothing ambiguous.
        trunk = transition if transition in self.backward else lower
        for rank in range(upper.rank + 1, lower.rank):
            if transition.label and rank == upper.rank + 1:
                width, height = label_size(transition.label)
                label = Cell(
                    kind=CellKind.LABEL, rank=rank, width=width, height=height, transition=transition
                )
                self.rows[rank].append(label)
                yield label
                continue
            if (trunk, rank) not in self._bends:
                self._bends[trunk, rank] = Cell(kind=CellKind.BEND, rank=rank)
                self.rows[rank].append(self._bends[trunk, rank])
            yield self._bends[trunk, rank]
