"""The whole workflow that this version ships, as devtools have laid it out."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from orderctl.picture.machine import Machine, State, Transition, TransitionKind
from orderctl.picture.placed import Box, Label, Layout, Line

LAYOUT_FILE: Final = Path(__file__).with_name("whole_workflow.json")
# A frame is drawn around the boxes of its branches; which those are is of no interest then.
_BRANCHES: Final = (Machine(start="", states={}, transitions=()),)


@cache
def whole_layout() -> Layout:
    """Read the layout of the shipped workflow."""
    return layout_from_json(json.loads(LAYOUT_FILE.read_text(encoding="utf-8")))


def layout_json(layout: Layout) -> str:
    """Write a layout, one state or transition a line."""
    transitions = [line.transition for line in layout.lines]
    rows: dict[str, list[Any]] = {
        "states": [
            [box.state.name, box.state.type, box.state.service, box.x, box.y, box.width, box.height]
            for box in layout.boxes
        ],
        "lines": [[*_transition_json(line.transition), line.points] for line in layout.lines],
        "labels": [
            [transitions.index(label.transition), label.x, label.y, label.width, label.height]
            for label in layout.labels
        ],
    }
    parts = [f'"size": {json.dumps([layout.width, layout.height])}']
    for name, each in rows.items():
        written = ",\n".join(json.dumps(row, ensure_ascii=False) for row in each)
        parts.append(f'"{name}": [\n{written}\n]')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def layout_from_json(found: Mapping[str, Any]) -> Layout:
    """Read what `layout_json` wrote."""
    lines = [
        Line(
            transition=Transition(source=source, target=target, kind=TransitionKind(kind), label=label),
            points=tuple((x, y) for x, y in points),
        )
        for source, target, kind, label, points in found["lines"]
    ]
    width, height = found["size"]
    return Layout(
        width=width,
        height=height,
        boxes=tuple(
            Box(state=_state(name, type_, service), x=x, y=y, width=box_width, height=box_height)
            for name, type_, service, x, y, box_width, box_height in found["states"]
        ),
        labels=tuple(
            Label(transition=lines[index].transition, x=x, y=y, width=label_width, height=label_height)
            for index, x, y, label_width, label_height in found["labels"]
        ),
        lines=tuple(lines),
    )


def _state(name: str, type_: str, service: str) -> State:
    branches = _BRANCHES if type_ in {"Parallel", "Map"} else ()
    return State(name=name, type=type_, service=service, branches=branches)


def _transition_json(transition: Transition) -> list[str]:
    return [transition.source, transition.target, transition.kind, transition.label]
