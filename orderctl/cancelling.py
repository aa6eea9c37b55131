"""Requests the cancellation of orders, as an operator."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Any, Final

from handlers.contract import order_lifecycle as lifecycle
from handlers.contract.clock import Clock, rfc3339, utc_now
from handlers.contract.events import Event, cancellation_requested
from handlers.contract.money import Money
from handlers.contract.names import ORDER_RECORD, CancelReason, OpenKind, OrderStatus, open_key
from orderctl.dlq.orders import WaitingOrder
from orderctl.dynamodb import batch_get
from orderctl.errors import OperatorError, UnknownOrder
from orderctl.order_writes import write_order
from orderctl.speaking import permission_to_speak
from orderctl.stack import Stack
from orderctl.terminal import say

# No e-mail address and no payment token.
_ATTRIBUTES: Final = (
    "orderId",
    "customerId",
    "status",
    "reason",
    "updatedAt",
    "settledAt",
    "openKey",
    "cancelReason",
    "total",
    "forgottenAt",
)
# The rule of handlers/schemas/cancel_order.schema.json; what is no Unicode can't be stored.
_COMMENT: Final = re.compile("[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,200}")
_IN_PROGRESS: Final = open_key(OpenKind.IN_PROGRESS, "")
_BEFORE_ALL_ORDERS: Final = "0001-01-01T00:00:00.000Z"
# An order that changes between reading and writing is read again.
_ATTEMPTS: Final = 5


class Answer(Enum):
    """What becomes of the request to cancel an order."""

    REQUESTED = auto()
    REQUESTED_BEFORE = auto()
    CANCELLED_BEFORE = auto()
    REJECTED = auto()
    CONFIRMED_TOO_LONG_AGO = auto()
    # Its customer is being told that it is confirmed; or it changes all the time.
    LATER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellableOrder:
    """An order as the table has it; `open_key` is "" when it is closed."""

    order_id: str
    customer_id: str
    status: OrderStatus
    reason: str
    updated_at: str
    settled_at: str  # or its last change, for an order of an earlier version
    open_key: str
    cancel_reason: CancelReason | None
    total: Money
    is_forgotten: bool

    def answer(self, confirmed_since: str | None) -> Answer:
        """Return the answer to a request; REQUESTED when it can be written."""
        match self.status:
            case OrderStatus.CANCELLED:
                return Answer.CANCELLED_BEFORE
            case _ if self.cancel_reason is not None:
                return Answer.REQUESTED_BEFORE
            case OrderStatus.REJECTED:
                return Answer.REJECTED
            case OrderStatus.CONFIRMED if confirmed_since is None or self.settled_at < confirmed_since:
                return Answer.CONFIRMED_TOO_LONG_AGO
            case OrderStatus.CONFIRMED if self.open_key.startswith(_IN_PROGRESS):
                return Answer.LATER
            case _:
                return Answer.REQUESTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """The answer, and the order as it was before it; `at` is when it changed last, the request included."""

    answer: Answer
    order: CancellableOrder
    at: str


def is_comment(text: str) -> bool:
    """Tell whether a text can be stored as the reason of a cancellation in somebody's own words."""
    return _COMMENT.fullmatch(text) is not None


class Cancellations:
    """Requests of an operator to cancel orders of a deployed stack.

    A request is one conditional write. The event after it only starts the workflow at once: when it is lost,
    the sweeper starts it. So a run can be cut off anywhere, and repeated.
    """

    def __init__(  # noqa: PLR0913  its clock and what it tells are for tests and the console
        self,
        stack: Stack,
        *,
        comment: str | None = None,
        late: bool = False,
        now: Clock = utc_now,
        sleep: Callable[[float], object] = time.sleep,
        tell: Callable[[str], object] = say,
    ) -> None:
        self._dynamodb = stack.client("dynamodb")
        self._events = stack.client("events")
        self._table = stack.orders_table
        self._bus_name = stack.bus_name
        self._cancel_confirmed = timedelta(seconds=stack.cancel_confirmed_seconds)
        self._comment = comment
        self._late = late
        self._now = now
        self._sleep = sleep
        self._tell = tell

    def look(self, order_id: str) -> Requested:
        """Return what a request would be answered now, without making it. Raises what `request` raises."""
        order = self.read(order_id)
        answer = order.answer(self._confirmed_since())
        return Requested(answer=answer, order=order, at=order.updated_at)

    def request(self, order_id: str) -> Requested:
        """Request the cancellation of one order, where that is possible, and start its workflow.

        Raises UnknownOrder when there is none.
        """
        since = self._confirmed_since()
        order = self.read(order_id)
        for _ in range(_ATTEMPTS):
            answer = order.answer(since)
            if answer is Answer.REQUESTED_BEFORE:
                self._start_again(order)
            if answer is not Answer.REQUESTED:
                return Requested(answer=answer, order=order, at=order.updated_at)
            now = rfc3339(self._now())
            # The words of a customer who was forgotten must not be stored.
            comment = None if order.is_forgotten else self._comment
            if self._write(order_id, now, confirmed_since=since, comment=comment):
                self._start(order_id, order.customer_id)
                return Requested(answer=answer, order=order, at=now)
            order = self.read(order_id)
        return Requested(answer=Answer.LATER, order=order, at=order.updated_at)

    def request_held(
        self, orders: Sequence[WaitingOrder], *, rate: float
    ) -> Iterator[tuple[WaitingOrder, bool]]:
        """Request it for at most `rate` orders a second; yield each with whether it was requested.

        An order that was taken up since it was read stays as it is.
        """
        for order in orders:
            yield order, self._request_held(order)
            self._sleep(1 / rate)

    def _request_held(self, order: WaitingOrder) -> bool:
        if self._write(order.order_id, rfc3339(self._now()), seen=order.open_key, comment=self._comment):
            self._start(order.order_id, order.customer_id)
            return True
        changed = self.read(order.order_id)
        if changed.cancel_reason is None:
            return False
        # Somebody else asked for it; or the response to this request was lost, and botocore sent it again.
        self._start_again(changed)
        return True

    def _start(self, order_id: str, customer_id: str) -> None:
        event = cancellation_requested(order_id, customer_id, CancelReason.OPERATOR)
        with self._said(
            f"{order_id}: the request is stored, and the sweeper starts its workflow in some minutes"
        ):
            self._emit(event)

    def _start_again(self, order: CancellableOrder) -> None:
        reason = order.cancel_reason or CancelReason.OPERATOR
        with self._said(f"{order.order_id}: its workflow was not started again"):
            self._emit(cancellation_requested(order.order_id, order.customer_id, reason))

    @contextmanager
    def _said(self, what: str) -> Iterator[None]:
        """Say what is stored when no event can be emitted; go on when only the bus refused it."""
        try:
            yield
        except _RefusedError:
            self._tell(f"The bus did not accept the event. {what}.")
        except Exception:
            self._tell(f"{what}.")
            raise

    def _emit(self, event: Event) -> None:
        with permission_to_speak():
            response = self._events.put_events(Entries=[event.entry(self._bus_name)])
        if response["FailedEntryCount"]:
            raise _RefusedError

    def _confirmed_since(self) -> str | None:
        if self._late:
            return _BEFORE_ALL_ORDERS
        return rfc3339(self._now() - self._cancel_confirmed) if self._cancel_confirmed else None

    def _write(
        self,
        order_id: str,
        now: str,
        *,
        comment: str | None,
        confirmed_since: str | None = None,
        seen: str | None = None,
    ) -> bool:
        write = lifecycle.request_cancellation(
            order_id,
            now,
            CancelReason.OPERATOR,
            comment=comment,
            confirmed_since=confirmed_since,
            seen=seen,
        )
        return write_order(self._dynamodb, self._table, order_id, write)

    def read(self, order_id: str) -> CancellableOrder:
        """Read an order; raise UnknownOrder when there is none, OperatorError when its record is broken."""
        keys = [{"orderId": order_id, "record": ORDER_RECORD}]
        record = next(batch_get(self._dynamodb, self._table, keys, _ATTRIBUTES), None)
        if record is None:
            raise UnknownOrder(order_id)
        try:
            return _order(record)
        except (KeyError, ValueError):
            raise OperatorError(f"The record of the order {order_id} is broken") from None


class _RefusedError(Exception):
    """The bus did not accept an event."""


def _order(record: Mapping[str, Any]) -> CancellableOrder:
    reason = record.get("cancelReason")
    return CancellableOrder(
        order_id=record["orderId"],
        customer_id=record["customerId"],
        status=OrderStatus(record["status"]),
        reason=record.get("reason", ""),
        updated_at=record["updatedAt"],
        settled_at=record.get("settledAt", record["updatedAt"]),
        open_key=record.get("openKey", ""),
        cancel_reason=None if reason is None else CancelReason(reason),
        total=Money(amount=int(record["total"]["amount"]), currency=record["total"]["currency"]),
        is_forgotten="forgottenAt" in record,
    )
