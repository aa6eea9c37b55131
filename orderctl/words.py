"""A text whose lines break between words only; Rich breaks a word that is longer than a line."""

import re
from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

_WORD: Final = re.compile(r"\S+")


class WholeWords:
    """A text for a layout: a word that is longer than a line, an ARN for example, has a line of its own."""

    def __init__(self, text: Text) -> None:
        self.text = text

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """Render the lines; a line is longer than the console only where a word is."""
        for line in self.text.split("\n", allow_blank=True):
            for part in line.divide(_breaks(line.plain, options.max_width)):
                part.rstrip()
                part.no_wrap, part.overflow = True, "ignore"
                yield part


def _breaks(line: str, width: int) -> Iterator[int]:
    """Yield the places of the words that begin another line."""
    start = 0
    for word in _WORD.finditer(line):
        if line[start : word.start()].strip() and cell_len(line[start : word.end()]) > width:
            start = word.start()
            yield start
