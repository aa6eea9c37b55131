"""The layout of a state machine: from top to bottom, branches side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from devtools.drawing.elk import Json, place
from devtools.drawing.elk_graph import ElkGraph, elk_graph
from orderctl.picture.machine import Machine
from orderctl.picture.placed import Box, Label, Layout, Line, Point
from orderctl.picture.sizes import BOX_HEIGHT, FRAME_FOOTER, SIDE_GAP, box_size


def layout(machine: Machine) -> Layout:
    """Lay out a state machine."""
    graph = elk_graph(machine)
    root = place(graph.root)
    areas = [*_areas(root, 0.0, 0.0)]
    boxes = [box for area in areas for box in _boxes(graph, area)]
    return Layout(
        width=root["width"],
        height=root["height"],
        boxes=tuple(boxes),
        labels=tuple(label for area in areas for label in _labels(graph, area)),
        lines=(*_lines_inside(graph, boxes), *(line for area in areas for line in _lines(graph, area))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Area:
    """The whole drawing or a frame, at `x` and `y`; lines that leave it end at `bottom`."""

    node: Json
    x: float
    y: float
    bottom: float | None = None


def _areas(node: Json, x: float, y: float) -> Iterator[_Area]:
    yield _Area(
        node=node, x=x, y=y, bottom=y + node["height"] - FRAME_FOOTER if node["id"] != "root" else None
    )
    for child in node["children"]:
        if child.get("children"):
            yield from _areas(child, x + child["x"], y + child["y"])


def _boxes(graph: ElkGraph, area: _Area) -> Iterator[Box]:
    for node in area.node["children"]:
        x, y = area.x + node["x"], area.y + node["y"]
        for state in graph.states.get(node["id"], ()):
            width, height = (node["width"], node["height"]) if state.branches else box_size(state)
            yield Box(state=state, x=x, y=y + (node["height"] - height) / 2, width=width, height=height)
            x += width + SIDE_GAP


def _labels(graph: ElkGraph, area: _Area) -> Iterator[Label]:
    for edge in area.node["edges"]:
        for label in edge["labels"]:
            yield Label(
                transition=graph.transitions[edge["id"]],
                x=area.x + label["x"],
                y=area.y + label["y"],
                width=label["width"],
                height=label["height"],
            )


def _lines(graph: ElkGraph, area: _Area) -> Iterator[Line]:
    for edge in area.node["edges"]:
        (section,) = edge["sections"]
        corners = (section["startPoint"], *section.get("bendPoints", ()), section["endPoint"])
        points = [(area.x + corner["x"], area.y + corner["y"]) for corner in corners]
        transition = graph.transitions[edge["id"]]
        if area.bottom is not None and not transition.target:
            points[-1] = points[-1][0], area.bottom
        yield Line(transition=transition, points=tuple(points))


def _lines_inside(graph: ElkGraph, boxes: Sequence[Box]) -> Iterator[Line]:
    box_of = {box.state.name: box for box in boxes}
    for transition in graph.inside:
        source, target = box_of[transition.source], box_of[transition.target]
        y = source.y + min(source.height, BOX_HEIGHT) / 2
        points = _loop(source.x, y) if source is target else ((source.x + source.width, y), (target.x, y))
        yield Line(transition=transition, points=points)


def _loop(x: float, y: float) -> tuple[Point, ...]:
    return (x, y + 8), (x - 8, y + 8), (x - 8, y - 8), (x, y - 8)
