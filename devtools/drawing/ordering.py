"""The order of each row from left to right, with few crossings (barycenter sweeps, then swaps)."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from devtools.drawing.layers import Cell, Layers, Link

_SWEEPS: Final = 12

Links = Sequence[Link]
Row = list[Cell]


def order_rows(layers: Layers) -> None:
    """Reorder each row in place; of equally good orders the first one found stays."""
    links = _links_between_rows(layers)
    best = [list(row) for row in layers.rows]
    fewest = _crossings(best, links)
    rows = [list(row) for row in best]
    for sweep in range(_SWEEPS):
        _sweep(rows, links, downward=sweep % 2 == 0)
        _swap_neighbours(rows, links)
        crossings = _crossings(rows, links)
        if crossings < fewest:
            fewest, best = crossings, [list(row) for row in rows]
    layers.rows[:] = best


def refine(layers: Layers, cost: Callable[[], float]) -> None:
    """Swap neighbours that can be swapped without a new crossing, where that costs less."""
    links = _links_between_rows(layers)
    lowest = cost()
    for rank, row in enumerate(layers.rows):
        for index in range(len(row) - 1):
            before = _crossings_around(layers.rows, links, rank)
            row[index], row[index + 1] = row[index + 1], row[index]
            if _crossings_around(layers.rows, links, rank) <= before and (new_cost := cost()) < lowest:
                lowest = new_cost
            else:
                row[index], row[index + 1] = row[index + 1], row[index]


def _links_between_rows(layers: Layers) -> list[Links]:
    """Return for each row the links to the next one; what runs together counts once."""
    links: list[dict[Link, None]] = [{} for _ in layers.rows]
    for link in layers.links():
        links[link[0].rank][link] = None
    return [list(each) for each in links]


def _positions(row: Row) -> dict[Cell, float]:
    positions: dict[Cell, float] = {}
    for index, cell in enumerate(row):
        positions[cell] = index
        if cell.side:
            positions[cell.side] = index + 0.5
    return positions


def _sweep(rows: list[Row], links: Sequence[Links], *, downward: bool) -> None:
    ranks = range(1, len(rows)) if downward else range(len(rows) - 2, -1, -1)
    for rank in ranks:
        fixed = _positions(rows[rank - 1 if downward else rank + 1])
        neighbours: dict[Cell, list[float]] = {}
        for upper, lower in links[rank - 1 if downward else rank]:
            moving, standing = (lower, upper) if downward else (upper, lower)
            neighbours.setdefault(moving.host or moving, []).append(fixed[standing])
        _sort(rows[rank], neighbours)


def _sort(row: Row, neighbours: Mapping[Cell, list[float]]) -> None:
    """Sort by the mean position of the neighbours; a cell without any keeps its place."""
    means = {cell: sum(places) / len(places) for cell, places in neighbours.items()}
    moving = iter(sorted((cell for cell in row if cell in means), key=means.__getitem__))
    row[:] = [next(moving) if cell in means else cell for cell in row]


def _swap_neighbours(rows: list[Row], links: Sequence[Links]) -> None:
    improved = True
    while improved:
        improved = False
        for rank, row in enumerate(rows):
            for index in range(len(row) - 1):
                before = _crossings_around(rows, links, rank)
                row[index], row[index + 1] = row[index + 1], row[index]
                if _crossings_around(rows, links, rank) < before:
                    improved = True
                else:
                    row[index], row[index + 1] = row[index + 1], row[index]


def _crossings_around(rows: list[Row], links: Sequence[Links], rank: int) -> int:
    first, last = max(rank - 1, 0), min(rank + 1, len(rows) - 1)
    return _crossings(rows[first : last + 1], links[first:last])


def _crossings(rows: Sequence[Row], links: Sequence[Links]) -> int:
    return sum(
        _crossings_between(upper, lower, each)
        for (upper, lower), each in zip(pairwise(rows), links, strict=False)
    )


def _crossings_between(upper_row: Row, lower_row: Row, links: Links) -> int:
    uppers, lowers = _positions(upper_row), _positions(lower_row)
    places = sorted((uppers[upper], lowers[lower]) for upper, lower in links)
    return sum(
        1
        for index, (upper, lower) in enumerate(places)
        for other_upper, other_lower in places[index + 1 :]
        if upper < other_upper and lower > other_lower
    )
