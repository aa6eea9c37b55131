"""What an operator does with one order: cancels it, or redrives it. Each is a part of the order's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from handlers.contract.money import format_money
from handlers.contract.names import INVENTORY_STEP, PAYMENT_STEP, InventoryStatus, PaymentStatus
from orderctl.cancelling import Answer, CancellableOrder, Cancellations, Requested, is_comment
from orderctl.console.actions import Form, is_part, jobs_of, letters_of, part, post
from orderctl.console.context import console_of
from orderctl.console.redriving import RATE, DryRun, dry_run, redrive_now, what_happens
from orderctl.console.rendering import page
from orderctl.dlq.orders import RedrivableOrders
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.queues import ReceivedMessages
from orderctl.durations import limit
from orderctl.dynamodb import batch_get
from orderctl.errors import OperatorError, UnknownOrder
from orderctl.fault_switch import Service, switched_on
from orderctl.stack import QUEUES, Stack

# An order page that has this event in its hx-trigger reads itself again.
_CHANGED: Final = {"hx-trigger": "order-changed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPlan:
    """What a request to cancel would be answered, and what would happen then, one sentence each."""

    requested: Requested
    happens: Sequence[str]
    can_be_late: bool

    @property
    def is_possible(self) -> bool:
        """Tell whether something would happen."""
        return self.requested.answer in {Answer.REQUESTED, Answer.REQUESTED_BEFORE}


def _cancel_plan(request: Request) -> Response:
    """Say what a cancellation would do, or why it can't be."""
    if not is_part(request):
        return RedirectResponse(f"/orders/{_id(request)}", status_code=303)
    stack, late = console_of(request).stack, request.query_params.get("late") == "1"
    requested = Cancellations(stack, late=late).look(_id(request))
    too_late = requested.answer is Answer.CONFIRMED_TOO_LONG_AGO
    plan = CancelPlan(
        requested=requested, happens=_what_happens(stack, requested.order), can_be_late=too_late
    )
    return page(request, "cancel_plan.html", plan=plan, late=late, rule=_rule(stack), Answer=Answer)


def _cancel(request: Request, form: Form) -> Response:
    """Cancel the order, as `orderctl cancel` does."""
    comment = form.text("comment") or None
    if comment is not None and not is_comment(comment):
        raise OperatorError(
            "The comment can't be stored", what_to_do="Give 1 to 200 characters, in one line."
        )
    console, late = console_of(request), form.text("late") == "1"
    said: list[str] = []
    requested = Cancellations(console.stack, comment=comment, late=late, tell=said.append).request(
        _id(request)
    )
    console.live.feed.read_now([_id(request)])
    response = page(
        request,
        "cancel_done.html",
        requested=requested,
        said=said,
        late=late,
        rule=_rule(console.stack),
        Answer=Answer,
    )
    response.headers.update(_CHANGED)
    return response


def _redrive_plan(request: Request) -> Response:
    """Say what a redrive of the order would do."""
    if not is_part(request):
        return RedirectResponse(f"/orders/{_id(request)}", status_code=303)
    stack = console_of(request).stack
    orders = RedrivableOrders(stack)
    known = _known(orders, _id(request))
    with letters_of(request).received() as received:
        plan = _plan(received, known, _id(request))
        in_flight = received.in_flight
    run = dry_run(plan, orders, [_id(request)], in_flight=in_flight)
    return page(
        request,
        "cancel_redrive_plan.html",
        order_id=_id(request),
        run=run,
        rows=[(row, what_happens(row)) for row in run.rows],
        faults=_faults(stack, run),
    )


def _redrive(request: Request, _: Form) -> Response:
    """Redrive the order now: its messages are received again, since those of the dry run have expired."""
    console = console_of(request)
    known = _known(RedrivableOrders(console.stack), _id(request))
    with (
        jobs_of(request).alone(f"redrive of {_id(request)}"),
        letters_of(request).received(seconds_per_message=1 / RATE) as received,
    ):
        outcome = redrive_now(console.stack, received, _plan(received, known, _id(request)))
    console.live.feed.read_now([_id(request)])
    response = page(request, "cancel_redrive_done.html", order_id=_id(request), outcome=outcome)
    response.headers.update(_CHANGED)
    return response


def _known(orders: RedrivableOrders, order_id: str) -> list[str]:
    """Return the id, if there is such an order; raise UnknownOrder else."""
    known = orders.redrivable(only=order_id)
    if not known:
        raise UnknownOrder(order_id)
    return known


def _plan(received: ReceivedMessages, known: Sequence[str], order_id: str) -> RedrivePlan:
    """Plan as `orderctl dlq redrive --order ID` does: a settled order may be announced again."""
    return RedrivePlan.from_messages(received.messages, known, only=order_id)


def _faults(stack: Stack, run: DryRun) -> list[Service]:
    """Return the services with a fault, of those that the order is held for or has a message of."""
    reasons = {row.order.reason for row in run.rows if row.order}
    queues = {message.queue for messages in run.plan.orders.values() for message in messages}
    return switched_on(stack, (reasons | queues) & set(QUEUES))


def _what_happens(stack: Stack, order: CancellableOrder) -> list[str]:
    keys = [{"orderId": order.order_id, "record": step} for step in (INVENTORY_STEP, PAYMENT_STEP)]
    found = batch_get(stack.client("dynamodb"), stack.orders_table, keys, ("record", "status"))
    steps = {record["record"]: str(record.get("status")) for record in found}
    return [
        _stock_words(steps.get(INVENTORY_STEP)),
        _payment_words(steps.get(PAYMENT_STEP), format_money(order.total)),
        "Its customer is told that it is cancelled."
        if not order.is_forgotten
        else "Nobody is told: its customer was forgotten.",
    ]


def _stock_words(status: str | None) -> str:
    match status:
        case InventoryStatus.RESERVED:
            return "Its stock is put back."
        case InventoryStatus.RELEASED | InventoryStatus.OUT_OF_STOCK:
            return "It holds no stock."
        case _:
            return "It holds no stock so far. What is reserved until then is put back."


def _payment_words(status: str | None, total: str) -> str:
    match status:
        case PaymentStatus.CAPTURED:
            return f"Its payment of {total} is refunded, the whole amount."
        case PaymentStatus.AUTHORIZED:
            return f"Its payment of {total} is voided: no money is taken."
        case PaymentStatus.REFUNDED | PaymentStatus.VOIDED:
            return "Its payment was given back already."
        case PaymentStatus.DECLINED:
            return "No money was taken."
        case _:
            return f"No payment of {total} so far. What is held by then is voided, what is taken is refunded."


def _rule(stack: Stack) -> str:
    """Say until when customers can cancel a CONFIRMED order."""
    span = timedelta(seconds=stack.cancel_confirmed_seconds)
    return f"customers can cancel for {limit(span)}" if span else "customers can't cancel such an order"


def _id(request: Request) -> str:
    return str(request.path_params["order_id"])


ROUTES: Final[list[Route]] = [
    part("/orders/{order_id:uuid}/cancel", _cancel_plan),
    post("/orders/{order_id:uuid}/cancel", _cancel),
    part("/orders/{order_id:uuid}/redrive", _redrive_plan),
    post("/orders/{order_id:uuid}/redrive", _redrive),
]
