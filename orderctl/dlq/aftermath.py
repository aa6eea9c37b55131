"""What came of the orders that a redrive emitted again."""

import time
from collections.abc import Callable, Collection
from typing import Final

from handlers.contract.names import OrderStatus
from orderctl.dlq.orders import KnownOrder, RedrivableOrders

_MAX_PAUSE_SECONDS: Final = 1.0


def wait_until_done(
    orders: RedrivableOrders,
    order_ids: Collection[str],
    *,
    timeout: float,
    on_progress: Callable[[int], None] = lambda _: None,
) -> dict[str, KnownOrder]:
    """Poll until none of these orders is in progress, at most `timeout` seconds; return all as they are.

    `on_progress` gets the number of orders that are no longer in progress. An order that was held again is
    one of them.
    """
    deadline = time.monotonic() + timeout
    found: dict[str, KnownOrder] = {}
    pause = 0.1
    while True:
        found |= orders.read(id_ for id_ in order_ids if id_ not in found or found[id_].is_in_progress)
        running = sum(order.is_in_progress for order in found.values())
        on_progress(len(order_ids) - running)
        if not running or time.monotonic() > deadline:
            return found
        time.sleep(pause)
        pause = min(_MAX_PAUSE_SECONDS, pause * 1.5)


def came_of(order: KnownOrder) -> str:
    """Say what came of an order."""
    if order.is_in_progress:
        return "goes on"
    if order.status is OrderStatus.ON_HOLD:
        return "held again"
    return "waits for an operator again" if order.is_waiting else "done"
