"""Shows the states of an execution as a tree."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text
from rich.tree import Tree

from orderctl.cause import one_line
from orderctl.display.execution_lines import heading
from orderctl.display.layout import counted
from orderctl.execution_outcome import is_overtaken
from orderctl.order_report import Execution
from orderctl.trace import StateRun


def trace_tree(execution: Execution, record: Mapping[str, Any]) -> Tree:
    """Show the states of an execution; each branch of a Parallel state is a line below it."""
    title = Text("\n").join([heading(execution, record), Text(execution.trace.arn, style="dim")])
    tree = Tree(title, guide_style="dim")
    for run in execution.trace.runs:
        node = tree.add(_run(run))
        for branch in run.branches:
            node.add(Text(" → ").join(_run(of_branch) for of_branch in branch.runs))
    return tree


def _run(run: StateRun) -> Text:
    took = f" {run.seconds * 1000:.0f} ms" if run.exited else " goes on"
    return Text.assemble(
        run.name, (f" {run.status}" if run.status else "", "bold"), _troubles(run), (took, "dim")
    )


def _troubles(run: StateRun) -> Text:
    attempts = counted(len(run.attempts), "attempt")
    if is_overtaken(run):
        return Text(" lost the race: the order had changed", style="yellow")
    if run.error:
        return Text(f" {one_line(run.error, run.cause)}, {attempts}", style="red")
    if run.errors:
        return Text(f" {attempts}, before: {run.errors[-1].error}", style="yellow")
    return Text()
