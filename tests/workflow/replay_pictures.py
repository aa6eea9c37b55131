"""Draws a failed replay next to its recording."""

from pathlib import Path

from devtools.asl.definition import Definition
from devtools.drawing.path import Path as ExecutionPath
from devtools.drawing.path import read_path
from devtools.drawing.side_by_side import side_by_side
from devtools.drawing.svg import draw
from devtools.recording.recording import Outcome, Recording
from orderctl.errors import OperatorError
from orderctl.picture.machine import Machine, read_machine


def draw_both(definition: Definition, recording: Recording, replayed: Outcome, folder: Path) -> Path:
    """Write the two pictures, and return their file."""
    machine = read_machine(definition)
    drawn = [
        draw(machine, title, _path(machine, recording, outcome))
        for title, outcome in (("recorded", recording.outcome), ("replayed", replayed))
    ]
    file = folder / f"{recording.scenario}.svg"
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(side_by_side(drawn[0], drawn[1], ("recorded", "replayed")), encoding="utf-8")
    return file


def _path(machine: Machine, recording: Recording, outcome: Outcome) -> ExecutionPath | None:
    try:
        return read_path(machine, {"scenario": recording.scenario, **outcome.to_json()})
    except OperatorError:
        return None  # the definition no longer has this path
