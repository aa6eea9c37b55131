"""What orderctl shows of dead letters, of orders that wait for an operator, and of a redrive."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from rich.table import Table
from rich.text import Text

from orderctl.dlq.orders import HeldOrder
from orderctl.dlq.queues import DeadLetter
from orderctl.dlq.redrive import RedrivePlan, RedriveResult
from orderctl.report import add, table


def dead_letters_table(letters: Sequence[DeadLetter], now: datetime) -> Table:
    """List messages, the oldest first."""
    shown = table("queue", "order", "step", "error", "age", right=["age"])
    for letter in letters:
        add(shown, letter.queue, letter.order_id or "?", letter.step, letter.error, age(now - letter.sent))
    return shown


def held_table(orders: Iterable[HeldOrder], now: datetime) -> Table:
    """List orders that wait for an operator and have no message."""
    shown = table("waiting without a message", "status", "reason", "age", right=["age"])
    for order in orders:
        add(shown, order.order_id, order.status or "?", order.reason, age(now - order.since))
    return shown


def counts_table(letters: Iterable[DeadLetter]) -> Table:
    """Sum up which step failed with which error, the most frequent first."""
    shown = table("messages", "queue", "step", "error", right=["messages"])
    counts = Counter((letter.queue, letter.step, letter.error) for letter in letters)
    for (queue, step, error), count in counts.most_common():
        add(shown, count, queue, step, error)
    return shown


def plan_table(plan: RedrivePlan) -> Table:
    """List what a redrive would do."""
    shown = table("order", "event", "messages", right=["messages"])
    for order_id, letters in plan.orders.items():
        add(shown, order_id, "OrderPlaced", len(letters))
    for letter in plan.announcements:
        add(shown, letter.order_id, letter.step, 1)
    return shown


def result_text(result: RedriveResult) -> Text:
    """Say in a line what a redrive did."""
    published = f", {counted(result.published, 'announcement')} published" if result.published else ""
    return Text(
        f"{counted(result.emitted, 'order')} emitted again{published}, "
        f"{counted(result.deleted, 'message')} deleted. What fails again is back on its queue in a minute."
    )


def counted(count: int, thing: str) -> str:
    """Write a number of things."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def age(span: timedelta) -> str:
    """Write a time that passed in its one or two largest units: 45 s, 12 min, 3 h 5 min, 2 d 4 h."""
    seconds = max(0, int(span.total_seconds()))
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"
