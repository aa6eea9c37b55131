"""Tables of dead letters, of orders that wait for an operator, and of a redrive."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from orderctl.display.layout import add_row, counted, new_table, status_text
from orderctl.dlq.aftermath import came_of
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.orders import KnownOrder, WaitingOrder
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.planned import planned
from orderctl.dlq.redrive import RedriveResult
from orderctl.dlq.verdict import Verdict, verdict
from orderctl.durations import age

_STYLES: Final = {
    Verdict.NEEDS_REDRIVE: "bold red",
    Verdict.BEING_REDRIVEN: "yellow",
    Verdict.ALREADY_DONE: "green",
}
# On a narrower terminal the columns beside the order id would have a few characters each.
_MIN_WIDTH: Final = 140
_NO_EVENT: Final = "none: already done"
_UNKNOWN_ORDER: Final = "none: unknown order"


def messages_view(
    messages: Sequence[DeadLetter],
    orders: Mapping[str, KnownOrder],
    now: datetime,
    *,
    limit: int,
    width: int,
) -> list[RenderableType]:
    """List the first `limit` messages, and count all of them.

    `orders` are at least those of the listed messages. `width` is that of the terminal. On a narrow one, a
    message has a row of several lines.
    """
    if not messages:
        return []
    listed = messages[:limit]
    table = _wide_table if width >= _MIN_WIDTH else _narrow_table
    total = f"{counted(len(messages), 'message')} of {counted(_order_count(messages), 'order')}"
    if len(messages) > limit:
        return [table(listed, orders, now), "", f"{total} in total:", _counts_table(messages)]
    verdicts = Counter(_verdict(message, orders) for message in messages)
    counts = ", ".join(f"{verdicts[each]} {each}" for each in Verdict if verdicts[each])
    return [table(listed, orders, now), "", f"{total}: {counts}"]


def _wide_table(messages: Iterable[DeadLetter], orders: Mapping[str, KnownOrder], now: datetime) -> Table:
    table = new_table(
        "queue",
        "order",
        "step",
        "status",
        "cause",
        "age",
        "received",
        "verdict",
        right=["age", "received"],
    )
    _keep_whole(table, "order", "verdict")
    for message in messages:
        add_row(
            table,
            message.queue,
            message.order_id or "?",
            message.step,
            _status(message, orders),
            message.cause,
            age(now - message.sent),
            message.received,
            _verdict_text(message, orders),
        )
    return table


def _narrow_table(messages: Iterable[DeadLetter], orders: Mapping[str, KnownOrder], now: datetime) -> Table:
    table = new_table("order", "message")
    _keep_whole(table, "order")
    for message in messages:
        seen = f"{age(now - message.sent)} old, received {counted(message.received, 'time')}"
        add_row(
            table,
            message.order_id or "?",
            Text("\n").join(
                [
                    _verdict_text(message, orders),
                    Text(f"{message.queue}: {message.step}"),
                    Text.assemble("order is ", _status(message, orders)),
                    Text(message.cause),
                    Text(seen),
                ]
            ),
        )
    return table


def _keep_whole(table: Table, *names: str) -> None:
    """Let the other columns shrink first: an order id is copied from here."""
    for column in table.columns:
        column.no_wrap = column.header in names


def _order_count(messages: Iterable[DeadLetter]) -> int:
    return len({message.order_id for message in messages if message.order_id is not None})


def _verdict(message: DeadLetter, orders: Mapping[str, KnownOrder]) -> Verdict:
    return verdict(message, orders.get(message.order_id or ""))


def _verdict_text(message: DeadLetter, orders: Mapping[str, KnownOrder]) -> Text:
    found = _verdict(message, orders)
    return Text(found, style=_STYLES.get(found, ""))


def _status(message: DeadLetter, orders: Mapping[str, KnownOrder]) -> Text:
    order = orders.get(message.order_id or "")
    return status_text(order.status) if order else Text("?")


def waiting_view(
    orders: Sequence[WaitingOrder], now: datetime, *, limit: int, in_flight: int
) -> list[RenderableType]:
    """List the first `limit` orders, which wait for an operator and of which no message was found.

    When other readers hold `in_flight` messages, it is not known whether an order has one.
    """
    if not orders:
        return []
    title = "waiting, message not seen" if in_flight else "waiting without a message"
    table = new_table(title, "status", "reason", "age", right=["age"])
    _keep_whole(table, title)
    for order in orders[:limit]:
        add_row(table, order.order_id, order.status or "?", order.reason, age(now - order.since))
    parts: list[RenderableType] = [table]
    if len(orders) > limit:
        parts.append(f"{counted(len(orders), 'order')} in total")
    if in_flight:
        parts.append("Their messages may be among those that another command is reading.")
    return parts


def in_flight_text(in_flight: int, seconds: int) -> str:
    """Say that another command has messages, which are back in `seconds` unless it deletes them."""
    return f"Another command is reading {counted(in_flight, 'message')}: run this again in about {seconds} s."


def left_out_text(plan: RedrivePlan) -> str:
    """Say which orders a redrive did not take up."""
    return (
        f"{counted(len(plan.left_out), 'order')} without a message not redriven: "
        "theirs may be among those that another command is reading."
    )


def _counts_table(messages: Iterable[DeadLetter]) -> Table:
    """Count the messages by step and error, the most frequent first."""
    table = new_table("messages", "queue", "step", "error", right=["messages"])
    counts = Counter((message.queue, message.step, message.error) for message in messages)
    for (queue, step, error), count in counts.most_common():
        add_row(table, count, queue, step, error)
    return table


def plan_table(plan: RedrivePlan, orders: Mapping[str, KnownOrder]) -> Table:
    """List what a redrive would do; `orders` are those of the plan."""
    table = new_table("order", "status", "event", "messages", right=["messages"])
    _keep_whole(table, "order")
    for each in planned(plan, orders):
        status = status_text(each.order.status, each.order.reason) if each.order else Text("?")
        nothing = _NO_EVENT if each.order else _UNKNOWN_ORDER
        add_row(table, each.order_id, status, each.event or nothing, each.messages)
    return table


def result_text(result: RedriveResult, *, waits: bool = False) -> Text:
    """Say what a redrive did; `waits` tells that what came of it follows."""
    published = f", {counted(result.published, 'announcement')} published" if result.published else ""
    emitted = f"{counted(result.emitted, 'order')} emitted again{published}"
    sentences = [f"{emitted}, {counted(result.deleted, 'message')} deleted."]
    if result.already_done:
        what = "message only removed" if result.deleted else "no event emitted"
        sentences.append(f"Already done, {what}: {counted(result.already_done, 'order')}.")
    if result.stale:
        sentences.append(f"Removed, because its order is cancelled: {counted(result.stale, 'announcement')}.")
    if result.emitted and not waits:
        sentences.append("An order that fails again has a new message within two minutes.")
    return Text(" ".join(sentences))


def aftermath_table(orders: Iterable[KnownOrder]) -> Table:
    """List what came of the orders that were emitted again; those that are not done come last."""
    table = new_table("order", "status", "came of it")
    _keep_whole(table, "order")
    for order in sorted(orders, key=came_of):
        add_row(table, order.order_id, status_text(order.status, order.reason), came_of(order))
    return table
