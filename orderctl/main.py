"""orderctl: operate the system on the local cloud or on AWS."""

from typing import Any

import typer
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from typer.core import TyperGroup

from orderctl.command_list import add_commands, load_command
from orderctl.errors import OperatorError
from orderctl.terminal import print_error


class _Commands(TyperGroup):
    """Prints what went wrong in a line or two, and exits with 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OperatorError as error:
            print_error(error)
        except NoCredentialsError:
            print_error(
                OperatorError("No AWS credentials were found", what_to_do="Add --profile, or sign in to AWS.")
            )
        except (BotoCoreError, ClientError) as error:
            print_error(OperatorError(str(error)))
        raise typer.Exit(1)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name else listed, rest


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Operate the order processing system, on a local cloud or on AWS.",
)
add_commands(app)


def main() -> None:
    """Run the command line."""
    app()
