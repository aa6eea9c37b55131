"""Pictures of the state machine from files, and those that the documents show."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from devtools.asl.definition import DEFINITION
from devtools.checkout import REPOSITORY
from devtools.drawing.layout import layout
from devtools.drawing.path import read_path
from devtools.drawing.svg import draw
from devtools.recording.recording import RECORDINGS
from orderctl.errors import OperatorError
from orderctl.order_report import described
from orderctl.picture.execution_picture import draw_execution
from orderctl.picture.heading import heading_of
from orderctl.picture.layout_file import LAYOUT_FILE, layout_json
from orderctl.picture.machine import read_machine
from orderctl.trace import LoggedEvent, trace_execution

_PICTURES: Final = REPOSITORY / "statemachines" / "pictures"
_ORDER_PICTURE: Final = REPOSITORY / "docs" / "pictures" / "held_order.svg"
_ORDER_LOG: Final = REPOSITORY / "tests" / "unit" / "execution_logs" / "held_after_retries.json"


def picture(definition: Path, recording: Path | None) -> str:
    """Return the state machine as SVG, with the path of a recording marked."""
    machine = read_machine(_json(definition))
    title = definition.name.split(".")[0].replace("_", " ").capitalize()
    path = read_path(machine, _json(recording)) if recording else None
    return draw(machine, f"{title}: {path.scenario}" if path else title, path)


def drawn_files() -> dict[Path, Callable[[], str]]:
    """Return what draws each file that the project has: the pictures of the documents, and orderctl's layout.

    A picture of the state machine is named by its recording.
    """
    recorded = {
        file: partial(picture, DEFINITION, RECORDINGS / f"{file.stem}.json")
        for file in sorted(_PICTURES.glob("*.svg"))
    }
    return {**recorded, LAYOUT_FILE: _layout, _ORDER_PICTURE: _order_picture}


def draw_all_again() -> Iterator[Path]:
    """Draw every file again; yield the path in the repository of each that has changed."""
    for file, draw_file in drawn_files().items():
        if draw_again(file, draw_file):
            yield file.relative_to(REPOSITORY)


def draw_again(file: Path, draw_file: Callable[[], str]) -> bool:
    """Draw a file again; return whether it changed."""
    drawn = draw_file()
    if file.exists() and drawn == file.read_text(encoding="utf-8"):
        return False
    file.write_text(drawn, encoding="utf-8")
    return True


def _layout() -> str:
    return layout_json(layout(read_machine(_json(DEFINITION))))


def _order_picture() -> str:
    log = _json(_ORDER_LOG)
    record = log["record"]
    executions = described(
        record,
        [
            trace_execution(each["arn"], map(LoggedEvent.from_json, each["events"]))
            for each in log["executions"]
        ],
    )
    return draw_execution(
        heading=heading_of(record, record["orderId"], executions, executions[-1]),
        execution=executions[-1],
        machine=read_machine(_json(DEFINITION)),
    )


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise OperatorError(f"can't read {file}", why=error.strerror or "") from error
    except json.JSONDecodeError as error:
        raise OperatorError(f"can't read {file}", why=f"invalid JSON in line {error.lineno}") from error
