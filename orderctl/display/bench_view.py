"""Shows what a benchmark has measured."""

from typing import Any

from rich.console import Group
from rich.table import Table

from orderctl.bench import BenchResult, Percentiles
from orderctl.display.layout import add_row, new_table, status_text


def bench_view(result: BenchResult) -> Group:
    """Show the rates and the percentiles of both, then how the orders ended."""
    return Group(_measured(result), "", _outcomes(result))


def bench_json(result: BenchResult, *, products: str) -> dict[str, Any]:
    """Return what `orderctl bench --json` prints."""
    return {
        "orders": result.orders,
        "concurrency": result.concurrency,
        "accepted": result.accepted,
        "settled": result.settled,
        "acceptedPerSecond": result.accepted_per_second,
        "settledPerSecond": result.settled_per_second,
        "acceptSeconds": _percentiles(result.accept),
        "settleSeconds": _percentiles(result.settle),
        "outcomes": [
            {"status": status, "reason": reason or None, "orders": count}
            for (status, reason), count in sorted(result.by_status.items())
        ],
        "products": products,
    }


def _percentiles(found: Percentiles | None) -> dict[str, float] | None:
    return None if found is None else {"p50": found.p50, "p95": found.p95, "p99": found.p99}


def _measured(result: BenchResult) -> Table:
    columns = ("orders", "a second", "p50", "p95", "p99")
    table = new_table("", *columns, right=columns)
    for what, orders, rate, took in (
        ("accepted", result.accepted, result.accepted_per_second, result.accept),
        ("settled", result.settled, result.settled_per_second, result.settle),
    ):
        values = (took.p50, took.p95, took.p99) if took else (None, None, None)
        add_row(table, what, orders, "-" if rate is None else f"{rate:.1f}", *map(_span, values))
    return table


def _outcomes(result: BenchResult) -> Table:
    table = new_table("orders", "status", right=["orders"])
    for (status, reason), count in sorted(result.by_status.items()):
        add_row(table, count, status_text(status, reason))
    if missing := result.orders - result.by_status.total():
        add_row(table, missing, "not accepted, or their status is unknown")
    return table


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"
