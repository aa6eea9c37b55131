"""The dead letters of a stack as the pages show them: read when a person asks, then kept in memory."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self
from urllib.parse import urlencode
from uuid import UUID

from handlers.contract.clock import Clock, utc_now
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.orders import KnownOrder, RedrivableOrders, WaitingOrder
from orderctl.dlq.queues import ReceivedMessages, read_queues
from orderctl.dlq.verdict import Verdict, verdict
from orderctl.errors import OperatorError
from orderctl.fault_switch import Service, switched_on
from orderctl.stack import QUEUES, Stack

# Of so many messages, and of so many orders without one, the page tells what is to be done.
MOST_LISTED: Final = 100
# Fewer are listed without a choice of their cause.
_FEW: Final = 20
_MOST_CAUSE: Final = 400
_WAIT_SECONDS: Final = 30.0
# Of one, and of more.
_VERDICT_WORDS: Final = {
    Verdict.NEEDS_REDRIVE: ("needs a redrive", "need a redrive"),
    Verdict.BEING_REDRIVEN: ("is being redriven", "are being redriven"),
    Verdict.ALREADY_DONE: ("is already done", "are already done"),
    Verdict.UNKNOWN: ("is unknown", "are unknown"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFilter:
    """What the page is limited to, as its address says it; "" means no limit."""

    queue: str = ""
    cause: str = ""
    order: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """Read an address or a form; what makes no sense is no limit."""
        queue = query.get("queue", "")
        return cls(
            queue=queue if queue in QUEUES else "",
            cause=query.get("cause", "")[:_MOST_CAUSE],
            order=order_id(query.get("order", "")),
        )

    @property
    def fields(self) -> dict[str, str]:
        """Return what limits it, by the names in the address."""
        fields = {"queue": self.queue, "cause": self.cause, "order": self.order}
        return {name: value for name, value in fields.items() if value}

    @property
    def query(self) -> str:
        """Return it as it is in the address of the page."""
        return urlencode(self.fields)

    def has(self, message: DeadLetter) -> bool:
        """Tell whether the page has the message."""
        return (
            self.queue in ("", message.queue)
            and self.cause in ("", message.cause)
            and self.order in ("", message.order_id)
        )

    def has_waiting(self, order: WaitingOrder) -> bool:
        """Tell whether the page has an order without a message: it has neither a queue nor a cause."""
        return not self.queue and not self.cause and self.order in ("", order.order_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterGroup:
    """The messages of one queue with the same cause; `verdicts` counts those of which it is known."""

    queue: str
    cause: str
    messages: Sequence[DeadLetter]
    verdicts: Mapping[Verdict, int]

    @property
    def oldest(self) -> datetime:
        """Return when the oldest message was sent."""
        return self.messages[0].sent

    @property
    def to_do(self) -> str:
        """Say what is to be done: 6 need a redrive, 1 is already done."""
        found = ((each, self.verdicts.get(each, 0)) for each in Verdict)
        return ", ".join(f"{count:,} {_VERDICT_WORDS[each][count > 1]}" for each, count in found if count)

    @property
    def order_count(self) -> int:
        """Return how many orders of this system it has messages of."""
        return len({message.order_id for message in self.messages if not message.is_foreign})

    @property
    def fields(self) -> dict[str, str]:
        """Return what chooses it, as an address or a form has it."""
        return {"queue": self.queue, "cause": self.cause}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was on the queues at a time, the oldest message first.

    `orders` are those that were found of the ids in `looked_up`. `in_flight` messages were hidden by another
    reader. `waiting` orders have no message that was read. `faults` are switched on, of services whose
    messages need a redrive.
    """

    at: datetime
    messages: Sequence[DeadLetter]
    orders: Mapping[str, KnownOrder]
    looked_up: frozenset[str]
    waiting: Sequence[WaitingOrder]
    in_flight: int
    faults: Sequence[Service]

    @property
    def total(self) -> int:
        """Return how many messages all queues had."""
        return len(self.messages) + self.in_flight

    def verdict(self, message: DeadLetter) -> Verdict:
        """Return what is to be done about a listed message."""
        return verdict(message, self.orders.get(message.order_id or ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterView:
    """The part of a reading that a page shows."""

    reading: Reading
    chosen: LetterFilter

    @property
    def messages(self) -> list[DeadLetter]:
        """Return the messages that fit, the oldest first."""
        return [message for message in self.reading.messages if self.chosen.has(message)]

    @property
    def waiting(self) -> list[WaitingOrder]:
        """Return the orders without a message that fit."""
        return [order for order in self.reading.waiting if self.chosen.has_waiting(order)]

    @property
    def groups(self) -> list[LetterGroup]:
        """Return the messages by queue and cause, the largest group of a queue first."""
        by_key: dict[tuple[str, str], list[DeadLetter]] = {}
        for message in self.messages:
            by_key.setdefault((message.queue, message.cause), []).append(message)
        groups = [self._group(*key, messages) for key, messages in by_key.items()]
        return sorted(groups, key=lambda group: (QUEUES.index(group.queue), -len(group.messages)))

    @property
    def is_open(self) -> bool:
        """Tell whether the messages are listed one by one, and not only their groups."""
        messages = self.messages
        return bool(self.chosen.cause or self.chosen.order) or len(messages) <= _FEW

    @property
    def order_ids(self) -> list[str]:
        """Return the ids of all orders that fit, of which a redrive can do something."""
        of_messages = (str(message.order_id) for message in self.messages if not message.is_foreign)
        return list(dict.fromkeys([*of_messages, *(order.order_id for order in self.waiting)]))

    def _group(self, queue: str, cause: str, messages: Sequence[DeadLetter]) -> LetterGroup:
        known = [
            message for message in messages if message.is_foreign or message.order_id in self.reading.orders
        ]
        verdicts = Counter(self.reading.verdict(message) for message in known)
        return LetterGroup(queue=queue, cause=cause, messages=messages, verdicts=verdicts)


class Letters:
    """Reads the queues. One reader of this console at a time: two would get a part of the messages each.

    A read costs four calls of GetQueueAttributes, one of ReceiveMessage and of ChangeMessageVisibilityBatch
    for every ten messages, and eight of Query for the orders that wait. It hides the messages from other
    readers while it lasts.
    """

    def __init__(self, stack: Stack, now: Clock = utc_now) -> None:
        self._stack = stack
        self._now = now
        self._orders = RedrivableOrders(stack)
        self._reader = threading.Lock()
        self._latest: Reading | None = None
        self._is_redriving = False

    @property
    def is_redriving(self) -> bool:
        """Tell whether a redrive has received the messages, so that nobody can list them."""
        return self._is_redriving

    @property
    def latest(self) -> Reading | None:
        """Return the last reading; None when something was done since."""
        return self._latest

    def read(self) -> Reading:
        """Read all queues, and the orders that wait for an operator."""
        waiting = self._orders.waiting()
        with self.received() as received:
            messages, in_flight = received.messages, received.in_flight
        listed = messages[:MOST_LISTED]
        with_message = {message.order_id for message in messages}
        ids = _order_ids(listed)
        orders = self._orders.read(ids, listed)
        without = [order for order in waiting if order.order_id not in with_message]
        without = self._orders.still_waiting(without, MOST_LISTED)
        broken = {each.queue for each in listed if _needs_redrive(each, orders)}
        self._latest = Reading(
            at=self._now(),
            messages=messages,
            orders=orders,
            looked_up=ids,
            waiting=without,
            in_flight=in_flight,
            faults=switched_on(self._stack, broken | {order.reason for order in without}),
        )
        return self._latest

    def view(self, reading: Reading, chosen: LetterFilter) -> LetterView:
        """Return the part of a reading that fits; the orders of its first messages are read where needed."""
        listed = LetterView(reading=reading, chosen=chosen).messages[:MOST_LISTED]
        missing = [each for each in listed if each.order_id and each.order_id not in reading.looked_up]
        if missing:
            ids = _order_ids(missing)
            orders = {**reading.orders, **self._orders.read(ids, missing)}
            reading = replace(reading, orders=orders, looked_up=reading.looked_up | ids)
        return LetterView(reading=reading, chosen=chosen)

    @contextmanager
    def received(self, seconds_per_message: float = 0.0) -> Iterator[ReceivedMessages]:
        """Receive all messages; what the block does not delete is visible again after it.

        `seconds_per_message` is how long the work on each takes: that of a redrive.
        """
        if not self._reader.acquire(timeout=_WAIT_SECONDS):
            raise OperatorError(
                "The dead letters can't be read now",
                why="this console is reading or redriving them already",
                what_to_do="Try again when that has ended.",
            )
        try:
            self._latest = None
            self._is_redriving = bool(seconds_per_message)
            with read_queues(self._stack, QUEUES, seconds_per_message=seconds_per_message) as received:
                yield received
        finally:
            self._is_redriving = False
            self._reader.release()


def _needs_redrive(message: DeadLetter, orders: Mapping[str, KnownOrder]) -> bool:
    return verdict(message, orders.get(message.order_id or "")) is Verdict.NEEDS_REDRIVE


def _order_ids(messages: Iterable[DeadLetter]) -> frozenset[str]:
    return frozenset(message.order_id for message in messages if message.order_id is not None)


def order_id(text: str) -> str:
    """Return an order id as it is stored; "" when the text is none."""
    try:
        return str(UUID(text.strip()))
    except ValueError:
        return ""
