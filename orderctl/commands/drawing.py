"""draw: writes the picture of an order's execution."""

from pathlib import Path
from typing import Annotated

import typer

from handlers.contract.clock import utc_now
from handlers.contract.names import ORDER_RECORD, OpenKind
from orderctl.command_list import load_development_part
from orderctl.commands.order_id import parse_order_id
from orderctl.deployed_workflow import DeployedWorkflow
from orderctl.errors import OperatorError, UnknownOrder, WrongArguments
from orderctl.execution_log import ExecutionLog
from orderctl.order_report import Execution, described, read_records
from orderctl.picture.execution_picture import draw_execution
from orderctl.picture.heading import heading_of
from orderctl.picture.machine import read_machine
from orderctl.stack import Profile, Region, Stack, StackName, find_stack
from orderctl.terminal import progress, step

# On AWS, an event is in the log some seconds after it happened.
_LOG_DELAY_SECONDS = 30
_STANDARD_OUTPUT = Path("-")
_DEVELOPMENT = "Development"


def draw(  # noqa: PLR0913  Typer's options
    order_id: Annotated[
        str | None, typer.Argument(parser=parse_order_id, metavar="[ORDER_ID]", show_default=False)
    ] = None,
    *,
    execution: Annotated[
        int | None,
        typer.Option(
            min=1, help="Which one, counted from 1 as `orderctl trace` lists them. Default: the last."
        ),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Draw the whole workflow: what was not reached is pale.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(help="The SVG file to write; - writes to standard output.", show_default=False),
    ] = None,
    recording: Annotated[
        Path | None,
        typer.Option(help="Draw the path of this recorded execution instead.", rich_help_panel=_DEVELOPMENT),
    ] = None,
    definition: Annotated[
        Path | None,
        typer.Option(
            help="Draw this state machine, in ASL, instead of that of the checkout.",
            rich_help_panel=_DEVELOPMENT,
        ),
    ] = None,
    update: Annotated[
        bool,
        typer.Option(
            "--update", help="Draw the pictures that the project has again.", rich_help_panel=_DEVELOPMENT
        ),
    ] = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Draw an execution of an order as SVG.

    It shows the states that the execution entered, from top to bottom: how long each took, how often it was
    tried, and why it failed. The ways that it did not take are small and pale. Without an order's id it draws
    the state machine of a checkout, or a recording.
    """
    if order_id is None:
        if execution or whole:
            raise WrongArguments("give the id of an order", what_to_do="`orderctl draw -h` explains it.")
        load_development_part("draw")(definition, recording, output, update=update)
        return
    if recording or definition or update:
        raise WrongArguments("give the id of an order or a file, not both")
    stack = find_stack(stack_name, profile, region)
    with step("reading the log of its executions"):
        drawn = _picture(stack, order_id, execution, whole=whole)
    _write(drawn, output or Path(f"order-{order_id}.svg"))


def _picture(stack: Stack, order_id: str, number: int | None, *, whole: bool) -> str:
    record = read_records(stack, order_id).get(ORDER_RECORD)
    if record is None:
        raise UnknownOrder(order_id)
    in_progress = str(record.get("openKey", "")).startswith(OpenKind.IN_PROGRESS)
    log = ExecutionLog(stack)
    traces = log.wait_for_executions_of(order_id, timeout=0 if in_progress else _LOG_DELAY_SECONDS)
    executions = described(record, traces)
    chosen = _chosen(executions, order_id, number, in_progress=in_progress)
    return draw_execution(
        heading=heading_of(record, order_id, executions, chosen),
        execution=chosen,
        machine=read_machine(DeployedWorkflow(stack).definition),
        whole=whole,
        now=utc_now(),
    )


def _chosen(
    executions: list[Execution], order_id: str, number: int | None, *, in_progress: bool
) -> Execution:
    if not executions:
        raise OperatorError(
            f"The log has no execution of {order_id}{' yet' if in_progress else ''}",
            why="" if in_progress else "none was started, or its log has expired",
            what_to_do="Run this again in a moment." if in_progress else "",
        )
    if number is not None and number > len(executions):
        count = f"{len(executions)} execution{'s' * (len(executions) != 1)}"
        raise OperatorError(f"There is no execution {number} of {order_id}", why=f"the log has {count}")
    return executions[(number or len(executions)) - 1]


def _write(drawn: str, output: Path) -> None:
    if output == _STANDARD_OUTPUT:
        typer.echo(drawn, nl=False)
        return
    try:
        output.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"can't write {output}", why=error.strerror or "") from error
    progress.print(f"drawn: {output}", markup=False)
