"""A bar for work whose end is known; `step` in the console is for work whose end is not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from orderctl.console import progress


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
