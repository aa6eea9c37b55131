"""Shows what an import skipped, how the imported orders ended, and how to go on."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from orderctl.display.held import held_advice
from orderctl.display.layout import add_row, new_table, status_text
from orderctl.files.csv_lines import SkippedLine
from orderctl.files.order_file import FileOrder
from orderctl.order_import import ImportSummary, Latency, Outcome, Placement


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
    parts: list[RenderableType] = [_outcomes_table(summary)]
    if summary.failed:
        parts += ["", _failed_table(summary.failed)]
    if summary.replayed:
        parts.append(f"{summary.replayed} of them were placed by an earlier import of this file")
    if summary.orders_per_second is not None:
        parts.append(f"{summary.orders_per_second:.1f} orders/s")
    parts += _latency("placed to settled", summary.settlement_latency)
    parts += _latency("response to POST", summary.response_latency)
    return Group(*parts)


def summary_json(summary: ImportSummary) -> dict[str, Any]:
    """Return what `orderctl import --json` prints."""
    return {
        "placed": summary.outcomes[Outcome.PLACED],
        "notAccepted": summary.outcomes[Outcome.REFUSED],
        "unknown": summary.outcomes[Outcome.UNKNOWN],
        "notSent": summary.outcomes[Outcome.NOT_SENT],
        "replayed": summary.replayed,
        "statusUnknown": summary.status_unknown,
        "outcomes": [
            {"status": status, "reason": reason or None, "orders": count}
            for (status, reason), count in sorted(summary.by_status.items())
        ],
        "failed": [{"invoice": each.order.invoice, "reason": each.reason} for each in summary.failed],
        "ordersPerSecond": summary.orders_per_second,
        "settleSeconds": _latency_json(summary.settlement_latency),
        "responseSeconds": _latency_json(summary.response_latency),
    }


def _latency_json(latency: Latency | None) -> dict[str, float] | None:
    return None if latency is None else {"p50": latency.p50, "p99": latency.p99}


def how_to_go_on(summary: ImportSummary, *, seconds: float, options: str) -> list[str]:
    """Say what is missing and what to do about it; empty when every order is settled.

    `options` are those of the stack, as they follow a command: "" or " --stack NAME".
    """
    return [*_not_placed(summary), *_held(summary, options), *_not_settled(summary, seconds, options)]


def counts_text(summary: ImportSummary) -> str:
    """Say in one line how many orders are placed, settled and unknown."""
    counts = {
        "placed": summary.outcomes[Outcome.PLACED],
        "settled": summary.settled,
        "held": summary.held.total(),
        "not accepted": summary.outcomes[Outcome.REFUSED],
        "unknown": summary.outcomes[Outcome.UNKNOWN],
        "not sent": summary.outcomes[Outcome.NOT_SENT],
    }
    always = {"placed", "settled", "unknown"}
    shown = ", ".join(f"{count} {text}" for text, count in counts.items() if count or text in always)
    return f"of {summary.outcomes.total()} orders, {shown}"


def ranges(numbers: Sequence[int]) -> str:
    """Write ascending numbers with ranges: 3, 7-9."""
    starts = [numbers[0], *(after for before, after in pairwise(numbers) if after > before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after > before + 1), numbers[-1]]
    return ", ".join(
        str(start) if start == end else f"{start}-{end}" for start, end in zip(starts, ends, strict=True)
    )


def _outcomes_table(summary: ImportSummary) -> Table:
    table = new_table("orders", "status", right=["orders"])
    for (status, reason), count in sorted(summary.by_status.items()):
        add_row(table, count, status_text(status, reason))
    others = {
        "placed, status unknown": summary.status_unknown,
        "not accepted": summary.outcomes[Outcome.REFUSED],
        "unknown: sent, but the API did not confirm it": summary.outcomes[Outcome.UNKNOWN],
        "not sent": summary.outcomes[Outcome.NOT_SENT],
    }
    for text, count in others.items():
        if count:
            add_row(table, count, text)
    return table


def _failed_table(failed: Iterable[Placement]) -> Table:
    table = new_table("not accepted", "response")
    for placement in failed:
        add_row(table, placement.order.invoice, placement.reason)
    return table


def _latency(title: str, latency: Latency | None) -> list[str]:
    if latency is None:
        return []
    return [f"{title}: p50 {latency.p50 * 1000:.0f} ms, p99 {latency.p99 * 1000:.0f} ms"]


def _not_placed(summary: ImportSummary) -> Iterator[str]:
    refused, unknown, not_sent = (
        summary.outcomes[outcome] for outcome in (Outcome.REFUSED, Outcome.UNKNOWN, Outcome.NOT_SENT)
    )
    if refused:
        yield "Fix what the API reported above. Then run the same command again: it places no order twice."
    elif unknown or not_sent:
        yield "Run the same command again to go on: it places no order twice."


def _held(summary: ImportSummary, options: str) -> Iterator[str]:
    for broken, count in sorted(summary.held.items()):
        yield held_advice(count, broken, options)


def _not_settled(summary: ImportSummary, seconds: float, options: str) -> Iterator[str]:
    if summary.status_unknown:
        yield (
            f"{summary.status_unknown} orders are placed, but their status could not be read. "
            "Run the same command again to see it."
        )
    if summary.pending:
        yield (
            f"{summary.pending} orders are not settled after {seconds:.0f} s. Inspect one with "
            f"`orderctl trace ORDER_ID{options}`, or run the same command again with a longer --timeout."
        )
