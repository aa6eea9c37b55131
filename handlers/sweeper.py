"""Lambda: starts the workflow of overdue orders again, and cancels orders whose hold has expired."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any, Final

from botocore.exceptions import ClientError

from handlers.adapters.aws import client, make_clients
from handlers.adapters.delivery_queue import DeliveryQueue
from handlers.adapters.event_bus import EventBus
from handlers.adapters.metrics import emit
from handlers.adapters.open_orders import OpenOrders
from handlers.adapters.operation_log import logs_operation, operation_logger
from handlers.adapters.orders_table import OrdersTable
from handlers.adapters.time_budget import InvocationContext, TimeBudget
from handlers.contract.clock import Clock, rfc3339, utc_now
from handlers.contract.events import (
    MAX_EVENTS_PER_CALL,
    Event,
    cancellation_requested,
    order_held,
    workflow_event,
)
from handlers.contract.metrics import MetricName
from handlers.contract.names import OPEN_SHARDS, CancelReason, OrderStatus
from handlers.domain.errors import DependencyUnavailable, OrderNotFound
from handlers.domain.sweep import WORKFLOW_REASON, OverdueOrder, SweepOutcome, SweepPolicy

logger = operation_logger()
make_clients("dynamodb", "events", "sqs")

# A batch is 31 short calls. When one is cut off, the next sweep does it again.
_BATCH_MILLIS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeper:
    """Can be cut off anywhere, and can run twice at once: a second event changes nothing."""

    open_orders: OpenOrders
    orders: OrdersTable
    bus: EventBus
    delivery: DeliveryQueue
    policy: SweepPolicy
    now: Clock = utc_now

    def sweep(self, budget: TimeBudget) -> Counter[SweepOutcome]:
        """Work on as many overdue orders as there is time for; raises DependencyUnavailable."""
        outcomes: Counter[SweepOutcome] = Counter()
        overdue = self._overdue()
        while budget.remaining_millis() > _BATCH_MILLIS and (
            batch := list(islice(overdue, MAX_EVENTS_PER_CALL))
        ):
            outcomes.update(self._work_on(batch))
        expired = self._expired()
        while budget.remaining_millis() > _BATCH_MILLIS and (
            batch := list(islice(expired, MAX_EVENTS_PER_CALL))
        ):
            outcomes.update(self._cancel(batch))
        return outcomes

    def oldest_waiting(self) -> timedelta:
        """Return for how long the oldest order waits for an operator, 0 when none waits."""
        since = [found for shard in self._shards() if (found := self.open_orders.oldest_waiting(shard))]
        return self.now() - datetime.fromisoformat(min(since)) if since else timedelta(0)

    def _overdue(self) -> Iterator[OverdueOrder]:
        before = self.policy.overdue_before(self.now())
        for shard in self._shards():
            yield from self.open_orders.overdue(shard, before)

    def _expired(self) -> Iterator[OverdueOrder]:
        before = self.policy.expired_before(self.now())
        for shard in self._shards():
            yield from self.open_orders.held(shard, before)

    def _shards(self) -> Iterator[str]:
        # Each sweep starts with another shard, so that a backlog in one does not keep the others waiting.
        first = self.now().minute
        return (str((first + offset) % OPEN_SHARDS) for offset in range(OPEN_SHARDS))

    def _cancel(self, batch: Iterable[OverdueOrder]) -> Iterator[SweepOutcome]:
        events: list[Event] = []
        for order in batch:
            if self._is_cancelling(order):
                # It is held because it can't be undone.
                continue
            if self.open_orders.expire(order, rfc3339(self.now())):
                logger.warning("a hold has expired", orderId=order.order_id)
                events.append(
                    cancellation_requested(order.order_id, order.customer_id, CancelReason.HOLD_EXPIRED)
                )
                yield SweepOutcome.EXPIRED
            else:
                yield SweepOutcome.CHANGED
        # The bus may refuse an event, or this sweep may be cut off. Then the order is overdue in a while.
        self.bus.emit_all(events)

    def _work_on(self, batch: Sequence[OverdueOrder]) -> Iterator[SweepOutcome]:
        yield from (self._give_up(order) for order in batch if self.policy.gives_up_on(order))
        yield from self._emit(order for order in batch if not self.policy.gives_up_on(order))

    def _emit(self, batch: Iterable[OverdueOrder]) -> Iterator[SweepOutcome]:
        events: dict[OverdueOrder, Event] = {}
        for order in batch:
            found = self._event(order)
            if isinstance(found, Event):
                events[order] = found
            else:
                yield found
        taken = self.bus.emit_all(list(events.values()))
        for order, was_taken in zip(events, taken, strict=True):
            yield self._count_attempt(order, SweepOutcome.EMITTED) if was_taken else SweepOutcome.REFUSED

    def _event(self, order: OverdueOrder) -> Event | SweepOutcome:
        try:
            stored = self.orders.read_order(order.order_id)
        except OrderNotFound:
            return SweepOutcome.CHANGED
        except (KeyError, TypeError, ValueError):
            # One broken record must not keep the others waiting. In the end it is held.
            logger.exception("the order can't be read", orderId=order.order_id)
            return self._count_attempt(order, SweepOutcome.UNREADABLE)
        if stored.status is not order.status:
            return SweepOutcome.CHANGED
        # Its execution was gone before everybody was told. The next execution takes over.
        if stored.status.is_settled and not self.open_orders.mark_unannounced(order):
            return SweepOutcome.CHANGED
        return workflow_event(stored)

    def _count_attempt(self, order: OverdueOrder, outcome: SweepOutcome) -> SweepOutcome:
        counted = self.open_orders.count_attempt(order, rfc3339(self.now()))
        return outcome if counted else SweepOutcome.CHANGED

    def _give_up(self, order: OverdueOrder) -> SweepOutcome:
        logger.warning("an order was emitted again too often", orderId=order.order_id, status=order.status)
        undecided = order.status is OrderStatus.PENDING or (
            order.status is OrderStatus.CONFIRMED and self._is_cancelling(order)
        )
        held = self._hold(order) if undecided else order
        if held is None:
            return SweepOutcome.CHANGED
        if held.status is OrderStatus.ON_HOLD:
            self._announce(order_held(held.order_id, held.customer_id, held.reason or WORKFLOW_REASON))
        is_left = self.open_orders.leave_to_operator(held, rfc3339(self.now()))
        return SweepOutcome.HELD if is_left else SweepOutcome.CHANGED

    def _is_cancelling(self, order: OverdueOrder) -> bool:
        """Tell whether somebody asked to cancel the order: the index does not say so."""
        try:
            return self.orders.is_cancelling(order.order_id)
        except (OrderNotFound, KeyError, TypeError, ValueError):
            return False

    def _hold(self, order: OverdueOrder) -> OverdueOrder | None:
        return self.open_orders.hold(order, rfc3339(self.now()))

    def _announce(self, event: Event) -> None:
        try:
            self.bus.emit(event)
        except (DependencyUnavailable, ClientError):
            self.delivery.park(event)


@cache
def _sweeper() -> Sweeper:
    dynamodb = client("dynamodb")
    orders_table = os.environ["ORDERS_TABLE"]
    return Sweeper(
        open_orders=OpenOrders(dynamodb, orders_table),
        orders=OrdersTable(dynamodb, orders_table),
        bus=EventBus(client("events"), os.environ["EVENT_BUS"]),
        delivery=DeliveryQueue(client("sqs"), os.environ["DELIVERY_DLQ_URL"]),
        policy=SweepPolicy(
            after=timedelta(seconds=float(os.environ["SWEEP_AFTER_SECONDS"])),
            max_attempts=int(os.environ["SWEEP_MAX_ATTEMPTS"]),
            hold_expires_after=timedelta(seconds=float(os.environ["HOLD_EXPIRES_AFTER_SECONDS"])),
        ),
    )


@logger.inject_lambda_context(clear_state=True)
@logs_operation(logger, "swept")
def handler(_event: dict[str, Any], context: InvocationContext) -> dict[str, int]:
    """Run one sweep. The next one does what fails or is cut off."""
    logger.append_keys(step="sweep")
    outcomes = _sweeper().sweep(TimeBudget.from_context(context))
    logger.append_keys(outcomes=outcomes)
    emit(
        {
            MetricName.SWEEPS_COMPLETED: [1],
            MetricName.ORDERS_REEMITTED: [outcomes[SweepOutcome.EMITTED]],
            MetricName.HOLDS_EXPIRED: [outcomes[SweepOutcome.EXPIRED]],
            MetricName.ORDERS_GIVEN_UP: [outcomes[SweepOutcome.HELD]],
        }
    )
    # Apart from the others: when this query fails, the sweep was completed all the same.
    emit({MetricName.OLDEST_WAITING_SECONDS: [_sweeper().oldest_waiting().total_seconds()]})
    return {outcome.value: count for outcome, count in outcomes.items()}
