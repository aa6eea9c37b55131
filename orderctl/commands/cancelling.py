"""cancel: cancels an order, or all that have been on hold for long."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Final

import typer
from rich.table import Table

from handlers.contract.clock import rfc3339, utc_now
from handlers.contract.money import format_money
from handlers.contract.names import OrderStatus
from orderctl.cancelling import (
    Answer,
    CancellableOrder,
    Cancellations,
    Requested,
    is_comment,
)
from orderctl.commands.confirming import confirm
from orderctl.commands.one_by_one import left_of
from orderctl.commands.order_id import parse_order_id
from orderctl.commands.spans import ago
from orderctl.display.held import held_advice
from orderctl.display.json_output import AsJson, print_json
from orderctl.display.layout import add_row, counted, new_table, print_parts, status_text
from orderctl.dlq.orders import RedrivableOrders, WaitingOrder
from orderctl.durations import age, limit
from orderctl.errors import Interrupted, NotSettled, OperatorError
from orderctl.paid_back import record_paid_back
from orderctl.settlement import OrderState, Settlement
from orderctl.stack import Profile, Region, Stack, StackName, find_stack, stack_options
from orderctl.terminal import output, say, step

_DEFAULT_RATE: Final = 50.0
_WAIT_SECONDS: Final = 60
_PAUSE_SECONDS: Final = 1.0


def _comment(text: str) -> str:
    if not is_comment(text):
        raise typer.BadParameter("give 1 to 200 characters, in one line")
    return text


def cancel(  # noqa: PLR0913  one parameter an option
    *,
    order_id: Annotated[str | None, typer.Argument(parser=parse_order_id, metavar="ORDER_ID")] = None,
    held_before: Annotated[
        datetime | None,
        typer.Option(
            "--on-hold-older-than", parser=ago, metavar="TIME", help="All that are ON_HOLD for longer: 7d."
        ),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(parser=_comment, metavar="TEXT", help="Why, in your words; the API shows it."),
    ] = None,
    late: Annotated[
        bool, typer.Option("--late", help="Also when it was CONFIRMED too long ago for its customer.")
    ] = False,
    paid_back: Annotated[
        bool,
        typer.Option(
            "--paid-back", help="The provider refuses the refund for good, and you paid it in another way."
        ),
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is CANCELLED or on hold.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be cancelled.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    rate: Annotated[float, typer.Option(min=0.1, help="Orders per second, at most.")] = _DEFAULT_RATE,
    as_json: AsJson = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Cancel an order, or all that have been ON_HOLD for long.

    It can't be undone. The workflow puts the stock back and voids the payment, or refunds the whole amount.
    What it can't do is parked, and the order waits ON_HOLD: `orderctl dlq redrive` goes on. With `--wait` it
    exits with 3 when the order is ON_HOLD, or still not cancelled after a minute. `--paid-back` asks first.

    For many: `orderctl cancel --on-hold-older-than 7d --dry-run`, then without `--dry-run`. It asks once.
    After an interruption, the same command goes on with the rest.
    """
    _require_one_or_many(order_id, held_before, for_one=late or wait or paid_back, for_many=dry_run)
    stack = find_stack(stack_name, profile, region)
    cancellations = Cancellations(stack, comment=reason, late=late)
    if held_before is not None:
        held = _held(stack, held_before)
        _cancel_held(cancellations, held, dry_run=dry_run, yes=yes, rate=rate, as_json=as_json)
        return
    one = order_id or ""
    if paid_back:
        _record_paid_back(stack, cancellations.read(one), yes=yes)
    requested = _request(cancellations, one, wait=wait)
    answered = _answer_text(requested, stack)
    if not as_json:
        output.print(answered)
    options = stack_options(stack_name, profile, region)
    state = None
    try:
        if wait and requested.answer in {Answer.REQUESTED, Answer.REQUESTED_BEFORE}:
            state = _wait_until_cancelled(stack, requested, options)
    finally:
        # Whatever ended the wait, the cancellation is requested.
        if as_json:
            print_json(_json(requested, state))
    if state is not None:
        _report(state, requested, options, as_json=as_json)


def _require_one_or_many(
    order_id: str | None, held_before: datetime | None, *, for_one: bool, for_many: bool
) -> None:
    if (order_id is None) == (held_before is None):
        raise typer.BadParameter("name one order, or give --on-hold-older-than")
    if for_one and order_id is None:
        raise typer.BadParameter("--late, --wait and --paid-back are for one order")
    if for_many and held_before is None:
        raise typer.BadParameter("--dry-run is for --on-hold-older-than")


def _record_paid_back(stack: Stack, order: CancellableOrder, *, yes: bool) -> None:
    if order.cancel_reason is None:
        raise OperatorError(
            f"Nobody has asked to cancel {order.order_id}",
            what_to_do="Cancel it without --paid-back: the provider gives the money back.",
        )
    paid = f"{format_money(order.total)} of {order.order_id} was paid back in another way"
    confirm(f"Record for good that {paid}?", yes=yes)
    record_paid_back(stack, order.order_id, order.total.amount, utc_now())
    say(f"{order.order_id}: the payment is recorded as REFUNDED; the provider was not asked")


def _request(cancellations: Cancellations, order_id: str, *, wait: bool) -> Requested:
    """Request it; with `wait`, again until everybody was told that the order is CONFIRMED."""
    requested = cancellations.request(order_id)
    if wait and requested.answer is Answer.LATER:
        deadline = time.monotonic() + _WAIT_SECONDS
        with step("waiting until the order can be cancelled"):
            while requested.answer is Answer.LATER and time.monotonic() < deadline:
                time.sleep(_PAUSE_SECONDS)
                requested = cancellations.request(order_id)
    return requested


def _answer_text(requested: Requested, stack: Stack) -> str:
    """Say what becomes of the order; raise OperatorError when that is not what was asked for."""
    order = requested.order
    match requested.answer:
        case Answer.REQUESTED:
            return f"{order.order_id}: cancellation requested"
        case Answer.REQUESTED_BEFORE:
            return (
                f"{order.order_id}: cancellation requested before ({order.cancel_reason}); "
                "its workflow runs again"
            )
        case Answer.CANCELLED_BEFORE:
            return f"{order.order_id} is CANCELLED already ({order.reason}): there is nothing to do"
        case Answer.REJECTED:
            return f"{order.order_id} is REJECTED ({order.reason}): there is nothing to cancel"
        case Answer.CONFIRMED_TOO_LONG_AGO:
            raise _too_late(requested, stack)
        case Answer.LATER:
            raise OperatorError(
                f"{order.order_id} can't be cancelled yet",
                why=f"it is {order.status}, and its customer is being told so",
                what_to_do="Try again in a few seconds, or add --wait.",
            )


def _too_late(requested: Requested, stack: Stack) -> OperatorError:
    span = timedelta(seconds=stack.cancel_confirmed_seconds)
    rule = f"customers can cancel for {limit(span)}" if span else "customers can't cancel such an order"
    return OperatorError(
        f"{requested.order.order_id} is not cancelled",
        why=f"it is CONFIRMED since {requested.order.settled_at}, and {rule}",
        what_to_do="Cancel it with --late, if you want that all the same: the whole amount is refunded.",
    )


def _json(requested: Requested, state: OrderState | None) -> dict[str, str | None]:
    order = requested.order
    return {
        "orderId": order.order_id,
        "answer": requested.answer.name,
        "status": state.status if state else order.status,
        "reason": (state.reason if state else order.reason) or None,
    }


def _wait_until_cancelled(stack: Stack, requested: Requested, options: str) -> OrderState:
    """Return the order's state when it is cancelled, on hold, or after the wait."""
    order_id = requested.order.order_id
    settlement = Settlement(stack, [order_id], pending=_pending(requested))
    try:
        with step("waiting until the order is cancelled"):
            settlement.wait(timeout=_WAIT_SECONDS)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Interrupted: the cancellation of {order_id} is requested and goes on",
            what_to_do=f"Show how it ended with `orderctl show {order_id}{options}`.",
        ) from None
    (state,) = settlement.states
    return state


def _report(state: OrderState, requested: Requested, options: str, *, as_json: bool) -> None:
    """Print how the cancellation ended; end with another exit code when it has not."""
    if _pending(requested)(state):
        raise NotSettled(
            f"{state.order_id} is still {state.status} after {_WAIT_SECONDS} s",
            what_to_do=f"Show its states with `orderctl trace {state.order_id}{options}`.",
        )
    if not as_json:
        output.print(status_text(state.status, state.reason))
    if state.status is OrderStatus.ON_HOLD:
        say(held_advice(1, state.reason, options))
        raise typer.Exit(NotSettled.exit_code)


def _pending(requested: Requested) -> Callable[[OrderState], bool]:
    return partial(_is_being_cancelled, since=datetime.fromisoformat(requested.at))


def _is_being_cancelled(state: OrderState, *, since: datetime) -> bool:
    """Tell whether the workflow is not done: it has neither cancelled the order nor put it on hold again."""
    if state.status is OrderStatus.CANCELLED:
        return False
    return state.status is not OrderStatus.ON_HOLD or state.updated_at == since


def _held(stack: Stack, before: datetime) -> list[WaitingOrder]:
    orders = RedrivableOrders(stack)
    with step("looking for orders on hold"):
        held = [
            each for each in orders.waiting() if each.status == OrderStatus.ON_HOLD and each.since < before
        ]
        known = orders.read(each.order_id for each in held)
    # What somebody asked to cancel already is held because it can't be undone: a redrive goes on.
    return [each for each in held if each.order_id in known and known[each.order_id].cancel_reason is None]


def _cancel_held(  # noqa: PLR0913  the options for many
    cancellations: Cancellations,
    held: Sequence[WaitingOrder],
    *,
    dry_run: bool,
    yes: bool,
    rate: float,
    as_json: bool,
) -> None:
    left: Sequence[WaitingOrder] = []
    if held and not dry_run:
        confirm(f"Cancel {counted(len(held), 'order')} for good?", yes=yes)
        left = left_of(
            cancellations.request_held(held, rate=rate),
            len(held),
            doing="cancelling",
            done="requested the cancellation of",
        )
    if as_json:
        orders = [_held_json(each, requested=not dry_run and each not in left) for each in held]
        print_json({"dryRun": dry_run, "orders": orders})
    elif not held:
        output.print("No order has been ON_HOLD for so long")
    elif dry_run:
        print_parts(held_table(held))
        output.print(f"Would be cancelled: {counted(len(held), 'order')}")
    else:
        output.print(f"Cancellation requested: {counted(len(held) - len(left), 'order')}")
    _report_left(left)


def _held_json(order: WaitingOrder, *, requested: bool) -> dict[str, str | bool]:
    return {
        "orderId": order.order_id,
        "reason": order.reason,
        "since": rfc3339(order.since),
        "requested": requested,
    }


def held_table(held: Sequence[WaitingOrder]) -> Table:
    """List the orders that would be cancelled."""
    table = new_table("order", "on hold because of", "age", right=["age"])
    now = utc_now()
    for order in held:
        add_row(table, order.order_id, order.reason, age(now - order.since))
    return table


def _report_left(left: Sequence[WaitingOrder]) -> None:
    if left:
        raise OperatorError(
            f"{counted(len(left), 'order')} not cancelled",
            why="changed since the list was read, for example by a redrive",
            what_to_do="\n".join(f"  {order.order_id}" for order in left),
        )
