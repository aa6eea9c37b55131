"""A measured value and its limit, for the benchmarks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter

from rich.text import Text

from orderctl.display.layout import add_row, new_table, print_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A measured value and its limit, both in `unit`."""

    what: str
    value: float
    limit: float
    unit: str

    @property
    def is_within_limit(self) -> bool:
        """Return whether the value is within the limit."""
        return self.value <= self.limit


def seconds(action: Callable[[], object]) -> float:
    """Return the duration of an action."""
    started = perf_counter()
    action()
    return perf_counter() - started


def show(measurements: Iterable[Measurement]) -> None:
    """Print a table of the values and their limits."""
    shown = new_table("measured", "value", "limit", "unit", "within limit", right=("value", "limit"))
    for each in measurements:
        add_row(
            shown,
            each.what,
            f"{each.value:.2f}",
            f"{each.limit:g}",
            each.unit,
            Text("✓", style="green") if each.is_within_limit else Text("✗", style="bold red"),
        )
    print_parts(shown)
