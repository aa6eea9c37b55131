"""show: explains one order."""

from typing import Annotated

import typer

from handlers.contract.clock import utc_now
from orderctl.commands.order_id import parse_order_id
from orderctl.display.json_output import AsJson, print_json
from orderctl.display.layout import print_command, print_parts
from orderctl.display.report_json import report_json
from orderctl.display.report_view import report_view
from orderctl.order_report import read_report
from orderctl.order_words import next_step
from orderctl.stack import Profile, Region, StackName, find_stack, stack_options
from orderctl.terminal import output, waiting


def show(
    order_id: Annotated[str, typer.Argument(parser=parse_order_id, metavar="ORDER_ID")],
    *,
    as_json: AsJson = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Explain an order: where it stands, what failed, and what comes next.

    It has the recorded steps, every notification, what each execution did and who started it, and the parked
    messages. With many messages on the queues, `orderctl dlq show` looks for those of the order.
    """
    stack = find_stack(stack_name, profile, region)
    with waiting("reading the order, its executions and the queues"):
        report = read_report(stack, order_id)
    now = utc_now()
    next_ = next_step(
        report,
        now,
        options=stack_options(stack_name, profile, region),
        cancel_confirmed_seconds=stack.cancel_confirmed_seconds,
    )
    if as_json:
        print_json(report_json(report, next_, now))
        return
    print_parts(report_view(report, now), "", *report.notes, next_.text)
    for command in next_.commands:
        print_command(command)
    if stack.console_url and report.order["execution"]:
        output.print("", report.order["execution"]["consoleUrl"], sep="\n", soft_wrap=True)
