"""The plan of a redrive: which orders run again, and which announcements are published again."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from orderctl.dlq.messages import DeadLetter


@dataclass(frozen=True, slots=True, kw_only=True)
class RedrivePlan:
    """`orders` has the messages of each order id, also of orders without a message.

    `foreign` messages are not from this system; a redrive leaves them on their queue. `left_out` has the ids
    of orders whose messages another reader may hold.
    """

    orders: dict[str, list[DeadLetter]]
    announcements: list[DeadLetter]
    foreign: list[DeadLetter]
    left_out: list[str]

    @property
    def size(self) -> int:
        """Return how many orders and announcements it has."""
        return len(self.orders) + len(self.announcements)

    @property
    def order_ids(self) -> set[str]:
        """Return the ids of all orders that it is about."""
        return {*self.orders, *(str(message.order_id) for message in self.announcements)}

    @classmethod
    def from_messages(
        cls,
        messages: Iterable[DeadLetter],
        waiting: Iterable[str] = (),
        *,
        only: str | None = None,
        in_flight: int = 0,
    ) -> Self:
        """Plan for these messages and for the ids of the `waiting` orders, or `only` for one order id.

        While other readers hold `in_flight` messages, a waiting order without a message is left out. Its
        message may be one of them, and would stay on the queue when the order is redriven without it. An
        order that the operator has named is not left out.
        """
        plan = cls(orders={}, announcements=[], foreign=[], left_out=[])
        for message in messages:
            if only in (None, message.order_id):
                plan._add(message)
        for order_id in waiting:
            if in_flight and only is None and order_id not in plan.orders:
                plan.left_out.append(order_id)
            elif only in (None, order_id):
                plan.orders.setdefault(order_id, [])
        return plan

    def _add(self, message: DeadLetter) -> None:
        if message.order_id is None or message.is_foreign:
            self.foreign.append(message)
        elif message.is_announcement:
            self.announcements.append(message)
        else:
            self.orders.setdefault(message.order_id, []).append(message)
