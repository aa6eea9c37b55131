"""Where transitions run between two rows: down from a port, sideways on a track of their own, down again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from devtools.drawing.layers import Cell, CellKind, Layers, Link, Route

_PORT_MARGIN: Final = 14.0
_PORT_GAP: Final = 12.0
_EDGE: Final = 2.0  # the corners are round
_TOUCHING: Final = 5.0  # vertical lines closer than this look like one
_TOUCH_COST: Final = 100


@dataclass(slots=True, eq=False)
class Net:
    """What arrives at one place of the lower row; `track` 0 is the uppermost, None if all runs straight."""

    lower_x: float
    upper_xs: list[float] = field(default_factory=list)
    track: int | None = None

    @property
    def straight(self) -> bool:
        """Tell whether nothing in it runs sideways."""
        return all(x == self.lower_x for x in self.upper_xs)

    @property
    def span(self) -> tuple[float, float]:
        """Return the leftmost and the rightmost x."""
        return min(self.lower_x, *self.upper_xs), max(self.lower_x, *self.upper_xs)

    def overlaps(self, other: "Net") -> bool:
        """Tell whether both can't share a track."""
        (left, right), (other_left, other_right) = self.span, other.span
        return left <= other_right + _TOUCHING and other_left <= right + _TOUCHING


@dataclass(slots=True, kw_only=True)
class Channel:
    """What runs between a row and the next: the net and the upper x of each link of each route."""

    nets: list[Net] = field(default_factory=list)
    net_of: dict[tuple[Route, Cell], tuple[float, Net]] = field(default_factory=dict)

    @property
    def tracks(self) -> int:
        """Return how many tracks it needs."""
        return max((net.track + 1 for net in self.nets if net.track is not None), default=0)


def channels(layers: Layers) -> list[Channel]:
    """Route every link between each row and the next."""
    links: list[list[tuple[Route, Link]]] = [[] for _ in layers.rows]
    for route in layers.routes:
        for link in route.links():
            links[link[0].rank].append((route, link))
    return [_channel(each) for each in links]


def _channel(links: Sequence[tuple[Route, Link]]) -> Channel:
    channel = Channel()
    upper_xs = _upper_ports(links)
    nets: dict[tuple[Cell, float], Net] = {}
    for lower in dict.fromkeys(lower for _, (_, lower) in links):
        arriving = [(route, link) for route, link in links if link[1] is lower]
        for (route, (upper, _)), x in _lower_ports(arriving, upper_xs):
            net = nets.setdefault((lower, x), Net(lower_x=x))
            net.upper_xs.append(upper_xs[route, upper])
            channel.net_of[route, upper] = upper_xs[route, upper], net
    channel.nets = list(nets.values())
    _assign_tracks(channel.nets)
    return channel


def _upper_ports(links: Sequence[tuple[Route, Link]]) -> Mapping[tuple[Route, Cell], float]:
    """Return where each link leaves its upper cell: straight above its goal if it can, none above another."""
    ports: dict[tuple[Route, Cell], float] = {}
    for cell in dict.fromkeys(upper for _, (upper, _) in links):
        leaving = [(route, lower) for route, (upper, lower) in links if upper is cell]
        leaving.sort(key=lambda each: each[1].centre)
        goals = [_goal(cell, lower) for _, lower in leaving]
        for (route, _), x in zip(leaving, _spread(cell, goals), strict=True):
            ports[route, cell] = x
    return ports


def _goal(cell: Cell, lower: Cell) -> float:
    if not lower.wide:
        return lower.centre
    reach = lower.width / 2 - 2 * _PORT_MARGIN
    return min(max(cell.centre, lower.centre - reach), lower.centre + reach)


def _spread(cell: Cell, goals: Sequence[float]) -> list[float]:
    """Move goals, sorted from left to right, into the reach of the cell and away from each other."""
    if cell.kind is not CellKind.STATE:
        return [cell.centre for _ in goals]
    left, right = cell.centre - cell.width / 2 + _PORT_MARGIN, cell.centre + cell.width / 2 - _PORT_MARGIN
    ports = [min(max(goal, left), right) for goal in goals]
    gap = min(_PORT_GAP, (right - left) / max(len(goals) - 1, 1))
    fixed = min(range(len(goals)), key=lambda index: abs(ports[index] - cell.centre))
    fixed_x = min(max(ports[fixed], left + fixed * gap), right - (len(goals) - 1 - fixed) * gap)
    ports[fixed] = fixed_x
    for index in range(fixed - 1, -1, -1):
        ports[index] = max(min(ports[index], ports[index + 1] - gap), left + index * gap)
    for index in range(fixed + 1, len(ports)):
        ports[index] = min(max(ports[index], ports[index - 1] + gap), right - (len(ports) - 1 - index) * gap)
    return ports


def _lower_ports(
    arriving: Sequence[tuple[Route, Link]], upper_xs: Mapping[tuple[Route, Cell], float]
) -> Iterable[tuple[tuple[Route, Link], float]]:
    """Return where each link arrives: all at one place, but a wide cell takes each where it comes from."""
    lower = arriving[0][1][1]
    xs = [upper_xs[route, link[0]] for route, link in arriving]
    if lower.wide:
        reach = lower.width / 2 - _PORT_MARGIN
        return zip(
            arriving, [min(max(x, lower.centre - reach), lower.centre + reach) for x in xs], strict=True
        )
    reach = max(0.0, lower.width / 2 - _PORT_MARGIN) if lower.kind is CellKind.STATE else 0.0
    nearest = min(xs, key=lambda x: abs(x - lower.centre))
    meeting = nearest if abs(nearest - lower.centre) <= reach else lower.centre
    upward = sum(route.upward for route, _ in arriving)
    room = lower.centre + lower.width / 2 - meeting - _EDGE
    gap = min(_PORT_GAP, room / max(upward, 1))
    back = iter(range(1, upward + 1))
    return [
        # What goes back leaves the box upwards, beside what arrives.
        (each, meeting + next(back) * gap if each[0].upward and reach else meeting)
        for each in arriving
    ]


def _assign_tracks(nets: Sequence[Net]) -> None:
    order = _with_few_crossings([net for net in nets if not net.straight])
    for index, net in enumerate(order):
        above = [other.track for other in order[:index] if other.track is not None and other.overlaps(net)]
        net.track = max(above, default=-1) + 1


def _with_few_crossings(nets: list[Net]) -> list[Net]:
    """Insert each net where it crosses the others least."""
    order: list[Net] = []
    for net in sorted(nets, key=lambda each: each.span):
        costs = [
            sum(_crossings(other, net) for other in order[:index])
            + sum(_crossings(net, other) for other in order[index:])
            for index in range(len(order) + 1)
        ]
        order.insert(costs.index(min(costs)), net)
    return order


def _crossings(above: Net, below: Net) -> int:
    """Count how often two nets cross when one has the upper track."""
    left, right = above.span
    below_left, below_right = below.span
    crossings = sum(left < x < right for x in below.upper_xs) + (below_left < above.lower_x < below_right)
    touching = any(abs(above.lower_x - x) < _TOUCHING for x in below.upper_xs)
    return crossings + _TOUCH_COST * touching
