"""Shows what an execution did: a heading, and each step that did not succeed at once."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from orderctl.cause import one_line
from orderctl.display.layout import counted
from orderctl.execution_origin import origin_text
from orderctl.execution_outcome import failed_states, retried_states
from orderctl.order_report import Execution
from orderctl.trace import StateRun


def heading(execution: Execution, record: Mapping[str, Any]) -> Text:
    """Say who started it, what it did and how long it took; `record` is the order's."""
    seconds = execution.trace.seconds
    return Text.assemble(
        (execution.origin.value, "bold"),
        f": {execution.outcome.text}",
        (f" ({seconds:.1f} s)" if seconds is not None else "", "dim"),
        (f", started by {origin_text(execution.origin, record)}", "dim"),
    )


def troubles(execution: Execution) -> Iterator[Text]:
    """Yield a line or two for each step that failed, or succeeded after failed attempts."""
    for run in failed_states(execution.trace):
        cause = one_line(run.error, run.cause)
        yield Text.assemble(
            f"  {run.name} ", ("failed", "red"), f" after {counted(len(run.attempts), 'attempt')}: {cause}"
        )
        yield from _times(run)
    for run in retried_states(execution.trace):
        last = run.errors[-1]
        yield Text.assemble(
            f"  {run.name} ",
            ("succeeded", "green"),
            f" at attempt {len(run.attempts)}, before: {one_line(last.error, last.cause)}",
        )
        yield from _times(run)


def _times(run: StateRun) -> Iterator[Text]:
    if len(run.attempts) > 1:
        times = ", ".join(f"{attempt.started:%H:%M:%S}" for attempt in run.attempts)
        waits = ", ".join(f"{seconds:.1f}" for seconds in run.waits)
        yield Text(f"    attempts at {times} UTC, waits of {waits} s", style="dim")
