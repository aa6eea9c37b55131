"""Shows the states of an execution as a tree."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text
from rich.tree import Tree

from orderctl.cause import one_line
from orderctl.display.execution_lines import heading
from orderctl.display.layout import counted
from orderctl.execution_outcome import is_overtaken
from orderctl.order_report import Execution
from orderctl.trace import StateRun
from orderctl.words import WholeWords


@dataclass(frozen=True, slots=True)
class TraceTree:
    """The states of an execution; each branch of a Parallel state is a line below it.

    `record` is that of the order.
    """

    execution: Execution
    record: Mapping[str, Any]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render the title, and the tree below it."""
        # A tree breaks a word that is longer than a line: the ARN must stay whole.
        yield WholeWords(heading(self.execution, self.record))
        yield WholeWords(Text(self.execution.trace.arn, style="dim"))
        _, *lines = console.render_lines(_states(self.execution), options, pad=False, new_lines=True)
        for line in lines:
            yield from line


def _states(execution: Execution) -> Tree:
    tree = Tree("", guide_style="dim")
    open_ = " goes on" if execution.trace.is_running else ""
    for run in execution.trace.runs:
        node = tree.add(_run(run, open_))
        for branch in run.branches:
            node.add(Text(" → ").join(_run(of_branch, open_) for of_branch in branch.runs))
    return tree


def _run(run: StateRun, open_: str) -> Text:
    # The result of the state that parks a message is that of the step that failed.
    status = "" if run.name.startswith("Park") else run.status
    took = f" {run.seconds * 1000:.0f} ms" if run.exited else open_
    return Text.assemble(run.name, (f" {status}" if status else "", "bold"), _troubles(run), (took, "dim"))


def _troubles(run: StateRun) -> Text:
    attempts = counted(len(run.attempts), "attempt")
    if is_overtaken(run):
        return Text(" lost the race: the order had changed", style="yellow")
    if run.error:
        return Text(f" {one_line(run.error, run.cause)}, {attempts}", style="red")
    if run.errors:
        return Text(f" {attempts}, before: {run.errors[-1].error}", style="yellow")
    return Text()
