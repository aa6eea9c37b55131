"""Changes many orders one by one, with progress; an interruption says how far it came."""

from collections.abc import Iterable
from typing import TypeVar

from orderctl.display.layout import counted
from orderctl.errors import Interrupted
from orderctl.terminal import progress_bar

Order = TypeVar("Order")


def left_of(results: Iterable[tuple[Order, bool]], total: int, *, doing: str, done: str) -> list[Order]:
    """Go through `results`, each an order and whether it was changed; return those that were not.

    `doing` is for the progress ("erasing"), `done` for an interruption ("erased"). Raises Interrupted.
    """
    left: list[Order] = []
    number = 0
    try:
        with progress_bar(doing, total) as set_done:
            for number, (order, changed) in enumerate(results, start=1):
                left += [] if changed else [order]
                set_done(number)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Interrupted: {done} {number - len(left)} of {counted(total, 'order')}",
            what_to_do="Run the same command again: it goes on with the rest.",
        ) from None
    return left
