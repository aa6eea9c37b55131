"""How placed orders stand, read from the Orders table, and waiting until none is pending."""

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers.contract.names import ORDER_RECORD, OrderStatus
from orderctl.dynamodb import batch_get
from orderctl.stack import Stack

_ATTRIBUTES: Final = ("orderId", "status", "reason", "createdAt", "updatedAt")
_LONGEST_PAUSE: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """How an order stands."""

    order_id: str
    status: OrderStatus
    reason: str
    created_at: datetime
    updated_at: datetime

    @property
    def seconds(self) -> float:
        """Return the time from placing the order to its last change."""
        return (self.updated_at - self.created_at).total_seconds()


def read_states(stack: Stack, order_ids: Iterable[str]) -> list[OrderState]:
    """Read how these orders stand."""
    keys = ({"orderId": order_id, "record": ORDER_RECORD} for order_id in order_ids)
    return [
        OrderState(
            order_id=item["orderId"],
            status=OrderStatus(item["status"]),
            reason=item.get("reason", ""),
            created_at=datetime.fromisoformat(item["createdAt"]),
            updated_at=datetime.fromisoformat(item["updatedAt"]),
        )
        for item in batch_get(stack.client("dynamodb"), stack.orders_table, keys, _ATTRIBUTES)
    ]


def wait_while_pending(
    stack: Stack,
    order_ids: Collection[str],
    *,
    timeout: float,
    on_progress: Callable[[int], None] = lambda _: None,
) -> list[OrderState]:
    """Poll until no order is pending or `timeout` seconds passed; say how many are not pending any more.

    An order on hold is not waited for: it moves only when an operator redrives it.
    """
    deadline = time.monotonic() + timeout
    pause = 0.1
    resting: dict[str, OrderState] = {}
    while True:
        states = read_states(stack, [id_ for id_ in order_ids if id_ not in resting])
        resting |= {state.order_id: state for state in states if state.status != OrderStatus.PENDING}
        on_progress(len(resting))
        if len(resting) >= len(order_ids) or time.monotonic() > deadline:
            return [*resting.values(), *(state for state in states if state.order_id not in resting)]
        time.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 1.5)
