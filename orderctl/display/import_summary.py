"""Shows what an import skipped, and how the imported orders ended."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from rich.console import Group, RenderableType
from rich.table import Table

from orderctl.api_client import problem
from orderctl.display.layout import add_row, new_table, status_text
from orderctl.files.csv_lines import SkippedLine
from orderctl.files.order_file import FileOrder
from orderctl.order_import import ImportSummary, Latency, Placement


def skipped_table(skipped: Iterable[SkippedLine]) -> Table:
    """List the lines of a file that were skipped, by their reason."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for line in skipped:
        numbers[line.reason].append(line.number)
    table = new_table("skipped", "reason", "lines", right=["skipped"])
    for reason, of_reason in sorted(numbers.items(), key=lambda entry: -len(entry[1])):
        add_row(table, len(of_reason), reason, ranges(of_reason))
    return table


def refused_table(orders: Iterable[FileOrder]) -> Table:
    """List the orders of a file that can't be placed, with the reason."""
    table = new_table("not placed", "products", "reason", right=["products"])
    for order in orders:
        add_row(table, order.invoice, len(order.items), order.refusal)
    return table


def summary_view(summary: ImportSummary) -> Group:
    """Show how the orders of a file ended."""
    parts: list[RenderableType] = [_statuses_table(summary)]
    if summary.failed:
        parts += ["", _failed_table(summary.failed)]
    if summary.replayed:
        parts.append(f"{summary.replayed} of them were placed by an earlier import of this file")
    if summary.orders_per_second is not None:
        parts.append(f"{summary.orders_per_second:.1f} orders/s")
    parts += _latency("placed to settled", summary.settlement_latency)
    parts += _latency("response to POST", summary.response_latency)
    return Group(*parts)


def ranges(numbers: Sequence[int]) -> str:
    """Write ascending numbers with ranges: 3, 7-9."""
    starts = [numbers[0], *(after for before, after in pairwise(numbers) if after > before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after > before + 1), numbers[-1]]
    return ", ".join(
        str(start) if start == end else f"{start}-{end}" for start, end in zip(starts, ends, strict=True)
    )


def _statuses_table(summary: ImportSummary) -> Table:
    table = new_table("orders", "status", right=["orders"])
    for (status, reason), count in sorted(summary.by_status.items()):
        add_row(table, count, status_text(status, reason))
    return table


def _failed_table(failed: Iterable[Placement]) -> Table:
    table = new_table("not accepted", "response")
    for placement in failed:
        add_row(table, placement.order.invoice, problem(placement.response))
    return table


def _latency(title: str, latency: Latency | None) -> list[str]:
    if latency is None:
        return []
    return [f"{title}: p50 {latency.p50 * 1000:.0f} ms, p99 {latency.p99 * 1000:.0f} ms"]
