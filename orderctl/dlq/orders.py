"""The Orders table as a redrive uses it: finds orders that wait, and prepares orders to run again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from handlers.contract import order_lifecycle as lifecycle
from handlers.contract.clock import Clock, rfc3339, second_reached, utc_now
from handlers.contract.money import Money, OrderLine
from handlers.contract.names import (
    NOTIFICATION_STEP_PREFIX,
    OPEN_ORDERS_INDEX,
    OPEN_SHARDS,
    ORDER_RECORD,
    CancelReason,
    NotificationStatus,
    OpenKind,
    OrderStatus,
    open_key,
)
from orderctl.dlq.messages import DeadLetter
from orderctl.dynamodb import batch_get, to_item, to_plain
from orderctl.order_writes import write_order
from orderctl.stack import Stack

_WAITING: Final = open_key(OpenKind.WAITING, "")
_IN_PROGRESS: Final = open_key(OpenKind.IN_PROGRESS, "")
# The fields of the event and of the status; no e-mail address and no payment token.
_ATTRIBUTES: Final = (
    "orderId",
    "record",
    "customerId",
    "items",
    "total",
    "status",
    "reason",
    "openKey",
    "redrivenAt",
    "cancelReason",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingOrder:
    """An order that waits for an operator, as the open-orders index has it.

    It is ON_HOLD, or it is settled and the sweeper stopped its attempts to announce it.
    """

    order_id: str
    status: str
    reason: str
    since: datetime
    open_key: str
    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOrder:
    """An order as the table has it.

    `open_key` is None when the order is closed. `redriven_at` is the second by which its latest
    redriven message was sent. `cancel_reason` is None unless somebody asked to cancel the order.
    `notified` has the kinds of the sent notifications, of those that were asked for.
    """

    order_id: str
    customer_id: str
    items: tuple[OrderLine, ...]
    total: Money
    status: OrderStatus
    open_key: str | None
    redriven_at: str | None
    cancel_reason: CancelReason | None = None
    notified: frozenset[str] = frozenset()
    reason: str = ""

    @property
    def is_closed(self) -> bool:
        """Tell whether everything was told, or parked on a queue."""
        return self.open_key is None

    @property
    def is_undone(self) -> bool:
        """Tell whether it is CANCELLED and closed: nothing of it is left to do."""
        return self.status is OrderStatus.CANCELLED and self.is_closed

    @property
    def is_in_progress(self) -> bool:
        """Tell whether an execution works on it, or the sweeper will take it up."""
        return (self.open_key or "").startswith(_IN_PROGRESS)

    @property
    def is_waiting(self) -> bool:
        """Tell whether it waits for an operator."""
        return (self.open_key or "").startswith(_WAITING)

    @classmethod
    def from_record(cls, record: Mapping[str, Any], notified: Iterable[str] = ()) -> Self:
        """Parse the record; raise KeyError, TypeError or ValueError where it is broken."""
        cancel_reason = record.get("cancelReason")
        return cls(
            order_id=record["orderId"],
            customer_id=record["customerId"],
            items=tuple(map(_line, record["items"])),
            total=Money(amount=int(record["total"]["amount"]), currency=record["total"]["currency"]),
            status=OrderStatus(record["status"]),
            open_key=record.get("openKey"),
            redriven_at=record.get("redrivenAt"),
            cancel_reason=None if cancel_reason is None else CancelReason(cancel_reason),
            notified=frozenset(notified),
            reason=record.get("reason") or "",
        )


def _line(item: Mapping[str, Any]) -> OrderLine:
    return OrderLine(
        product_id=item["productId"], quantity=int(item["quantity"]), unit_price=int(item["unitPrice"])
    )


class RedrivableOrders:
    """The orders of a deployed stack, as a redrive finds and prepares them."""

    def __init__(self, stack: Stack, now: Clock = utc_now) -> None:
        self._dynamodb = stack.client("dynamodb")
        self._table = stack.orders_table
        self._now = now

    def waiting(self) -> list[WaitingOrder]:
        """Find every order that waits for an operator, the longest first, by the open-orders index."""
        found = [
            WaitingOrder(
                order_id=entry["orderId"],
                status=entry.get("status", ""),
                reason=entry.get("reason", ""),
                since=datetime.fromisoformat(entry["openKey"].removeprefix(_WAITING)),
                open_key=entry["openKey"],
                customer_id=entry.get("customerId", ""),
            )
            for shard in range(OPEN_SHARDS)
            for entry in self._waiting_in(str(shard))
        ]
        return sorted(found, key=lambda order: order.since)

    def still_waiting(self, orders: Sequence[WaitingOrder], limit: int) -> list[WaitingOrder]:
        """Leave out those of the first `limit` orders that do not wait any more.

        The index is a moment behind, and a redrive can have taken them up since it was read.
        """
        known = self.read(order.order_id for order in orders[:limit])
        changed = {order_id for order_id, order in known.items() if not order.is_waiting}
        return [order for order in orders if order.order_id not in changed]

    def redrivable(self, only: str | None = None) -> list[str]:
        """Return the ids of orders that a redrive takes up without a message.

        These are all orders that wait for an operator, or the `only` order if it exists.
        """
        if only is None:
            return [order.order_id for order in self.waiting()]
        return list(self.read([only]))

    def read(self, order_ids: Iterable[str], messages: Iterable[DeadLetter] = ()) -> dict[str, KnownOrder]:
        """Read these orders; an order that does not exist, or has a broken record, is left out.

        `messages` are of these orders: the notifications that they say are missing are read too.
        """
        records: dict[tuple[str, str], dict[str, Any]] = {}
        for record in batch_get(self._dynamodb, self._table, _keys(order_ids, messages), _ATTRIBUTES):
            records[record["orderId"], record["record"]] = record
        sent: dict[str, list[str]] = {}
        for (order_id, name), record in records.items():
            if name != ORDER_RECORD and record.get("status") == NotificationStatus.SENT:
                sent.setdefault(order_id, []).append(name.removeprefix(NOTIFICATION_STEP_PREFIX))
        found: dict[str, KnownOrder] = {}
        for (order_id, name), record in records.items():
            if name == ORDER_RECORD:
                with suppress(KeyError, TypeError, ValueError):
                    found[order_id] = KnownOrder.from_record(record, sent.get(order_id, ()))
        return found

    def take_up(self, order: KnownOrder, messages: Sequence[DeadLetter]) -> None:
        """Put an order back into the sweeper's care until a new execution has finished the rest.

        An execution that already runs must not close the order: it does not know that the message is gone.
        """
        if order.status is OrderStatus.ON_HOLD and self.resume(order, messages):
            return
        if messages or order.status.is_settled:
            self.reopen(order, messages)

    def resume(self, order: KnownOrder, messages: Sequence[DeadLetter]) -> bool:
        """Make an order on hold PENDING again; False when it is not on hold any more."""
        write = lifecycle.resume(rfc3339(self._now()), _redriven_at(order, messages))
        # False also when a running execution has settled it, or another redrive has taken it up.
        return write_order(self._dynamodb, self._table, order.order_id, write)

    def reopen(self, order: KnownOrder, messages: Sequence[DeadLetter]) -> bool:
        """Let the sweeper take care of an order of any status; False when there is no such order any more.

        A closed order was announced. When it has no message, somebody asks to announce it again.
        """
        write = lifecycle.reopen(
            order.order_id,
            rfc3339(self._now()),
            _redriven_at(order, messages),
            announce_again=order.is_closed and not messages,
        )
        return write_order(self._dynamodb, self._table, order.order_id, write)

    def _waiting_in(self, shard: str) -> Iterator[Mapping[str, Any]]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=OPEN_ORDERS_INDEX,
            KeyConditionExpression="openShard = :shard AND begins_with(openKey, :waiting)",
            ExpressionAttributeValues=to_item({":shard": shard, ":waiting": _WAITING}),
        )
        for page in pages:
            yield from map(to_plain, page["Items"])


def _keys(order_ids: Iterable[str], messages: Iterable[DeadLetter]) -> list[dict[str, str]]:
    """Return the keys of the orders' records and of the notifications', each once."""
    keys = [(order_id, ORDER_RECORD) for order_id in order_ids]
    keys += [
        (str(message.order_id), NOTIFICATION_STEP_PREFIX + message.notification)
        for message in messages
        if message.notification is not None
    ]
    return [{"orderId": order_id, "record": record} for order_id, record in dict.fromkeys(keys)]


def _redriven_at(order: KnownOrder, messages: Sequence[DeadLetter]) -> str | None:
    """Return the second by which the latest message that a redrive took of the order was sent."""
    sent = [*(second_reached(message.sent) for message in messages), *filter(None, [order.redriven_at])]
    return max(sent, default=None)
