"""open order, executions, dashboard: opens pages of the AWS console."""

import webbrowser
from typing import Annotated, Final

import typer

from orderctl.api_client import read_order
from orderctl.commands.order_id import parse_order_id
from orderctl.display.json_output import AsJson, print_json
from orderctl.errors import OperatorError
from orderctl.stack import Profile, Region, Stack, StackName, find_stack, stack_options
from orderctl.terminal import output, say

_CONSOLE: Final = "https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
PrintOnly = Annotated[bool, typer.Option("--print", help="Only print the address.")]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Open a page of the AWS console: order, executions, dashboard.",
)


@app.command()
def order(  # noqa: PLR0913  one parameter an option
    *,
    order_id: Annotated[str, typer.Argument(parser=parse_order_id, metavar="ORDER_ID")],
    print_only: PrintOnly = False,
    as_json: AsJson = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Open the last execution that settled an order, or put it on hold."""
    deployed = _on_aws(find_stack(stack, profile, region), f"orderctl trace {order_id}")
    execution = read_order(deployed, order_id)["execution"]
    if not execution:
        options = stack_options(stack, profile, region)
        raise OperatorError(
            f"No execution has settled {order_id} yet",
            what_to_do=f"Show what is known with `orderctl trace {order_id}{options}`.",
        )
    _open(execution["consoleUrl"], print_only=print_only, as_json=as_json)


@app.command()
def executions(
    *,
    print_only: PrintOnly = False,
    as_json: AsJson = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Open the list of the workflow's executions."""
    deployed = _on_aws(find_stack(stack, profile, region), "orderctl stats")
    _open(str(deployed.console_url), print_only=print_only, as_json=as_json)


@app.command()
def dashboard(
    *,
    print_only: PrintOnly = False,
    as_json: AsJson = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Open the dashboard of the stage.

    prod and dev have one; other stages have it with `-c monitoring=true`.
    """
    deployed = _on_aws(find_stack(stack, profile, region), "orderctl watch")
    address = f"{_CONSOLE.format(region=deployed.region)}#dashboards/dashboard/{stack}"
    _open(address, print_only=print_only, as_json=as_json)


def _on_aws(stack: Stack, instead: str) -> Stack:
    if not stack.console_url:
        raise OperatorError(
            "A local cloud has no AWS console",
            what_to_do=f"Use `{instead}` here, or name a stage with --stage.",
        )
    return stack


def _open(address: str, *, print_only: bool, as_json: bool) -> None:
    if as_json:
        print_json({"address": address})
    else:
        output.print(address)
    if not print_only and not webbrowser.open(address):
        say("No browser could be opened on this machine. Open the address above.")
