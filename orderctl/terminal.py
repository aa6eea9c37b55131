"""Prints to the terminal: results to standard output, everything else to standard error."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from textwrap import fill
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TextIO

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.segment import Segment
from rich.text import Text

from orderctl.errors import OperatorError
from orderctl.plain_text import printable
from orderctl.words import WholeWords

if TYPE_CHECKING:
    from rich.progress import Progress


def _width(stream: TextIO | None) -> int | None:
    # Rich assumes 80 columns for a pipe or a file and would cut longer lines. A closed stream is None.
    return None if stream and stream.isatty() else 240


class SafeConsole(Console):
    """Prints no control and no format character, so that no text can move the cursor or hide a part.

    On a terminal, lines break between words only: a longer word, a link for example, stays whole.
    """

    def print(self, *objects: Any, soft_wrap: bool | None = None, **options: Any) -> None:
        """Print as Rich does; with `soft_wrap` the terminal breaks the lines, wherever that is."""
        if soft_wrap is None and self.is_terminal:
            soft_wrap = False
        if soft_wrap is False:
            objects, options = tuple(map(self._in_words, objects)), {"crop": False, **options}
        super().print(*objects, soft_wrap=soft_wrap, **options)

    def _in_words(self, part: Any) -> Any:
        match part:
            case str():
                return WholeWords(self.render_str(part))
            case Text():
                return WholeWords(part)
            case Group():
                return Group(*map(self._in_words, part.renderables))
            case _:
                return part

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Render as Rich does, with safe texts; Rich's own control segments stay."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


output: Final = SafeConsole(highlight=False, soft_wrap=True, width=_width(sys.stdout))
progress: Final = SafeConsole(stderr=True, highlight=False, soft_wrap=True, width=_width(sys.stderr))

_SILENT_SECONDS: Final = 1.0


class _Waits:
    """Counts the waits that run now: the outermost one tells what the command waits for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0

    @contextmanager
    def entered(self) -> Iterator[bool]:
        """Count a wait while the block runs; yield whether it is the outermost one."""
        with self._lock:
            outermost = not self._running
            self._running += 1
        try:
            yield outermost
        finally:
            with self._lock:
                self._running -= 1


_WAITS: Final = _Waits()


class Step:
    """One line of progress."""

    def __init__(self, title: str, bar: "Progress") -> None:
        self._bar = bar
        self._task = bar.add_task(title, now="")

    def set_detail(self, now: str) -> None:
        """Show the current action after the title (terminals only)."""
        self._bar.update(self._task, now=now)


def say(message: str | Text) -> None:
    """Print a message to standard error. On a terminal, lines break between words only."""
    text = message if isinstance(message, Text) else Text(message)
    if progress.is_terminal:
        # Rich breaks words that are longer than a line. A link or a command must stay whole.
        text.plain = fill(text.plain, progress.width, break_long_words=False, break_on_hyphens=False)
    progress.print(text)


@contextmanager
def waiting(title: str) -> Iterator[None]:
    """Say what the command waits for when the block takes longer than a second.

    Inside of a `step`, a `progress_bar` or another `waiting`, this has been said.
    """
    with _WAITS.entered() as outermost:
        timer = threading.Timer(_SILENT_SECONDS, say, [f"… {title}"])
        timer.daemon = True
        if outermost:
            timer.start()
        try:
            yield
        finally:
            timer.cancel()


@contextmanager
def silent() -> Iterator[None]:
    """Say of no wait in the block what it is for."""
    with _WAITS.entered():
        yield


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show a spinner while the block runs, then print a line with the time that it took.

    When standard error is not a terminal, there is no spinner, but a line after one second.
    """
    # Rich's progress takes 30 ms to load, and most commands have none.
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    started = monotonic()
    with (
        _shown(title),
        Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            TextColumn("{task.fields[now]}", style="dim", markup=False),
            console=progress,
            transient=True,
            disable=not progress.is_terminal,
        ) as bar,
    ):
        yield Step(title, bar)
    progress.print(Text.assemble(("✓ ", "green"), title, (f"  {monotonic() - started:.1f} s", "dim")))


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar while the block runs, then print a line; yield a function to set it.

    When standard error is not a terminal, there is no bar, but a line after one second.
    """
    from rich.progress import (  # noqa: PLC0415  as above
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    started = monotonic()
    done = 0
    try:
        with (
            _shown(title),
            Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=progress,
                transient=True,
                disable=not progress.is_terminal,
            ) as bar,
        ):
            task = bar.add_task(title, total=total)

            def set_done(count: int) -> None:
                nonlocal done
                done = count
                bar.update(task, completed=count)

            yield set_done
    finally:
        mark = ("✓ ", "green") if done == total else ("… ", "yellow")
        taken = f"  {done} of {total}, {monotonic() - started:.1f} s"
        progress.print(Text.assemble(mark, title, (taken, "dim")))


@contextmanager
def _shown(title: str) -> Iterator[None]:
    """Show what the block does: a terminal has it at once, by its spinner or bar."""
    if not progress.is_terminal:
        with waiting(title):
            yield
        return
    with _WAITS.entered():
        yield


def print_error(error: OperatorError) -> None:
    """Print what happened and what to do about it."""
    headline, *advice = str(error).splitlines()
    say(Text.assemble(("error: ", "bold red"), headline))
    for line in advice:
        say(Text(line))
