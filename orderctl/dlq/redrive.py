"""Carries out a plan: emits its events, then deletes the messages whose event was accepted.

The messages of an order that is already done are deleted without an event.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain

from handlers.contract.clock import Clock, second_reached, utc_now
from handlers.contract.events import MAX_EVENTS_PER_CALL, Event, workflow_event
from handlers.contract.names import DetailType
from orderctl.chunks import chunks
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.orders import RedrivableOrders
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.queues import ReceivedMessages
from orderctl.dlq.verdict import Verdict, is_done, verdict
from orderctl.speaking import permission_to_speak
from orderctl.stack import Stack


@dataclass(slots=True, kw_only=True)
class RedriveResult:
    """What a redrive has done so far; `deleted` counts messages, the others count orders or announcements.

    `emitted_ids` has the orders whose workflow was started again. `already_done` counts the orders whose
    messages were deleted without an event, and `stale` the deleted announcements that were not published:
    somebody asked to cancel their orders. `refused` has the ids of orders whose event the bus did not accept.
    `unknown` has the ids of orders that don't exist or have a broken record. The messages of both are kept.
    """

    emitted_ids: list[str] = field(default_factory=list)
    published: int = 0
    already_done: int = 0
    stale: int = 0
    deleted: int = 0
    refused: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def emitted(self) -> int:
        """Return how many orders were emitted again."""
        return len(self.emitted_ids)

    @property
    def done(self) -> int:
        """Return how many orders and announcements of the plan were worked on."""
        worked_on = self.emitted + self.published + self.already_done + self.stale
        return worked_on + len(self.refused) + len(self.unknown)


class Redrive:
    """Safe to kill and to repeat: a message is deleted only when it is done, or after the bus took its event.

    All messages were received before the first event is sent, and only those are deleted. When an order fails
    again, its new message stays on the queue.
    """

    def __init__(  # noqa: PLR0913  its clocks are for tests
        self,
        stack: Stack,
        received: ReceivedMessages,
        *,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Clock = utc_now,
    ) -> None:
        self._received = received
        self._orders = RedrivableOrders(stack, now)
        self._bus = stack.client("events")
        self._bus_name = stack.bus_name
        self._rate = rate
        # One batch must not have more events than `rate` allows in a second.
        self._batch_size = max(1, min(MAX_EVENTS_PER_CALL, int(rate)))
        self._clock = clock
        self._sleep = sleep
        self._now = now

    def run(self, plan: RedrivePlan) -> Iterator[RedriveResult]:
        """Carry out the plan at `rate` events a second; yield the result so far after each batch."""
        result = RedriveResult()
        started = self._clock()
        for order_ids in chunks(plan.orders, self._batch_size):
            self._wait_for_rate(started, result.done)
            self._emit({order_id: plan.orders[order_id] for order_id in order_ids}, result)
            yield result
        for messages in chunks(plan.announcements, self._batch_size):
            self._wait_for_rate(started, result.done)
            self._publish(messages, result)
            yield result

    def _emit(self, messages: dict[str, list[DeadLetter]], result: RedriveResult) -> None:
        """Start the workflow of each order that is not done, and delete the messages of the orders."""
        known = self._orders.read(messages, chain.from_iterable(messages.values()))
        done = [order_id for order_id, order in known.items() if is_done(order, messages[order_id])]
        orders = [order for order_id, order in known.items() if order_id not in done]
        for order in orders:
            self._orders.take_up(order, messages[order.order_id])
        self._wait_for_the_second_after(chain.from_iterable(messages.values()))
        accepted = self._put_events([workflow_event(order) for order in orders])
        emitted = [order.order_id for order, ok in zip(orders, accepted, strict=True) if ok]
        result.emitted_ids += emitted
        result.already_done += len(done)
        result.refused += [order.order_id for order, ok in zip(orders, accepted, strict=True) if not ok]
        result.unknown += [order_id for order_id in messages if order_id not in known]
        result.deleted += self._received.delete(
            message for order_id in [*done, *emitted] for message in messages[order_id]
        )

    def _publish(self, messages: Sequence[DeadLetter], result: RedriveResult) -> None:
        """Publish the announcements that still hold, and delete all of them."""
        # Read just before: an order may have been cancelled since the messages were received.
        known = self._orders.read({str(message.order_id) for message in messages})
        stale = [
            message
            for message in messages
            if verdict(message, known.get(str(message.order_id))) is Verdict.ALREADY_DONE
        ]
        valid = [message for message in messages if message not in stale]
        accepted = self._put_events([_announcement(message) for message in valid])
        published = [message for message, ok in zip(valid, accepted, strict=True) if ok]
        result.published += len(published)
        result.stale += len(stale)
        result.refused += [str(message.order_id) for message in valid if message not in published]
        result.deleted += self._received.delete([*stale, *published])

    def _put_events(self, events: Sequence[Event]) -> list[bool]:
        """Send the events to the bus, and tell for each whether the bus accepted it."""
        if not events:
            return []
        with permission_to_speak():
            response = self._bus.put_events(Entries=[event.entry(self._bus_name) for event in events])
        return ["ErrorCode" not in entry for entry in response["Entries"]]

    def _wait_for_rate(self, started: float, done: int) -> None:
        ahead = started + done / self._rate - self._clock()
        if ahead > 0:
            self._sleep(ahead)

    def _wait_for_the_second_after(self, messages: Iterable[DeadLetter]) -> None:
        """Let the new execution start in a later second than the messages: else it can't close the order."""
        newest = max((message.sent for message in messages), default=None)
        if newest is None:
            return
        early = datetime.fromisoformat(second_reached(newest)).replace(tzinfo=UTC) - self._now()
        if early > timedelta(0):
            self._sleep(early.total_seconds())


def _announcement(message: DeadLetter) -> Event:
    return Event(detail_type=DetailType(message.step), detail=message.body["detail"])
