"""What `orderctl draw` draws of a checkout: the state machine, recordings, and the project's pictures."""

from pathlib import Path
from typing import Final

import typer

from devtools.asl.definition import DEFINITION
from devtools.drawing.pictures import draw_all_again, picture
from orderctl.terminal import output as terminal
from orderctl.terminal import progress

_OUTPUT: Final = Path("order_workflow.svg")


def draw(definition: Path | None, recording: Path | None, output: Path | None, *, update: bool) -> None:
    """Draw the state machine as SVG, with the path of a recording marked."""
    if update:
        for file in draw_all_again():
            terminal.print(f"drawn again: {file}", markup=False)
        return
    drawn = picture(definition or DEFINITION, recording)
    file = output or _OUTPUT
    if file == Path("-"):
        typer.echo(drawn, nl=False)
        return
    file.write_text(drawn, encoding="utf-8")
    progress.print(f"drawn: {file}", markup=False)
