"""Shows what is going on."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from handlers.contract.clock import rfc3339
from handlers.contract.names import OpenKind
from orderctl.display.layout import add_row, counted, money_text, new_table, status_text
from orderctl.durations import age
from orderctl.watching import Snapshot


def watch_view(snapshot: Snapshot, *, note: str = "") -> Group:
    """Show counts, queues, the newest and the held orders; `note` says why it is not fresh."""
    return Group(*_parts(snapshot, note))


def _parts(snapshot: Snapshot, note: str) -> Iterator[RenderableType]:
    yield Text(rfc3339(snapshot.at), style="dim")
    if note:
        yield Text(note, style="bold red")
    yield _counts("in progress", snapshot.in_progress, cut_off=OpenKind.IN_PROGRESS in snapshot.cut_off)
    yield _counts("waiting for an operator", snapshot.waiting, cut_off=OpenKind.WAITING in snapshot.cut_off)
    yield _dead_letters(snapshot.dead_letters)
    if snapshot.newest:
        table = new_table("newest", "status", "total", "age", right=["total", "age"])
        for order in snapshot.newest:
            status = status_text(order["status"], order.get("reason"))
            placed = datetime.fromisoformat(order["createdAt"])
            add_row(table, order["orderId"], status, money_text(order["total"]), age(snapshot.at - placed))
        yield from ("", table)
    if snapshot.held:
        table = new_table("held, the longest first", "because of", "for", right=["for"])
        for each in snapshot.held:
            since = datetime.fromisoformat(each.since)
            add_row(table, each.order_id, each.reason, age(snapshot.at - since))
        yield from ("", table, Text("`orderctl dlq list` says what to do about them.", style="dim"))


def _counts(what: str, by_status: Mapping[str, int], *, cut_off: bool) -> Text:
    at_least = "at least " if cut_off else ""
    text = Text(f"{at_least}{counted(sum(by_status.values()), 'order')} {what}")
    for status, count in sorted(by_status.items()):
        text.append("  ")
        text.append_text(status_text(status))
        text.append(f" {count:,}")
    return text


def _dead_letters(queues: Mapping[str, int]) -> Text:
    text = Text(counted(sum(queues.values()), "dead letter"))
    for name, count in queues.items():
        text.append(f"  {name} {count:,}", style="bold red" if count else "dim")
    return text
