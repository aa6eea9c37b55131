"""The plan of a redrive: which orders run again, and which announcements are published again."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from handlers.contract.names import DetailType
from orderctl.dlq.messages import DeadLetter


@dataclass(frozen=True, slots=True, kw_only=True)
class RedrivePlan:
    """`orders` has the messages of each order id, also of orders without a message.

    `foreign` messages are not from this system; a redrive leaves them on their queue.
    """

    orders: dict[str, list[DeadLetter]]
    announcements: list[DeadLetter]
    foreign: list[DeadLetter]

    @property
    def size(self) -> int:
        """Return how many events will be sent to the bus."""
        return len(self.orders) + len(self.announcements)

    @classmethod
    def from_messages(
        cls, messages: Iterable[DeadLetter], waiting: Iterable[str] = (), *, only: str | None = None
    ) -> Self:
        """Plan for these messages and for the ids of the `waiting` orders, or `only` for one order id."""
        plan = cls(orders={}, announcements=[], foreign=[])
        for message in messages:
            if only in (None, message.order_id):
                plan._add(message)
        for order_id in waiting:
            if only in (None, order_id):
                plan.orders.setdefault(order_id, [])
        return plan

    def _add(self, message: DeadLetter) -> None:
        if message.order_id is None or (message.is_event and message.step not in set(DetailType)):
            self.foreign.append(message)
        elif message.is_event and message.step != DetailType.ORDER_PLACED:
            self.announcements.append(message)
        else:
            self.orders.setdefault(message.order_id, []).append(message)
