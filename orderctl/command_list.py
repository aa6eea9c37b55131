"""Lists the commands of orderctl. A command is imported when it is called, so that the help is fast."""

from dataclasses import dataclass
from importlib.metadata import entry_points
from pkgutil import resolve_name
from typing import Any, Final

import typer
from typer.main import get_command

from orderctl.errors import OperatorError
from orderctl.examples import EXAMPLES

# The commands that need the development tools are entry points of this group.
ENTRY_POINT_GROUP: Final = "orderctl.commands"


@dataclass(frozen=True, slots=True)
class ListedCommand:
    """`summary` is what `orderctl --help` shows. `target` is a function, or a Typer app with subcommands."""

    summary: str
    target: str


COMMANDS: Final = {
    "status": ListedCommand("Show what is running, and how it is doing.", "orderctl.commands.status:status"),
    "doctor": ListedCommand(
        "Check what a stage needs, before a deployment and after.", "orderctl.commands.doctor:doctor"
    ),
    "stock": ListedCommand(
        "Products, prices and stock: set, show, import, split, merge.", "orderctl.commands.stock:app"
    ),
    "place": ListedCommand("Place an order.", "orderctl.commands.placing:place"),
    "show": ListedCommand(
        "Explain an order: where it stands, what failed, and what comes next.",
        "orderctl.commands.showing:show",
    ),
    "orders": ListedCommand(
        "List a customer's orders, or the open orders with a status.", "orderctl.commands.orders:orders"
    ),
    "stats": ListedCommand(
        "Count how orders ended, how long that took, and what was refused.", "orderctl.commands.stats:stats"
    ),
    "cost": ListedCommand(
        "Tell what orders cost on AWS, by outcome and service.", "orderctl.commands.cost:cost"
    ),
    "watch": ListedCommand(
        "Watch the open orders, the newest outcomes and the queues.", "orderctl.commands.watch:watch"
    ),
    "console": ListedCommand(
        "Serve a page that shows orders, executions, dead letters and stock live.",
        "orderctl.commands.console:console",
    ),
    "open": ListedCommand(
        "Open a page of the AWS console: order, executions, dashboard.", "orderctl.commands.opening:app"
    ),
    "cancel": ListedCommand(
        "Cancel an order, or all that have been ON_HOLD for long.", "orderctl.commands.cancelling:cancel"
    ),
    "trace": ListedCommand(
        "Show the states that the executions of an order passed, branch by branch.",
        "orderctl.commands.tracing:trace",
    ),
    "draw": ListedCommand("Draw an execution of an order as SVG.", "orderctl.commands.drawing:draw"),
    "import": ListedCommand(
        "Stock the products of an order file, place its orders and wait until they are settled.",
        "orderctl.commands.importing:import_orders",
    ),
    "bench": ListedCommand(
        "Measure how many orders a stage accepts and settles in a second.", "orderctl.commands.bench:bench"
    ),
    "dlq": ListedCommand("Dead-letter queues: list, show, redrive.", "orderctl.commands.dlq:app"),
    "fault": ListedCommand(
        "Make a service fail on purpose, or end the fault.", "orderctl.commands.fault:fault"
    ),
    "forget": ListedCommand(
        "Erase a customer's id, e-mail address and payment token from the customer's settled orders.",
        "orderctl.commands.forgetting:forget",
    ),
    "rollback": ListedCommand(
        "Let new executions run the workflow's version before, or the one that you name.",
        "orderctl.commands.rollback:rollback",
    ),
}
DEVELOPMENT_COMMANDS: Final = {
    "up": "Start a local cloud with this checkout, or deploy what has changed onto the running one.",
    "deploy": "Deploy what has changed in this checkout onto the running local cloud.",
    "down": "Stop the local cloud and remove what it stored.",
    "demo": "Place orders of every kind on a local cloud and show what happened to each.",
    "record": "Record what the workflow does in each scenario, into tests/workflow/recordings.",
}


def add_commands(app: typer.Typer) -> None:
    """Add every command to the help; `load_command` returns what runs."""
    for name, command in COMMANDS.items():
        app.command(name, help=command.summary)(_not_loaded)
    for name, summary in DEVELOPMENT_COMMANDS.items():
        app.command(name, help=summary, rich_help_panel="Development")(_not_loaded)


def load_command(name: str) -> Any:
    """Import the command; raise OperatorError where the development tools are not installed."""
    target = resolve_name(COMMANDS[name].target) if name in COMMANDS else load_development_part(name)
    if not isinstance(target, typer.Typer):
        app = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        app.command(name)(target)
        target = app
    command: Any = get_command(target)
    _add_example(command, name)
    for subcommand_name, subcommand in getattr(command, "commands", {}).items():
        _add_example(subcommand, f"{name} {subcommand_name}")
    return command


def _add_example(command: Any, name: str) -> None:
    if name in EXAMPLES:
        command.epilog = f"Example: `{EXAMPLES[name]}`"


def _not_loaded() -> None:
    raise AssertionError("a command is loaded before it is called")


def load_development_part(name: str) -> Any:
    """Import what a command has in the development tools; raise OperatorError where there are none."""
    try:
        return entry_points(group=ENTRY_POINT_GROUP)[name].load()
    except (ImportError, KeyError) as error:
        raise OperatorError(
            f"`orderctl {name}` needs the development tools",
            why=f"they are not installed ({error})",
            what_to_do="Clone the repository, run `make install` there, and call its .venv/bin/orderctl.",
        ) from None
