"""Shows the states of an execution as a tree."""

from rich.text import Text
from rich.tree import Tree

from orderctl.trace import ExecutionTrace, StateRun


def trace_tree(trace: ExecutionTrace) -> Tree:
    """Show the states of an execution; each branch of a Parallel state is a line below it."""
    tree = Tree(Text.assemble((trace.ending, "bold"), " ", (trace.arn, "dim")), guide_style="dim")
    for run in trace.runs:
        node = tree.add(_run(run))
        for branch in run.branches:
            node.add(Text(" → ").join(_run(of_branch) for of_branch in branch.runs))
    return tree


def _run(run: StateRun) -> Text:
    failed = f"{run.error}, {run.attempts} attempts" if run.error else ""
    return Text.assemble(
        run.name,
        (f" {run.status}", "bold") if run.status else "",
        (f" {failed}", "red") if failed else "",
        (f" {run.seconds * 1000:.0f} ms", "dim"),
    )
