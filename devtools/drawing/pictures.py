"""Pictures of the state machine from files, and those that the documents show."""

import json
from pathlib import Path
from typing import Any, Final

from devtools.asl.definition import DEFINITION
from devtools.asl.graph import read_machine
from devtools.checkout import REPOSITORY
from devtools.drawing.path import read_path
from devtools.drawing.svg import draw
from devtools.recording.recording import RECORDINGS
from orderctl.errors import OperatorError

PICTURES: Final = tuple(sorted((REPOSITORY / "statemachines" / "pictures").glob("*.svg")))
"""The pictures in the documents; each is named by its recording."""


def picture(definition: Path, recording: Path | None) -> str:
    """Return the state machine as SVG, with the path of a recording marked."""
    machine = read_machine(_json(definition))
    title = definition.name.split(".")[0].replace("_", " ").capitalize()
    path = read_path(machine, _json(recording)) if recording else None
    return draw(machine, f"{title}: {path.scenario}" if path else title, path)


def draw_again(file: Path) -> bool:
    """Draw a picture of the documents again; return whether it changed."""
    drawn = picture(DEFINITION, RECORDINGS / f"{file.stem}.json")
    if drawn == file.read_text(encoding="utf-8"):
        return False
    file.write_text(drawn, encoding="utf-8")
    return True


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise OperatorError(f"can't read {file}", why=error.strerror or "") from error
    except json.JSONDecodeError as error:
        raise OperatorError(f"can't read {file}", why=f"invalid JSON in line {error.lineno}") from error
