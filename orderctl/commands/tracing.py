"""trace: shows the executions of an order."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from handlers.contract.names import ORDER_RECORD, OpenKind, Stage
from handlers.contract.names import stack_name as name_of_stack
from orderctl.commands.extras import console_module
from orderctl.commands.order_id import parse_order_id
from orderctl.display.execution_tree import TraceTree
from orderctl.display.json_output import AsJson, print_json
from orderctl.display.layout import print_parts
from orderctl.display.report_json import execution_json, recorded_steps
from orderctl.errors import OperatorError, UnknownOrder
from orderctl.execution_log import ExecutionLog
from orderctl.order_report import Execution, described, read_records
from orderctl.stack import Profile, Region, Stack, StackName, find_stack, stack_options
from orderctl.terminal import output, say, step

# On AWS, an event is in the log some seconds after it happened.
_LOG_DELAY_SECONDS: Final = 30


def trace(  # noqa: PLR0913  one parameter an option
    order_id: Annotated[str, typer.Argument(parser=parse_order_id, metavar="ORDER_ID")],
    *,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write all that is known of the order to this file, which a browser opens."
        ),
    ] = None,
    as_json: AsJson = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show the states that the executions of an order passed, branch by branch.

    Each execution begins with who started it: **first** (the API), **sweep**, **redrive**, **cancellation**,
    **repeated cancellation** (somebody asked to cancel it once more), **duplicate** (EventBridge delivered an
    event twice), **replay** (of the archive). **again** is one of them, where the log and the order do not
    tell which.

    The file of `--html` needs no network and no console: attach it to a ticket. It names the customer's id,
    and has no e-mail address and no payment token.
    """
    stack = find_stack(stack_name, profile, region)
    if html is not None:
        options = stack_options(stack_name, profile, region)
        _write(html, stack, order_id, name=stack_name or name_of_stack(Stage.LOCAL), options=options)
        return
    records = read_records(stack, order_id)
    record = records.get(ORDER_RECORD)
    if record is None:
        raise UnknownOrder(order_id)
    with step("reading the log of its executions"):
        found, incomplete = _read(stack, order_id, record)
    if as_json:
        print_json(
            {
                "orderId": order_id,
                "status": record["status"],
                "goesOn": _goes_on(record, found),
                "recordedSteps": recorded_steps(records),
                "complete": not incomplete,
                "executions": [execution_json(each) for each in found],
            }
        )
    else:
        if _is_in_progress(record):
            # They can be ahead of the log, for which CloudWatch needs some seconds.
            for each in recorded_steps(records):
                output.print(f"{each['step']} {each['status']} at {each['at']}")
        print_parts(*(TraceTree(each, record) for each in found))
    _say_what_is_missing(order_id, records, found, incomplete=incomplete)


def _write(file: Path, stack: Stack, order_id: str, *, name: str, options: str) -> None:
    """Write the page of the order to a file."""
    order_file = console_module("order_file").order_file
    with step("reading the order, its executions and the logs of its functions"):
        text = order_file(stack, order_id, name=name, options=options)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{file} can't be written", why=error.strerror or "") from None
    say(f"Written: {file}")


def _read(stack: Stack, order_id: str, record: dict[str, Any]) -> tuple[list[Execution], bool]:
    """Read the executions; of an order that is done, wait until the log has their ends."""
    log = ExecutionLog(stack)
    timeout = 0 if _is_in_progress(record) else _LOG_DELAY_SECONDS
    traces = log.wait_for_executions_of(order_id, timeout=timeout)
    return described(record, traces), log.incomplete


def _goes_on(record: dict[str, Any], found: list[Execution]) -> bool:
    return _is_in_progress(record) or any(each.trace.is_running for each in found)


def _is_in_progress(record: dict[str, Any]) -> bool:
    return str(record.get("openKey", "")).startswith(OpenKind.IN_PROGRESS)


def _say_what_is_missing(
    order_id: str, records: dict[str, dict[str, Any]], found: list[Execution], *, incomplete: bool
) -> None:
    record = records[ORDER_RECORD]
    if incomplete:
        say("The log is too large to be searched whole. An execution can be missing.")
    if _is_in_progress(record):
        is_known = found or len(records) > 1
        known = "This is what is known so far" if is_known else "The log has no execution of it yet"
        say(f"{known}: the order is {record['status']} and goes on. Run this again to see more.")
    elif not found:
        raise OperatorError(
            f"The log has no execution of {order_id}",
            why="none was started, or its log has expired",
            what_to_do=f"`orderctl show {order_id}` tells what the table has of it.",
        )
