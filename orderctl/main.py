"""orderctl: operate the system on the local cloud or on AWS."""

import os
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from orderctl.command_list import add_commands, load_command
from orderctl.errors import OperatorError
from orderctl.examples import EXAMPLES
from orderctl.role import ROLE_VARIABLE
from orderctl.terminal import output, print_error

_PACKAGE: Final = "order-processing"
# Typer does not export the error that its own ones extend.
_UsageError: Final[Any] = typer.BadParameter.__mro__[1]
_WRONG_ARGUMENTS: Final = 2


class _Commands(TyperGroup):
    """Prints what went wrong in a line or two, and exits with the code of the error."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OperatorError as error:
            print_error(error)
            raise typer.Exit(error.exit_code) from None
        except (typer.Exit, typer.Abort):
            raise
        except _UsageError as error:
            command = (error.ctx or ctx).command_path
            # Typer puts the name of Python's error before what is wrong with a choice.
            message = error.format_message().replace(": Value error, ", ": ")
            print_error(OperatorError(message, what_to_do=f"`{command} -h` explains it."))
            raise typer.Exit(_WRONG_ARGUMENTS) from None
        except Exception as error:
            described = _described(error)
            if described is None:
                raise
            print_error(described)
            raise typer.Exit(described.exit_code) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, listed, rest = super().resolve_command(ctx, args)
        try:
            return name, load_command(name) if name else listed, rest
        except OperatorError:
            # The shell completes what there is.
            if not ctx.resilient_parsing:
                raise
            return name, listed, rest


def _described(error: Exception) -> OperatorError | None:
    from orderctl.aws_calls import operator_error  # noqa: PLC0415  boto3 takes 0.15 s to load

    return operator_error(error)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415  only here

        output.print(f"orderctl {version(_PACKAGE)}")
        raise typer.Exit


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Operate the order processing system, on a local cloud or on AWS.",
    epilog=f"Example: {EXAMPLES['']}",
)
add_commands(app)


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit."),
    ] = False,
    role: Annotated[
        str | None,
        typer.Option(
            metavar="ARN",
            envvar=ROLE_VARIABLE,
            help="The role to assume on AWS: its ARN, or `operator` for the one that the stack has.",
        ),
    ] = None,
) -> None:
    """Take the options before the command."""
    if role is not None:
        # Whatever the command is, it reads the role where it finds its stack.
        os.environ[ROLE_VARIABLE] = role
