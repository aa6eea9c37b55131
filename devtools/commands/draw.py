"""Draws the state machine, and on it the path of a recorded execution."""

from pathlib import Path
from typing import Annotated

import typer

from devtools.drawing.pictures import picture
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
    drawn = picture(definition, recording)
    if output == Path("-"):
        typer.echo(drawn, nl=False)
        return
    output.write_text(drawn, encoding="utf-8")
    progress.print(f"drawn: {output}")
