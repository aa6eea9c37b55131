"""How orderctl prints: results to standard output, progress and problems to standard error."""

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

# Rich takes a pipe or file to be 80 columns wide and would cut what is wider.
_WIDTH: Final = None if sys.stdout.isatty() else 240
output: Final = Console(highlight=False, soft_wrap=True, width=_WIDTH)
progress: Final = Console(stderr=True, highlight=False, soft_wrap=True)


class Step:
    """One line of progress; `says` shows what is being done right now."""

    def __init__(self, title: str, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task(title, now="")

    def says(self, now: str) -> None:
        """Show what is being done right now behind the step's title (terminals only)."""
        self._bar.update(self._task, now=now)


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show a spinner with the time while the block runs, and a line with the time it took after it.

    Where standard error is no terminal, only that line is printed.
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
    """Give a function that sets how many of `total` are done; print a line when the block ends."""
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
    """Say what happened and what to do about it."""
    headline, *advice = str(error).splitlines()
    progress.print(Text.assemble(("error: ", "bold red"), headline))
    for line in advice:
        progress.print(Text(line))
