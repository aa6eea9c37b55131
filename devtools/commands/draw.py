"""Draws the state machine, and on it the path of a recorded execution."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from devtools.asl.graph import read_machine
from devtools.drawing.path import read_path
from devtools.drawing.svg import draw as draw_machine
from orderctl.errors import OperatorError
from orderctl.terminal import progress


def draw(
    definition: Annotated[Path, typer.Option(help="The state machine, in ASL.")] = Path(
        "statemachines/order_workflow.asl.json"
    ),
    recording: Annotated[Path | None, typer.Option(help="Mark the path of this recorded execution.")] = None,
    output: Annotated[Path, typer.Option(help="The SVG file to write; - writes to standard output.")] = Path(
        "order_workflow.svg"
    ),
) -> None:
    """Draw the state machine as SVG, with the path of a recording marked."""
    machine = read_machine(_json(definition))
    title = definition.name.split(".")[0].replace("_", " ").capitalize()
    path = read_path(machine, _json(recording)) if recording else None
    picture = draw_machine(machine, f"{title}: {path.scenario}" if path else title, path)
    if output == Path("-"):
        typer.echo(picture, nl=False)
        return
    output.write_text(picture, encoding="utf-8")
    progress.print(f"drawn: {output}")


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise OperatorError(f"can't read {file}", why=error.strerror or "") from error
    except json.JSONDecodeError as error:
        raise OperatorError(f"can't read {file}", why=f"invalid JSON in line {error.lineno}") from error
