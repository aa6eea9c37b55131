"""The x of each cell: transitions straight where they can be, everything close together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from devtools.drawing.definition import Machine
from devtools.drawing.layers import Cell, CellKind, Layers, Link, Route, main_path, main_transitions

_GAP: Final = 16.0
_BEND_GAP: Final = 12.0
_PORT_MARGIN: Final = 14.0  # how close to a corner a transition may leave a box
_PASSES: Final = 30
_STEPS: Final = (-160.0, -40.0, -10.0, 10.0, 40.0, 160.0)
_WIDTH_COST: Final = 1.5
_CENTRE_COST: Final = 0.1
_ROUNDING: Final = 1e-6


@dataclass(slots=True, eq=False)
class _Block:
    """Cells on one vertical line, and the blocks left and right of it with the least distance to each."""

    cells: list[Cell]
    x: float = 0.0
    left: dict["_Block", float] = field(default_factory=dict)
    right: dict["_Block", float] = field(default_factory=dict)
    reach_left: float = 0.0
    reach_right: float = 0.0


@dataclass(slots=True, eq=False)
class _Pull:
    """A link: it runs straight while the upper and the lower end are no further apart than `slack`."""

    upper: _Block
    lower: _Block
    offset: float
    slack: float

    @property
    def distance(self) -> float:
        return self.lower.x - self.upper.x + self.offset

    @property
    def cost(self) -> float:
        distance = abs(self.lower.x - self.upper.x + self.offset)
        return max(0.0, distance - self.slack) + _CENTRE_COST * distance

    def better_places(self, block: _Block) -> Iterator[float]:
        """Return where the block would have the link centred, and where just straight."""
        way = self.distance if block is self.upper else -self.distance
        yield block.x + way
        if abs(way) > self.slack:
            yield block.x + way - (self.slack if way > 0 else -self.slack)


def place_columns(layers: Layers, machine: Machine) -> float:
    """Set the x of each cell and return what that costs: transitions that run sideways, and width."""
    blocks = _blocks(layers, machine)
    block_of = {cell: block for block in blocks for cell in block.cells}
    pulls = [_pull(link, block_of) for link in dict.fromkeys(layers.links())]
    _pack(blocks)
    cost = _improve(blocks, pulls)
    leftmost = min(block.x - block.reach_left for block in blocks)
    for block in blocks:
        for cell in block.cells:
            cell.x = block.x - leftmost
    return cost


def _blocks(layers: Layers, machine: Machine) -> list[_Block]:
    """Line up neighbours, the important ones first, unless that would cross what is lined up already."""
    below = _aligned(layers.rows, _links_by_importance(layers.routes, machine))
    block_of: dict[Cell, _Block] = {}
    for cell in (cell for row in layers.rows for cell in row):
        block = block_of.setdefault(cell, _Block(cells=[cell]))
        if cell in below:
            block.cells.append(below[cell])
            block_of[below[cell]] = block
    for row in layers.rows:
        for left, right in pairwise(row):
            one, other = block_of[left], block_of[right]
            one.right[other] = other.left[one] = max(_distance(left, right), one.right.get(other, 0.0))
    blocks = list(dict.fromkeys(block_of.values()))
    for block in blocks:
        block.reach_left = max(cell.width / 2 for cell in block.cells)
        block.reach_right = max(cell.right for cell in block.cells)
    return blocks


def _aligned(rows: Sequence[list[Cell]], links: Iterable[Link]) -> dict[Cell, Cell]:
    place = {cell: index for row in rows for index, cell in enumerate(row)}
    below: dict[Cell, Cell] = {}
    taken: set[Cell] = set()
    for upper, lower in links:
        if upper.host or lower.host or upper.wide or lower.wide or upper in below or lower in taken:
            continue
        crosses = any(
            (place[upper] < place[other]) != (place[lower] < place[other_lower])
            for other, other_lower in below.items()
            if other.rank == upper.rank
        )
        if not crosses:
            below[upper] = lower
            taken.add(lower)
    return below


def _links_by_importance(routes: Iterable[Route], machine: Machine) -> list[Link]:
    """Return the links of the main path, then what passes rows, then how the other states go on."""
    path, normal = main_path(machine), set(main_transitions(machine).values())
    importance: dict[Link, int] = {}
    for route in routes:
        for link in route.links():
            passing = all(cell.kind is not CellKind.STATE for cell in link)
            if route.transition in path:
                rank = 0
            elif passing:
                rank = 1
            elif route.transition in normal:
                rank = 2
            elif CellKind.BEND in {link[0].kind, link[1].kind} or link[1].kind is CellKind.END:
                continue  # it may leave or enter the state beside the centre
            else:
                rank = 3
            importance[link] = min(rank, importance.get(link, rank))
    return sorted(importance, key=importance.__getitem__)


def _distance(left: Cell, right: Cell) -> float:
    both_states = left.kind is right.kind is CellKind.STATE
    return left.right + right.width / 2 + (_GAP if both_states else _BEND_GAP)


def _pull(link: Link, block_of: dict[Cell, _Block]) -> _Pull:
    upper, lower = link
    slack = max(0.0, *(cell.width / 2 - _PORT_MARGIN for cell in link if cell.kind is CellKind.STATE), 0.0)
    return _Pull(
        upper=block_of[upper.host or upper],
        lower=block_of[lower.host or lower],
        offset=lower.offset - upper.offset,
        slack=slack,
    )


def _pack(blocks: Sequence[_Block]) -> None:
    """Start with everything as far to the right as the narrowest picture allows."""
    leftmost: dict[_Block, float] = {}
    rightmost: dict[_Block, float] = {}

    def left_of(block: _Block) -> float:
        if block not in leftmost:
            leftmost[block] = max((left_of(each) + gap for each, gap in block.left.items()), default=0.0)
        return leftmost[block]

    def right_of(block: _Block) -> float:
        if block not in rightmost:
            rightmost[block] = min((right_of(each) - gap for each, gap in block.right.items()), default=width)
        return rightmost[block]

    width = max(left_of(block) for block in blocks)
    for block in blocks:
        block.x = right_of(block)


def _improve(blocks: Sequence[_Block], pulls: Sequence[_Pull]) -> float:
    """Move one block at a time, and what it pushes, as long as that makes the picture better."""
    cost = _cost(blocks, pulls)
    for _ in range(_PASSES):
        before = cost
        for block in blocks:
            for x in _places_to_try(block, pulls):
                moved = _push(block, x)
                new_cost = _cost(blocks, pulls)
                if new_cost < cost - _ROUNDING:
                    cost = new_cost
                    continue
                for each, old_x in moved.items():
                    each.x = old_x
        if cost == before:
            break
    return cost


def _places_to_try(block: _Block, pulls: Sequence[_Pull]) -> Iterable[float]:
    places = [block.x + step for step in _STEPS]
    for pull in pulls:
        if block in {pull.upper, pull.lower}:
            places += pull.better_places(block)
    return dict.fromkeys(round(x, 1) for x in places)


def _push(block: _Block, x: float) -> dict[_Block, float]:
    """Move a block, and what is in its way as far as it must, and return where all that stood."""
    old: dict[_Block, float] = {}
    moving = [(block, x)]
    while moving:
        each, new_x = moving.pop()
        old.setdefault(each, each.x)
        each.x = new_x
        moving += [(other, new_x + gap) for other, gap in each.right.items() if other.x < new_x + gap]
        moving += [(other, new_x - gap) for other, gap in each.left.items() if other.x > new_x - gap]
    return old


def _cost(blocks: Sequence[_Block], pulls: Sequence[_Pull]) -> float:
    width = max(block.x + block.reach_right for block in blocks) - min(
        block.x - block.reach_left for block in blocks
    )
    return sum(pull.cost for pull in pulls) + _WIDTH_COST * width
