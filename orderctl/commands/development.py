"""The commands of the development tools: up, down, demo, record, draw. Each is loaded when it is called."""

from importlib.metadata import entry_points
from typing import Any, Final

import typer
from typer.main import get_command

from orderctl.errors import OperatorError

ENTRY_POINT_GROUP: Final = "orderctl.commands"
# Their help, so that `orderctl --help` loads none of them.
SUMMARIES: Final = {
    "up": "Start a local cloud and deploy the app onto it.",
    "down": "Stop the local cloud and remove what it stored.",
    "demo": "Place orders of every kind on a local cloud and show what happened to each.",
    "record": "Record what the workflow does in each scenario, into tests/workflow/recordings.",
    "draw": "Draw the state machine as SVG, with the path of a recording marked.",
}

app = typer.Typer()


def _list(name: str, summary: str) -> None:
    @app.command(name, help=summary, rich_help_panel="Development")
    def _() -> None:
        raise AssertionError(f"{name} is loaded before it is called")


for _name, _summary in SUMMARIES.items():
    _list(_name, _summary)


def load_command(name: str) -> Any:
    """Import the command; raise OperatorError where the development tools are not installed."""
    try:
        (entry_point,) = entry_points(group=ENTRY_POINT_GROUP, name=name)
        function = entry_point.load()
    except (ImportError, ValueError) as error:
        raise OperatorError(
            f"`orderctl {name}` needs the development tools",
            why=str(error) if isinstance(error, ImportError) else "they are not installed",
            what_to_do="Clone the repository, run `make install` there, and call its .venv/bin/orderctl.",
        ) from None
    command = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    command.command(name)(function)
    return get_command(command)
