"""Redrives dead letters: orders run through their workflow again, announcements are published again."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Self, TypeVar

from handlers.contract.events import Event, order_placed
from handlers.contract.names import DetailType, OrderStatus
from orderctl.dlq.orders import DlqOrders, KnownOrder
from orderctl.dlq.queues import DeadLetter, Reading
from orderctl.stack import Stack

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
_EVENTS_AT_ONCE: Final = 10
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RedrivePlan:
    """`orders` are to be emitted once each, with the messages that are done with then; some have none."""

    orders: dict[str, list[DeadLetter]]
    announcements: list[DeadLetter]
    foreign: list[DeadLetter]

    @property
    def size(self) -> int:
        """Return how many events it takes."""
        return len(self.orders) + len(self.announcements)

    @classmethod
    def of(cls, letters: Iterable[DeadLetter], held: Iterable[str], only: str | None = None) -> Self:
        """Plan for these messages, and for the orders that wait without one; or for `only` one order."""
        plan = cls(orders={}, announcements=[], foreign=[])
        for letter in letters:
            if only in (None, letter.order_id):
                plan._add(letter)
        for order_id in held:
            if only in (None, order_id):
                plan.orders.setdefault(order_id, [])
        return plan

    def _add(self, letter: DeadLetter) -> None:
        if letter.order_id is None or (letter.is_event and letter.step not in set(DetailType)):
            self.foreign.append(letter)
        elif letter.is_event and letter.step != DetailType.ORDER_PLACED:
            self.announcements.append(letter)
        else:
            self.orders.setdefault(letter.order_id, []).append(letter)


@dataclass(slots=True, kw_only=True)
class RedriveResult:
    """What a redrive has done so far; `refused` events the bus did not take, their messages are kept."""

    emitted: int = 0
    published: int = 0
    deleted: int = 0
    refused: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Return how much of the plan is behind it."""
        return self.emitted + self.published + len(self.refused) + len(self.unknown)


class Redrive:
    """Safe to interrupt anywhere and to run twice: a message goes only after the bus took its event.

    All messages were read before the first event goes out, and only those are deleted: what a redriven
    order leaves on a queue when it fails again is a message that was not among them, and stays.
    """

    def __init__(
        self,
        stack: Stack,
        found: Reading,
        *,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._found = found
        self._orders = DlqOrders(stack)
        self._bus = stack.client("events")
        self._bus_name = stack.bus_name
        self._rate = rate
        # Never more at once than in a second.
        self._at_once = max(1, min(_EVENTS_AT_ONCE, int(rate)))
        self._clock = clock
        self._sleep = sleep

    def run(self, plan: RedrivePlan) -> Iterator[RedriveResult]:
        """Carry out the plan at `rate` events a second; give what is done after each batch."""
        result = RedriveResult()
        began = self._clock()
        for batch in _chunks(plan.orders, self._at_once):
            self._pace(began, result.done)
            self._emit(plan, batch, result)
            yield result
        for letters in _chunks(plan.announcements, self._at_once):
            self._pace(began, result.done)
            self._publish(letters, result)
            yield result

    def _emit(self, plan: RedrivePlan, order_ids: Sequence[str], result: RedriveResult) -> None:
        known = self._orders.read(order_ids)
        result.unknown += [order_id for order_id in order_ids if order_id not in known]
        orders = list(known.values())
        for order in orders:
            self._prepare(order, plan.orders[order.order_id])
        taken = self._put([order_placed(order) for order in orders])
        emitted = [order.order_id for order, was_taken in zip(orders, taken, strict=True) if was_taken]
        result.emitted += len(emitted)
        result.refused += [order.order_id for order in orders if order.order_id not in emitted]
        result.deleted += self._found.delete(letter for id_ in emitted for letter in plan.orders[id_])

    def _prepare(self, order: KnownOrder, letters: Sequence[DeadLetter]) -> None:
        """Let the sweeper see to the order until an execution to come has done what is left.

        None that runs now may close it, for it does not know that its message is taken.
        """
        if order.status is OrderStatus.ON_HOLD and self._orders.resume(order, letters):
            return
        if letters or order.status.is_settled:
            self._orders.reopen(order, letters)

    def _publish(self, letters: Sequence[DeadLetter], result: RedriveResult) -> None:
        taken = self._put([_announcement(letter) for letter in letters])
        published = [letter for letter, was_taken in zip(letters, taken, strict=True) if was_taken]
        result.published += len(published)
        result.refused += [str(letter.order_id) for letter in letters if letter not in published]
        result.deleted += self._found.delete(published)

    def _put(self, events: Sequence[Event]) -> list[bool]:
        if not events:
            return []
        answer = self._bus.put_events(Entries=[event.entry(self._bus_name) for event in events])
        return ["ErrorCode" not in entry for entry in answer["Entries"]]

    def _pace(self, began: float, done: int) -> None:
        ahead = began + done / self._rate - self._clock()
        if ahead > 0:
            self._sleep(ahead)


def _announcement(letter: DeadLetter) -> Event:
    return Event(detail_type=DetailType(letter.step), detail=letter.body["detail"])


def _chunks(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    remaining = iter(values)
    while chunk := list(islice(remaining, size)):
        yield chunk
