"""orderctl: operate the system on the local cloud or on AWS."""

from typing import Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from typer.core import TyperGroup

from orderctl.commands import demo, dlq, draw, fault, importing, local, orders, record, stock
from orderctl.console import print_error
from orderctl.errors import OperatorError


class _Commands(TyperGroup):
    """Says what went wrong in a line or two, and exits with 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OperatorError as error:
            print_error(error)
        except (BotoCoreError, ClientError) as error:
            print_error(OperatorError(str(error)))
        raise typer.Exit(1)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Operate the order processing system, on a local cloud or on AWS.",
)
for commands in (local, stock, orders, importing, dlq, fault, demo, record, draw):
    app.add_typer(commands.app)


def main() -> None:
    """Run the command line."""
    app()
