"""Shows the statistics of orders."""

from collections.abc import Iterator

from rich.console import Group, RenderableType

from orderctl.display.layout import add_row, counted, new_table, status_text
from orderctl.order_stats import MOST_READ, OrderStats, SettleSeconds


def stats_view(stats: OrderStats) -> Group:
    """Show outcomes, latencies, dead letters and refused products."""
    return Group(*_parts(stats))


def what_is_missing(stats: OrderStats) -> list[str]:
    """Say what the numbers leave out; empty when they are whole."""
    said = []
    if stats.cut_off:
        statuses = ", ".join(stats.cut_off)
        said.append(
            f"The log is too large to be read whole: there are more orders that are {statuses}. "
            "Ask for less time with --since."
        )
    if stats.without_data:
        said.append(
            "The log has no execution data (logExecutionData=false): reasons, latencies and products are "
            "unknown."
        )
    return said


def _parts(stats: OrderStats) -> Iterator[RenderableType]:
    if stats.outcomes:
        table = new_table("orders", "outcome", right=["orders"])
        for (status, reason), count in sorted(stats.outcomes.items()):
            add_row(table, count, status_text(status, reason))
        yield table
    else:
        yield "No order was settled or put on hold"
    if stats.settle_seconds:
        yield from ("", *_latency(stats.settle_seconds))
    yield from ("", _dead_letters(stats))
    if stats.refused_products:
        table = new_table("refused", "product", right=["refused"])
        for product_id, count in stats.refused_products:
            add_row(table, count, product_id)
        yield from ("", table)


def _latency(seconds: SettleSeconds) -> Iterator[str]:
    of = f" (of the newest {MOST_READ:,} orders)" if seconds.orders == MOST_READ else ""
    yield (
        f"accepted to settled{of}: p50 {seconds.p50:.1f} s, p90 {seconds.p90:.1f} s, "
        f"p99 {seconds.p99:.1f} s, longest {seconds.longest:.1f} s"
    )


def _dead_letters(stats: OrderStats) -> str:
    parked = {name: count for name, count in stats.dead_letters.items() if count}
    if not parked:
        return "No dead letters"
    queues = ", ".join(f"{name} {count}" for name, count in parked.items())
    return f"{counted(sum(parked.values()), 'dead letter')}: {queues}. See `orderctl dlq list`."
