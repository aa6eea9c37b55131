"""What a redrive would do with each order and announcement of its plan."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from handlers.contract.events import workflow_event
from orderctl.dlq.orders import KnownOrder
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.verdict import Verdict, is_done, verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """`order` is None when there is none, or its record is broken. Without an `event`, nothing is emitted."""

    order_id: str
    order: KnownOrder | None
    event: str | None
    messages: int


def planned(plan: RedrivePlan, orders: Mapping[str, KnownOrder]) -> Iterator[Planned]:
    """Yield what would be done; `orders` are those of the plan."""
    for order_id, messages in plan.orders.items():
        order = orders.get(order_id)
        emits = order is not None and not is_done(order, messages)
        event = workflow_event(order).detail_type if order is not None and emits else None
        yield Planned(order_id=order_id, order=order, event=event, messages=len(messages))
    for message in plan.announcements:
        order_id = str(message.order_id)
        order = orders.get(order_id)
        stale = verdict(message, order) is Verdict.ALREADY_DONE
        yield Planned(order_id=order_id, order=order, event=None if stale else message.step, messages=1)
