"""The table of the game day, and what went wrong."""

from collections.abc import Iterable, Iterator, Sequence

from rich.table import Table
from rich.text import Text

from devtools.gameday.expressions import Value
from devtools.gameday.scenario import Result
from devtools.gameday.scenarios import NOT_CAUSED
from orderctl.display.layout import add_row, new_table

_COLUMNS = ("alarm", "caused by", "metric moved", "rang", "commands run", "ended by", "over")


def results_table(results: Iterable[Result]) -> Table:
    """Show each alarm of each failure, a line each."""
    shown = new_table(*_COLUMNS)
    for result in results:
        for number, name in enumerate(sorted(result.expected)):
            first = not number
            add_row(
                shown,
                name,
                result.scenario.title if first else "",
                _moved(result, name),
                _mark(name in result.rang),
                f"{sum(each.ok for each in result.ran)} of {len(result.ran)}" if first else "",
                result.scenario.mended if first else "",
                _mark(name in result.over),
            )
    return shown


def commands_run(results: Iterable[Result]) -> Iterator[Text]:
    """Yield a line for each failure with the commands of the runbook that were run."""
    for result in results:
        yield Text.assemble(
            (f"{result.scenario.title}: ", "bold"), "; ".join(each.text for each in result.ran)
        )


def notes(names: frozenset[str]) -> Iterator[str]:
    """Yield what could not be caused, and which alarm was not rehearsed."""
    for name, reason in NOT_CAUSED.items():
        yield f"{name}: not caused, evaluated with values that nothing emitted: {reason}."
    if names:
        yield f"Not rehearsed this time: {', '.join(sorted(names))}."


def failures(results: Sequence[Result]) -> list[str]:
    """Return what was not as the runbook says."""
    return [f"  {result.scenario.title}: {failure}" for result in results for failure in result.failures]


def _moved(result: Result, name: str) -> str:
    moved = result.moved.get(name)
    return f"{_number(moved.before)} → {_number(moved.rang)} → {_number(moved.after)}" if moved else ""


def _number(value: Value) -> str:
    return "no data" if value is None else f"{value:.4g}"


def _mark(is_so: bool) -> Text:
    return Text("✓", style="green") if is_so else Text("✗", style="bold red")
