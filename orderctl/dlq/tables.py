"""Tables of dead letters, of orders that wait for an operator, and of a redrive."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from orderctl.display.layout import add_row, new_table
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.orders import WaitingOrder
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.redrive import RedriveResult


def messages_view(messages: Sequence[DeadLetter], now: datetime, limit: int) -> list[RenderableType]:
    """List the first `limit` messages, and count all of them where there are more."""
    if not messages:
        return []
    table = new_table("queue", "order", "step", "error", "age", right=["age"])
    for message in messages[:limit]:
        order_id = message.order_id or "?"
        add_row(table, message.queue, order_id, message.step, message.error, age(now - message.sent))
    if len(messages) <= limit:
        return [table]
    return [table, "", f"{counted(len(messages), 'message')} in total:", _counts_table(messages)]


def waiting_view(orders: Sequence[WaitingOrder], now: datetime, limit: int) -> list[RenderableType]:
    """List the first `limit` orders, which wait for an operator and have no message."""
    if not orders:
        return []
    table = new_table("waiting without a message", "status", "reason", "age", right=["age"])
    for order in orders[:limit]:
        add_row(table, order.order_id, order.status or "?", order.reason, age(now - order.since))
    return [table] if len(orders) <= limit else [table, f"{counted(len(orders), 'order')} in total"]


def _counts_table(messages: Iterable[DeadLetter]) -> Table:
    """Count the messages by step and error, the most frequent first."""
    table = new_table("messages", "queue", "step", "error", right=["messages"])
    counts = Counter((message.queue, message.step, message.error) for message in messages)
    for (queue, step, error), count in counts.most_common():
        add_row(table, count, queue, step, error)
    return table


def plan_table(plan: RedrivePlan) -> Table:
    """List the events that a redrive would send."""
    table = new_table("order", "event", "messages", right=["messages"])
    for order_id, messages in plan.orders.items():
        add_row(table, order_id, "OrderPlaced", len(messages))
    for message in plan.announcements:
        add_row(table, message.order_id, message.step, 1)
    return table


def result_text(result: RedriveResult) -> Text:
    """Say in one line what a redrive did."""
    published = f", {counted(result.published, 'announcement')} published" if result.published else ""
    return Text(
        f"{counted(result.emitted, 'order')} emitted again{published}, "
        f"{counted(result.deleted, 'message')} deleted. "
        "An order that fails again has a new message within two minutes."
    )


def counted(count: int, thing: str) -> str:
    """Write a number of things: 1 order, 2,000 orders."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def age(span: timedelta) -> str:
    """Write a time span in its one or two largest units: 45 s, 12 min, 3 h 5 min, 2 d 4 h."""
    seconds = max(0, int(span.total_seconds()))
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"
