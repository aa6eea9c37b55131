"""Reads the status of orders from the Orders table, and waits until none is pending."""

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers.contract.names import ORDER_RECORD, OrderStatus
from orderctl.aws_calls import NO_RESPONSE
from orderctl.dynamodb import batch_get
from orderctl.stack import Stack

_ATTRIBUTES: Final = ("orderId", "status", "reason", "createdAt", "updatedAt", "settledAt")
_MAX_PAUSE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """The status of an order."""

    order_id: str
    status: OrderStatus
    reason: str
    created_at: datetime
    updated_at: datetime
    settled_at: datetime | None = None

    @property
    def seconds(self) -> float:
        """Return the time from placing the order until it was settled first, else until its last change."""
        return ((self.settled_at or self.updated_at) - self.created_at).total_seconds()


def is_pending(state: OrderState) -> bool:
    """Tell whether the workflow of a new order is not done with it."""
    return state.status is OrderStatus.PENDING


class Settlement:
    """What is known of the status of some orders. It stays known when a wait fails or is interrupted.

    `pending` tells which orders are waited for.
    """

    def __init__(
        self,
        stack: Stack,
        order_ids: Collection[str],
        *,
        pending: Callable[[OrderState], bool] = is_pending,
    ) -> None:
        self._stack = stack
        self._order_ids = order_ids
        self._pending = pending
        self._states: dict[str, OrderState] = {}

    @property
    def total(self) -> int:
        """Return the number of orders."""
        return len(self._order_ids)

    @property
    def states(self) -> list[OrderState]:
        """Return the latest status of every order that was read."""
        return list(self._states.values())

    def wait(
        self,
        *,
        timeout: float,
        retry_seconds: float = 0.0,
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Poll until no order is pending, at most `timeout` seconds.

        `on_progress` gets the number of orders that are no longer pending. An order on hold ends the wait
        too: only an operator can change it. When the table does not respond for more than `retry_seconds`,
        the error of botocore is raised.
        """
        deadline = time.monotonic() + timeout
        responded = time.monotonic()
        pause = 0.1
        while True:
            try:
                pending = self._read()
                responded = time.monotonic()
            except NO_RESPONSE:
                # The client says that it tries again.
                if time.monotonic() - responded > retry_seconds:
                    raise
            else:
                on_progress(len(self._order_ids) - pending)
                if not pending:
                    return
            # A deadline that is not a number is over, too.
            if not time.monotonic() <= deadline:
                return
            time.sleep(pause)
            pause = min(_MAX_PAUSE_SECONDS, pause * 1.5)

    def _read(self) -> int:
        """Read the orders that can still change; return how many are pending."""
        done = {id_ for id_, state in self._states.items() if not self._pending(state)}
        states = read_states(self._stack, [id_ for id_ in self._order_ids if id_ not in done])
        self._states |= {state.order_id: state for state in states}
        done |= {state.order_id for state in states if not self._pending(state)}
        return len(self._order_ids) - len(done)


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
            settled_at=datetime.fromisoformat(item["settledAt"]) if "settledAt" in item else None,
        )
        for item in batch_get(stack.client("dynamodb"), stack.orders_table, keys, _ATTRIBUTES)
    ]


def wait_while_pending(stack: Stack, order_ids: Collection[str], *, timeout: float) -> list[OrderState]:
    """Wait until no order is pending, at most `timeout` seconds; return the status of every order."""
    settlement = Settlement(stack, order_ids)
    settlement.wait(timeout=timeout)
    return settlement.states
