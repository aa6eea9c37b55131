"""dlq list, show, redrive: shows dead letters and lets their orders run again."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from typing import Annotated, Final

import typer

from handlers.contract.clock import utc_now
from orderctl.display.layout import counted, print_parts
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.orders import RedrivableOrders
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.queues import ReceivedMessages, read_queues, visibility_timeout
from orderctl.dlq.redrive import Redrive, RedriveResult
from orderctl.dlq.tables import (
    in_flight_text,
    left_out_text,
    messages_view,
    plan_table,
    result_text,
    waiting_view,
)
from orderctl.errors import OperatorError
from orderctl.stack import QUEUES, Profile, Region, Stack, StackName, find_stack
from orderctl.terminal import output, progress, progress_bar, step

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
def list_messages(
    *,
    queue: QueueArgument = Queue.ALL,
    limit: Annotated[
        int, typer.Option(min=0, help="How many to list, the oldest first; the others are counted.")
    ] = 50,
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
    now = utc_now()
    print_parts(
        *messages_view(messages, orders, now, limit=limit, width=output.width),
        *waiting_view(without, now, limit=limit, in_flight=in_flight),
    )
    if not messages and not without:
        output.print(_empty_text(queue, in_flight))


@app.command()
def show(
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID")],
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show the dead letters of an order: step, error, cause, execution and event."""
    with _read(find_stack(stack, profile, region), Queue.ALL) as received:
        messages = [message for message in received.messages if message.order_id == order_id]
    if not messages:
        raise OperatorError(
            f"There is no dead letter of {order_id}",
            what_to_do=f"Show its status with `orderctl show {order_id}`.",
        )
    for message in messages:
        output.print(f"{message.queue}, {message.sent:%Y-%m-%d %H:%M:%S} UTC")
        output.print_json(json.dumps(message.body))


@app.command()
def redrive(  # noqa: PLR0913  one parameter an option
    *,
    queue: QueueArgument = Queue.ALL,
    order: Annotated[str | None, typer.Option(metavar="ORDER_ID", help="Only this order.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
    rate: Annotated[float, typer.Option(min=0.1, help="Events per second, at most.")] = _DEFAULT_RATE,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Start the workflow again for each order that has a dead letter. Finished steps are not repeated.

    An order is emitted once, even if it has several messages. Its messages are deleted when the bus has
    accepted the event. When the order is already done, they are deleted without an event. Announcements that
    were not published are published. With `all`, this includes the orders that wait for an operator and have
    no message, unless another command is reading messages: theirs may be among them. With `--order`, this can
    be any order: a settled order without a message is announced again, unless it is CANCELLED.
    """
    deployed = find_stack(stack, profile, region)
    table = RedrivableOrders(deployed)
    # Read before the queues: a later order on hold could have a message that this redrive did not receive.
    waiting = table.redrivable(only=order) if queue is Queue.ALL else []
    with _read(deployed, queue, seconds_per_message=1 / rate) as received:
        plan = RedrivePlan.from_messages(received.messages, waiting, only=order, in_flight=received.in_flight)
        for message in plan.foreign:
            progress.print(f"Ignored: {message.message_id} on {message.queue} is not from this system.")
        if not plan.size:
            _report_nothing(queue, order, received.in_flight)
        elif dry_run:
            print_parts(plan_table(plan, table.read(plan.order_ids, received.messages)))
        else:
            _carry_out(Redrive(deployed, received, rate=rate), plan)
        if plan.left_out:
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


def _order_ids(messages: Iterable[DeadLetter]) -> set[str]:
    return {message.order_id for message in messages if message.order_id is not None}


def _seconds_hidden(in_flight: int) -> int:
    """Return when these messages are visible again, if a redrive at the default rate has received them."""
    return visibility_timeout(in_flight, 1 / _DEFAULT_RATE)


def _empty_text(queue: Queue, in_flight: int) -> str:
    others = " that this command can read" if in_flight else ""
    return f"There are no dead letters{others}{queue.sentence_end}"


def _carry_out(work: Redrive, plan: RedrivePlan) -> None:
    result = RedriveResult()
    try:
        with progress_bar("redriving", plan.size) as set_done:
            for result in work.run(plan):
                set_done(result.done)
    finally:
        output.print(result_text(result))
    failures = [
        *(f"  {order_id}: there is no such order, or its record is broken" for order_id in result.unknown),
        *(f"  {order_id}: the bus did not accept its event" for order_id in result.refused),
    ]
    if failures:
        raise OperatorError(
            f"{counted(len(failures), 'event')} could not be emitted. Their messages are kept",
            what_to_do="\n".join(failures),
        )


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
