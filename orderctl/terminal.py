"""Prints to the terminal: results to standard output, progress and errors to standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from orderctl.errors import OperatorError

# Rich assumes 80 columns for a pipe or a file and would cut longer lines.
_WIDTH: Final = None if sys.stdout.isatty() else 240
output: Final = Console(highlight=False, soft_wrap=True, width=_WIDTH)
progress: Final = Console(stderr=True, highlight=False, soft_wrap=True)


class Step:
    """One line of progress."""

    def __init__(self, title: str, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task(title, now="")

    def set_detail(self, now: str) -> None:
        """Show the current action after the title (terminals only)."""
        self._bar.update(self._task, now=now)


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show a spinner while the block runs, then print a line with the time that it took.

    When standard error is not a terminal, only the line is printed.
    """
    started = monotonic()
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[now]}", style="dim", markup=False),
        console=progress,
        transient=True,
        disable=not progress.is_terminal,
    ) as bar:
        yield Step(title, bar)
    progress.print(Text.assemble(("✓ ", "green"), title, (f"  {monotonic() - started:.1f} s", "dim")))


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar while the block runs, then print a line; yield a function to set it."""
    started = monotonic()
    done = 0
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=progress,
        transient=True,
    ) as bar:
        task = bar.add_task(title, total=total)

        def set_done(count: int) -> None:
            nonlocal done
            done = count
            bar.update(task, completed=count)

        yield set_done
    mark = ("✓ ", "green") if done == total else ("… ", "yellow")
    progress.print(Text.assemble(mark, title, (f"  {done} of {total}, {monotonic() - started:.1f} s", "dim")))


def print_error(error: OperatorError) -> None:
    """Print what happened and what to do about it."""
    headline, *advice = str(error).splitlines()
    progress.print(Text.assemble(("error: ", "bold red"), headline))
    for line in advice:
        progress.print(Text(line))
