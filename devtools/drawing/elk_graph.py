"""Converts a state machine to a graph for ELK: nodes with sizes, ports on their outlines, edges with labels.

https://eclipse.dev/elk/documentation/tooldevelopers/graphdatastructure/jsonformat.html
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from devtools.drawing.elk import Json
from devtools.drawing.structure import handlers, main_path
from orderctl.picture.machine import ENDINGS, Machine, State, Transition, TransitionKind
from orderctl.picture.sizes import (
    FRAME_FOOTER,
    FRAME_HEADER,
    FRAME_PADDING,
    SIDE_GAP,
    START_SIZE,
    box_size,
    frame_title_width,
)
from orderctl.picture.text import label_size

# https://eclipse.dev/elk/reference/algorithms/org-eclipse-elk-layered.html
_OPTIONS: Final = {
    "elk.algorithm": "layered",
    "elk.direction": "DOWN",
    "elk.edgeRouting": "ORTHOGONAL",
    "elk.separateConnectedComponents": "false",  # keeps branches side by side, in their order
    "elk.layered.layering.strategy": "LONGEST_PATH_SOURCE",  # draws a state as near to the start as possible
    "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
    "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",  # respects the straightness priorities
    "elk.layered.edgeLabels.centerLabelPlacementStrategy": "TAIL_LAYER",  # labels just below the Choice
    "elk.layered.spacing.nodeNodeBetweenLayers": "30",
    "elk.layered.spacing.edgeNodeBetweenLayers": "14",
    "elk.layered.spacing.edgeEdgeBetweenLayers": "9",
    "elk.spacing.nodeNode": "16",
    "elk.spacing.edgeNode": "10",
    "elk.spacing.edgeEdge": "8",
    "elk.padding": "[top=2,left=10,bottom=2,right=14]",
}
_FRAME_OPTIONS: Final = _OPTIONS | {
    "elk.padding": f"[top={FRAME_HEADER},left={FRAME_PADDING},bottom={FRAME_FOOTER},right={FRAME_PADDING}]",
    "elk.nodeSize.constraints": "MINIMUM_SIZE",
    "elk.portConstraints": "FIXED_SIDE",
}
_BOX_OPTIONS: Final = {"elk.portConstraints": "FIXED_SIDE"}
_SIDE: Final = "elk.port.side"
_LAYER: Final = "elk.layered.layering.layerConstraint"
_STRAIGHT: Final = "elk.layered.priority.straightness"
_DOWN: Final = "elk.layered.priority.direction"


@dataclass(frozen=True, slots=True, kw_only=True)
class ElkGraph:
    """A graph, the objects of its ids, and the transitions inside one node."""

    root: Json
    states: Mapping[str, tuple[State, ...]]
    transitions: Mapping[str, Transition]
    inside: tuple[Transition, ...]


def elk_graph(machine: Machine) -> ElkGraph:
    """Convert a state machine to a graph; a step and the handler beside it are one node."""
    builder = _Builder()
    contents = builder.contents("", machine, START_SIZE)
    return ElkGraph(
        root={"id": "root", "layoutOptions": _OPTIONS, **contents},
        states=builder.states,
        transitions=builder.transitions,
        inside=tuple(builder.inside),
    )


@dataclass(slots=True)
class _Builder:
    states: dict[str, tuple[State, ...]] = field(default_factory=dict)
    transitions: dict[str, Transition] = field(default_factory=dict)
    inside: list[Transition] = field(default_factory=list)

    def contents(self, key: str, machine: Machine, start_size: tuple[float, float]) -> Json:
        """Return the nodes and edges of a state machine, or of the branch with this key."""
        steps = handlers(machine)
        main = main_path(machine)
        ports = _Ports(machine=machine, start=f"start {key}")
        edges = []
        for transition in machine.transitions:
            if transition.source in {transition.target, steps.get(transition.target)}:
                self.inside.append(transition)
            else:
                edges.append(self._edge(transition, ports, main=transition in main))
        start = _point(ports.start, start_size, "FIRST")
        ends = [_point(end, (0, 0), "LAST") for end in ports.ends]
        return {"children": [start, *ends, *self._nodes(machine, steps, ports)], "edges": edges}

    def _edge(self, transition: Transition, ports: "_Ports", *, main: bool) -> Json:
        id_ = f"edge {len(self.transitions)}"
        self.transitions[id_] = transition
        return {
            "id": id_,
            "sources": [ports.leave(transition, id_)],
            "targets": [ports.enter(transition, id_)],
            "layoutOptions": _edge_options(transition, main=main),
            "labels": [_label(id_, transition.label)] if transition.label else [],
        }

    def _nodes(self, machine: Machine, steps: Mapping[str, str], ports: "_Ports") -> Iterator[Json]:
        handler_of = {step: machine.states[handler] for handler, step in steps.items()}
        for name, state in machine.states.items():
            if name in steps:
                continue
            handler = handler_of.get(name)
            node = _pair(state, handler, ports) if handler else self._node(state, ports.sides[name])
            self.states[node["id"]] = (state, handler) if handler else (state,)
            yield node

    def _node(self, state: State, ports: Mapping[str, str]) -> Json:
        written = [{"id": id_, "layoutOptions": {_SIDE: side}} for id_, side in ports.items()]
        return {"id": f"state {state.name}", "ports": written, **self._shape(state)}

    def _shape(self, state: State) -> Json:
        if state.branches:
            return self._frame(state)
        width, height = box_size(state)
        last = {_LAYER: "LAST"} if state.type in ENDINGS else {}  # readers expect endings at the bottom
        return {"width": width, "height": height, "layoutOptions": _BOX_OPTIONS | last}

    def _frame(self, state: State) -> Json:
        contents = [
            self.contents(f"{index} {state.name}", branch, (0, 0))
            for index, branch in enumerate(state.branches)
        ]
        least = f"({frame_title_width(state) + 2 * FRAME_PADDING},{2 * FRAME_HEADER})"
        return {
            "layoutOptions": _FRAME_OPTIONS | {"elk.nodeSize.minimum": least},
            "children": [node for each in contents for node in each["children"]],
            "edges": [edge for each in contents for edge in each["edges"]],
        }


@dataclass(slots=True, kw_only=True)
class _Ports:
    """The ports of transitions: for each state the side of each port."""

    machine: Machine
    start: str
    ends: list[str] = field(default_factory=list)
    sides: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def leave(self, transition: Transition, edge: str) -> str:
        """Return the port where an edge starts; each error has its own port on the right."""
        if not transition.source:
            return self.start
        if transition.kind is TransitionKind.CATCH:
            return self._add(transition.source, f"catch {edge}", "EAST")
        return self._add(transition.source, f"out {transition.source}", "SOUTH")

    def enter(self, transition: Transition, edge: str) -> str:
        """Return the port where an edge ends: a box has one port, a frame has a port for each edge."""
        name = transition.target
        if not name:
            self.ends.append(f"end {edge}")
            return self.ends[-1]
        return self._add(name, f"in {edge if self.machine.states[name].branches else name}", "NORTH")

    def _add(self, name: str, id_: str, side: str) -> str:
        self.sides[name][id_] = side
        return id_


def _pair(step: State, handler: State, ports: _Ports) -> Json:
    """Return a node of a step and of its handler on the right; the main path continues below the step."""
    (width, height), (handler_width, _) = box_size(step), box_size(handler)
    left = width + SIDE_GAP
    places = [*_below(ports.sides[step.name], width), *_below(ports.sides[handler.name], handler_width, left)]
    return {
        "id": f"state {step.name}",
        "width": left + handler_width,
        "height": height,
        "layoutOptions": {"elk.portConstraints": "FIXED_POS"},
        "ports": [
            {"id": id_, "x": x, "y": 0 if side == "NORTH" else height, "layoutOptions": {_SIDE: side}}
            for id_, side, x in places
        ],
    }


def _below(ports: Mapping[str, str], width: float, left: float = 0) -> Iterator[tuple[str, str, float]]:
    """Return each port with its side and x. Errors start at the bottom: the handler is on the right."""
    caught = [id_ for id_, side in ports.items() if side == "EAST"]
    for id_, side in ports.items():
        share = (caught.index(id_) + 1) / (len(caught) + 1) if id_ in caught else 0
        yield id_, "NORTH" if side == "NORTH" else "SOUTH", left + round(width / 2 * (1 + share))


def _edge_options(transition: Transition, *, main: bool) -> dict[str, str]:
    if main:
        return {_STRAIGHT: "100", _DOWN: "10"}
    return {_STRAIGHT: "10"} if transition.kind is TransitionKind.NEXT else {}


def _label(edge: str, words: str) -> Json:
    width, height = label_size(words)
    options = {"elk.edgeLabels.inline": "true"}
    return {"id": f"label {edge}", "text": words, "width": width, "height": height, "layoutOptions": options}


def _point(id_: str, size: tuple[float, float], layer: str) -> Json:
    """Return the node where an execution starts or ends."""
    width, height = size
    return {"id": id_, "width": width, "height": height, "layoutOptions": {_LAYER: layer}}
