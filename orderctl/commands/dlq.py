"""The dead-letter queues: list, show, redrive."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from typing import Annotated

import typer

from handlers.contract.clock import utc_now
from orderctl.dlq.orders import DlqOrders
from orderctl.dlq.queues import Reading, reading
from orderctl.dlq.redrive import Redrive, RedrivePlan, RedriveResult
from orderctl.dlq.tables import (
    counted,
    counts_table,
    dead_letters_table,
    held_table,
    plan_table,
    result_text,
)
from orderctl.errors import OperatorError
from orderctl.stack import QUEUES, Profile, Region, Stack, StackName, find_stack
from orderctl.terminal import output, progress, progress_bar, step

app = typer.Typer()
dlq = typer.Typer(no_args_is_help=True, help="What failed for good: look at it, and let it run again.")
app.add_typer(dlq, name="dlq")


class Queue(StrEnum):
    """A service's queue, EventBridge's, or all and the orders that wait for an operator without a message."""

    INVENTORY = "inventory"
    PAYMENT = "payment"
    NOTIFICATION = "notification"
    DELIVERY = "delivery"
    ALL = "all"

    @property
    def names(self) -> Sequence[str]:
        """Return which queues that is."""
        return QUEUES if self is Queue.ALL else (self.value,)


QueueArgument = Annotated[Queue, typer.Argument(help="Whose dead letters.")]


@dlq.command("list")
def list_letters(
    *,
    queue: QueueArgument = Queue.ALL,
    limit: Annotated[int, typer.Option(min=0, help="How many, the oldest first; the rest is counted.")] = 50,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List dead letters, and orders that wait for an operator and have none."""
    deployment = find_stack(stack, profile, region)
    held = DlqOrders(deployment).held() if queue is Queue.ALL else []
    with _read(deployment, queue) as found:
        letters = found.letters
    with_letter = {letter.order_id for letter in letters}
    without = [order for order in held if order.order_id not in with_letter]
    now = utc_now()
    if letters:
        output.print(dead_letters_table(letters[:limit], now))
    if len(letters) > limit:
        output.print("", f"{counted(len(letters), 'message')} in all:", counts_table(letters))
    if without:
        output.print(held_table(without[:limit], now))
    if len(without) > limit:
        output.print(f"{counted(len(without), 'order')} in all")
    if not letters and not without:
        output.print("There are no dead letters" + _on(queue))


@dlq.command()
def show(
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID")],
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show the dead letters of an order: step, error, cause, execution and event."""
    with _read(find_stack(stack, profile, region), Queue.ALL) as found:
        letters = [letter for letter in found.letters if letter.order_id == order_id]
    if not letters:
        raise OperatorError(
            f"There is no dead letter of {order_id}",
            what_to_do=f"See how it stands with `orderctl show {order_id}`.",
        )
    for letter in letters:
        output.print(f"{letter.queue}, {letter.sent:%Y-%m-%d %H:%M:%S} UTC")
        output.print_json(json.dumps(letter.body))


@dlq.command()
def redrive(  # noqa: PLR0913  one parameter an option
    *,
    queue: QueueArgument = Queue.ALL,
    order: Annotated[str | None, typer.Option(metavar="ORDER_ID", help="Only this order.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
    rate: Annotated[float, typer.Option(min=0.1, help="Events a second, at most.")] = 50,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Let the workflow of each order with a dead letter run again: what is done stays done.

    An order is emitted once, however many messages it has; they are deleted when the bus has taken it.
    Announcements that could not be published are. `all` also takes up orders that wait for an operator and
    have no message, `--order` any order: one that is settled and has none is announced again.
    """
    deployment = find_stack(stack, profile, region)
    # Asked first: an order that is held while the queues are read has its message on them or soon will.
    held = _held(deployment, queue, only=order)
    with _read(deployment, queue, seconds_per_message=1 / rate) as found:
        plan = RedrivePlan.of(found.letters, held, only=order)
        _report_foreign(plan)
        if not plan.size:
            _nothing_to_redrive(queue, order)
        elif dry_run:
            output.print(plan_table(plan))
        else:
            _carry_out(Redrive(deployment, found, rate=rate), plan)


def _on(queue: Queue) -> str:
    return "." if queue is Queue.ALL else f" on the {queue} queue."


def _carry_out(work: Redrive, plan: RedrivePlan) -> None:
    result = RedriveResult()
    try:
        with progress_bar("redriving", plan.size) as set_done:
            for result in work.run(plan):
                set_done(result.done)
    finally:
        output.print(result_text(result))
    if result.refused or result.unknown:
        unknown = [f"  {id_}: there is no such order, or its record is broken" for id_ in result.unknown]
        refused = [f"  {id_}: the bus did not take its event" for id_ in result.refused]
        raise OperatorError(
            f"{counted(len(unknown) + len(refused), 'event')} could not be emitted, the messages are kept",
            what_to_do="\n".join([*unknown, *refused]),
        )


@contextmanager
def _read(stack: Stack, queue: Queue, seconds_per_message: float = 0.0) -> Iterator[Reading]:
    with ExitStack() as until_done:
        with step("reading the queues"):
            found = until_done.enter_context(
                reading(stack, queue.names, seconds_per_message=seconds_per_message)
            )
        hidden = sum(size.hidden for size in found.sizes.values())
        if hidden:
            progress.print(
                f"Somebody is reading {counted(hidden, 'more message')} now: ask again in a minute."
            )
        yield found


def _held(stack: Stack, queue: Queue, only: str | None = None) -> list[str]:
    """Return what is to be taken up also without a message: the orders that wait, or the `only` one."""
    if queue is not Queue.ALL:
        return []
    orders = DlqOrders(stack)
    if only is None:
        return [order.order_id for order in orders.held()]
    return list(orders.read([only]))


def _report_foreign(plan: RedrivePlan) -> None:
    for letter in plan.foreign:
        progress.print(f"Left alone: message {letter.message_id} on {letter.queue} is none of this system's.")


def _nothing_to_redrive(queue: Queue, order_id: str | None) -> None:
    if order_id is None:
        output.print("There is nothing to redrive" + _on(queue))
        return
    if queue is not Queue.ALL:
        raise OperatorError(
            f"There is nothing to redrive for {order_id} on the {queue} queue",
            what_to_do=f"Look on all queues: `orderctl dlq redrive --order {order_id}`.",
        )
    raise OperatorError(
        f"There is nothing to redrive for {order_id}",
        why="it has no dead letter here, and there is no such order",
        what_to_do=f"See how it stands with `orderctl show {order_id}`.",
    )
