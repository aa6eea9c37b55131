"""dlq list, show, redrive: shows dead letters and lets their orders run again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from handlers.contract.clock import rfc3339, utc_now
from orderctl.commands.order_id import parse_order_id
from orderctl.commands.redriving import Redriving
from orderctl.display.json_output import AsJson, print_json
from orderctl.display.layout import print_parts
from orderctl.display.letter_view import letter_lines
from orderctl.display.redrive_json import plan_json
from orderctl.display.report_json import letter_json, whole_letter_json
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.orders import KnownOrder, RedrivableOrders, WaitingOrder
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.queues import ReceivedMessages, read_queues, visibility_timeout
from orderctl.dlq.redrive import Redrive
from orderctl.dlq.tables import (
    in_flight_text,
    left_out_text,
    messages_view,
    plan_table,
    waiting_view,
)
from orderctl.dlq.verdict import Verdict, verdict
from orderctl.errors import OperatorError
from orderctl.fault_switch import switched_on, turn_off_command
from orderctl.stack import QUEUES, Profile, Region, Stack, StackName, find_stack, stack_options
from orderctl.terminal import output, progress, say, step

_DEFAULT_RATE: Final = 50.0

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Dead-letter queues: list, show, redrive.",
)


class Queue(StrEnum):
    """The queue of a service, of EventBridge (delivery), or all.

    `all` includes the orders that wait for an operator and have no message.
    """

    INVENTORY = "inventory"
    PAYMENT = "payment"
    NOTIFICATION = "notification"
    DELIVERY = "delivery"
    ALL = "all"

    @property
    def names(self) -> Sequence[str]:
        """Return the names of the queues."""
        return QUEUES if self is Queue.ALL else (self.value,)

    @property
    def sentence_end(self) -> str:
        """Return the end of a sentence about the queue."""
        return "." if self is Queue.ALL else f" on the {self} queue."


QueueArgument = Annotated[Queue, typer.Argument(help="Which queue.")]


@app.command("list")
def list_messages(  # noqa: PLR0913  one parameter an option
    *,
    queue: QueueArgument = Queue.ALL,
    limit: Annotated[
        int, typer.Option(min=0, help="How many to list, the oldest first; the others are counted.")
    ] = 50,
    as_json: AsJson = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List dead letters, and orders that wait for an operator and have none.

    The verdict says what is to be done about a message. **already done**: its order is settled, and what the
    message says is missing was done: a redrive only removes the message. **being redriven**: a redrive has
    taken it, and its order is in progress. **needs redrive**: all others.
    """
    deployed = find_stack(stack, profile, region)
    table = RedrivableOrders(deployed)
    waiting = table.waiting() if queue is Queue.ALL else []
    with _read(deployed, queue) as received:
        messages, in_flight = received.messages, received.in_flight
    orders = table.read(_order_ids(messages[:limit]), messages[:limit])
    with_message = _order_ids(messages)
    without = table.still_waiting([order for order in waiting if order.order_id not in with_message], limit)
    if as_json:
        print_json(_list_json(messages, orders, without, limit=limit, in_flight=in_flight))
        return
    now = utc_now()
    print_parts(
        *messages_view(messages, orders, now, limit=limit, width=output.width),
        *waiting_view(without, now, limit=limit, in_flight=in_flight),
    )
    for service in switched_on(deployed, _broken(messages, orders, without)):
        off = turn_off_command(service, stack_options(stack, profile, region))
        say(f"A fault of the {service} service is on. Run `{off}` before a redrive.")
    if not messages and not without:
        output.print(_empty_text(queue, in_flight))


@app.command()
def show(
    order_id: Annotated[str, typer.Argument(parser=parse_order_id, metavar="ORDER_ID")],
    *,
    as_json: AsJson = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show the dead letters of an order whole: step, error, cause with its traceback, execution and event."""
    deployed = find_stack(stack, profile, region)
    with _read(deployed, Queue.ALL) as received:
        messages = [message for message in received.messages if message.order_id == order_id]
    if not messages:
        raise OperatorError(
            f"There is no dead letter of {order_id}",
            what_to_do=f"Show its status with `orderctl show {order_id}`.",
        )
    order = RedrivableOrders(deployed).read([order_id], messages).get(order_id)
    if as_json:
        whole = [whole_letter_json(message, verdict(message, order)) for message in messages]
        print_json({"orderId": order_id, "messages": whole})
        return
    for message in messages:
        for line in letter_lines(message, verdict(message, order)):
            # As it was parked: no line breaks of the layout.
            output.print(Text(line), soft_wrap=True)


@app.command()
def redrive(  # noqa: PLR0913  one parameter an option
    *,
    queue: QueueArgument = Queue.ALL,
    order: Annotated[
        str | None, typer.Option(parser=parse_order_id, metavar="ORDER_ID", help="Only this order.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
    rate: Annotated[float, typer.Option(min=0.1, help="Events per second, at most.")] = _DEFAULT_RATE,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until these orders are done, and show what came of each.")
    ] = False,
    as_json: AsJson = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Start the workflow again for each order that has a dead letter. Finished steps are not repeated.

    An order is emitted once, even if it has several messages. Its messages are deleted when the bus has
    accepted the event. When the order is already done, they are deleted without an event. Announcements that
    were not published are published. With `all`, this includes the orders that wait for an operator and have
    no message, unless another command is reading messages: theirs may be among them. With `--order`, this can
    be any order: a settled order without a message is announced again, unless it is CANCELLED. With `--wait`
    it exits with 3 when an order is held again, or not done after five minutes.
    """
    deployed = find_stack(stack, profile, region)
    table = RedrivableOrders(deployed)
    # Read before the queues: a later order on hold could have a message that this redrive did not receive.
    waiting = table.redrivable(only=order) if queue is Queue.ALL else []
    with _read(deployed, queue, seconds_per_message=1 / rate) as received:
        plan = RedrivePlan.from_messages(received.messages, waiting, only=order, in_flight=received.in_flight)
        for message in plan.foreign:
            progress.print(f"Ignored: {message.message_id} on {message.queue} is not from this system.")
        if not plan.size and not as_json:
            _report_nothing(queue, order, received.in_flight)
        elif dry_run:
            _show_plan(plan, table.read(plan.order_ids, received.messages), as_json=as_json)
        else:
            work = Redrive(deployed, received, rate=rate)
            Redriving(orders=table, wait=wait, as_json=as_json).carry_out(work, plan)
        if plan.left_out and not as_json:
            output.print(left_out_text(plan))


@contextmanager
def _read(stack: Stack, queue: Queue, seconds_per_message: float = 0.0) -> Iterator[ReceivedMessages]:
    with ExitStack() as exit_stack:
        with step("reading the queues"):
            received = exit_stack.enter_context(
                read_queues(stack, queue.names, seconds_per_message=seconds_per_message)
            )
        if received.in_flight:
            progress.print(in_flight_text(received.in_flight, _seconds_hidden(received.in_flight)))
        yield received


def _broken(
    messages: Iterable[DeadLetter], orders: Mapping[str, KnownOrder], waiting: Iterable[WaitingOrder]
) -> set[str]:
    """Return the queues whose messages need a redrive, and what orders are held for."""
    needed = {
        message.queue
        for message in messages
        if verdict(message, orders.get(message.order_id or "")) is Verdict.NEEDS_REDRIVE
    }
    return needed | {order.reason for order in waiting}


def _order_ids(messages: Iterable[DeadLetter]) -> set[str]:
    return {message.order_id for message in messages if message.order_id is not None}


def _seconds_hidden(in_flight: int) -> int:
    """Return when these messages are visible again, if a redrive at the default rate has received them."""
    return visibility_timeout(in_flight, 1 / _DEFAULT_RATE)


def _empty_text(queue: Queue, in_flight: int) -> str:
    others = " that this command can read" if in_flight else ""
    return f"There are no dead letters{others}{queue.sentence_end}"


def _show_plan(plan: RedrivePlan, orders: Mapping[str, KnownOrder], *, as_json: bool) -> None:
    if as_json:
        print_json(plan_json(plan, orders))
    else:
        print_parts(plan_table(plan, orders))


def _list_json(
    messages: Sequence[DeadLetter],
    orders: Mapping[str, KnownOrder],
    without: Sequence[WaitingOrder],
    *,
    limit: int,
    in_flight: int,
) -> dict[str, Any]:
    return {
        "messages": [
            letter_json(message, verdict(message, orders.get(message.order_id or "")))
            for message in messages[:limit]
        ],
        "waitingWithoutMessage": [
            {
                "orderId": order.order_id,
                "status": order.status or None,
                "reason": order.reason or None,
                "since": rfc3339(order.since),
            }
            for order in without[:limit]
        ],
        "totalMessages": len(messages),
        "totalWaitingWithoutMessage": len(without),
        "inFlight": in_flight,
    }


def _report_nothing(queue: Queue, order_id: str | None, in_flight: int) -> None:
    if order_id is None:
        others = " that this command can read" if in_flight else ""
        output.print(f"There is nothing to redrive{others}{queue.sentence_end}")
        return
    if queue is not Queue.ALL:
        raise OperatorError(
            f"There is nothing to redrive for {order_id} on the {queue} queue",
            what_to_do=f"Try all queues: `orderctl dlq redrive --order {order_id}`.",
        )
    raise OperatorError(
        f"There is nothing to redrive for {order_id}",
        why="it has no dead letter, and there is no such order",
        what_to_do=f"Show its status with `orderctl show {order_id}`.",
    )
