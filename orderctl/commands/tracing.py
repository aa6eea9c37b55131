"""trace: shows the executions of an order."""

from datetime import datetime
from typing import Annotated, Final

import typer

from orderctl.api_client import read_order
from orderctl.display.execution_tree import trace_tree
from orderctl.display.layout import print_parts
from orderctl.errors import OperatorError
from orderctl.execution_log import ExecutionLog
from orderctl.stack import Profile, Region, StackName, find_stack
from orderctl.terminal import say, step

_LOG_DELAY_SECONDS: Final = 30


def trace(
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID")],
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show the states that the executions of an order passed, branch by branch."""
    stack = find_stack(stack_name, profile, region)
    since = datetime.fromisoformat(read_order(stack, order_id)["createdAt"])
    with step("reading the log of its executions"):
        log = ExecutionLog(stack)
        found = log.wait_for_executions_of(order_id, since, _LOG_DELAY_SECONDS)
    if log.incomplete:
        say("The log is too large to be searched whole. An execution can be missing.")
    if not found:
        raise OperatorError(
            f"The log has no execution of {order_id}",
            why="none was started, or its log has expired",
            what_to_do=f"Show its status with `orderctl show {order_id}`.",
        )
    for execution in found:
        print_parts(trace_tree(execution))
