"""Reads the status of placed orders from the Orders table, and waits until none is pending."""

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers.contract.names import ORDER_RECORD, OrderStatus
from orderctl.dynamodb import batch_get
from orderctl.stack import Stack

_ATTRIBUTES: Final = ("orderId", "status", "reason", "createdAt", "updatedAt")
_MAX_PAUSE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """The status of an order."""

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
    """Read the status of these orders."""
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
    """Poll until no order is pending, at most `timeout` seconds; return the status of every order.

    `on_progress` gets the number of orders that are no longer pending. An order on hold ends the wait too:
    only an operator can change it.
    """
    deadline = time.monotonic() + timeout
    pause = 0.1
    done: dict[str, OrderState] = {}
    while True:
        states = read_states(stack, [id_ for id_ in order_ids if id_ not in done])
        done |= {state.order_id: state for state in states if state.status != OrderStatus.PENDING}
        on_progress(len(done))
        if len(done) >= len(order_ids) or time.monotonic() > deadline:
            return [*done.values(), *(state for state in states if state.order_id not in done)]
        time.sleep(pause)
        pause = min(_MAX_PAUSE_SECONDS, pause * 1.5)
