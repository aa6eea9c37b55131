"""The output of the demo: a table of its orders, two short traces, and the next commands."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from devtools.caller import orderctl_command
from devtools.demo.play import DemoResult
from orderctl.display.layout import add_row, new_table, status_text
from orderctl.trace import ExecutionTrace, StateRun

_STEPS: Final = ("inventory", "payment", "notification")
_CANCELLED: Final = "then cancelled, as `POST /orders/ORDER_ID/cancel` does:"
_REDRIVEN: Final = "then redriven, as `orderctl dlq redrive payment` does:"
_KEPT: Final = "Next, on the local cloud that is still running:"
_STOPPED: Final = "Next: keep a local cloud running with `{orderctl} demo --keep`. Then:"


def results_table(results: Sequence[DemoResult]) -> Table:
    """Show how each order ended, a line each."""
    shown = new_table("order", "ended", *_STEPS, "as expected")
    for result in results:
        steps = {name: step["status"] for name, step in result.order["steps"].items()}
        add_row(
            shown,
            result.expected.title,
            status_text(result.order["status"], result.order["reason"]),
            *(steps.get(name, "-") for name in _STEPS),
            Text("✗", style="bold red") if result.differences else Text("✓", style="green"),
        )
    return shown


def short_trace(result: DemoResult) -> Iterator[Text]:
    """Yield the states that an order's executions passed, and its parked message."""
    yield Text.assemble((result.expected.title, "bold"), (f"  {result.order['orderId']}", "dim"))
    for number, execution in enumerate(result.executions):
        if number:
            yield Text(_CANCELLED if result.expected.cancelled else _REDRIVEN)
        yield from _states(execution)
        if result.dead_letter and not number:
            yield from _parked(result.dead_letter)


def next_commands(order_id: str, *, kept: bool) -> Iterator[Text]:
    """Yield the commands to try next; `kept` tells whether the local cloud is still running."""
    shown = order_id if kept else "ORDER_ID"
    orderctl = orderctl_command()
    yield Text(_KEPT if kept else _STOPPED.format(orderctl=orderctl))
    commands = {
        f"{orderctl} console": "every order live, in the browser",
        f"{orderctl} show {shown}": "an order and its steps",
        f"{orderctl} trace {shown}": "the states that its executions passed",
        f"{orderctl} dlq list": "the parked messages",
        f"{orderctl} down": "stop the local cloud",
    }
    width = max(map(len, commands))
    for command, meaning in commands.items():
        yield Text.assemble(f"  {command:{width}}", (f"  # {meaning}", "dim"))


def _states(execution: ExecutionTrace) -> Iterator[Text]:
    """Yield a line for each branch, and one for the states between two Parallel states."""
    for parallel, runs in groupby(execution.runs, key=lambda run: bool(run.branches)):
        if not parallel:
            yield _line("  ", list(runs))
            continue
        for run in runs:
            yield from (_line(f"  {run.name}: ", branch.runs) for branch in run.branches)


def _line(start: str, runs: Sequence[StateRun]) -> Text:
    return Text(start).append(Text(" → ").join(_state(run) for run in runs))


def _state(run: StateRun) -> Text:
    failed = f" {run.error}, {len(run.attempts)} attempts" if run.error else ""
    return Text.assemble(run.name, (f" {run.status}" if run.status else "", "bold"), (failed, "red"))


def _parked(message: Mapping[str, Any]) -> Iterator[Text]:
    yield Text("parked on the payment dead-letter queue:")
    yield Text(f"  {message['step']} {message['error']}: {_short(message['cause'])}")


def _short(cause: str) -> str:
    # A failed Lambda's cause is its error as JSON, with a stack trace; other causes are plain text.
    with suppress(ValueError, KeyError, TypeError):
        return str(json.loads(cause)["errorMessage"])
    return cause
