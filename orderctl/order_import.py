"""Places the orders of a file, many at a time, and summarises how they ended."""

import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from math import ceil
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Final

from handlers.contract.names import OrderStatus
from orderctl.api_client import ACCEPTED, RETRYABLE, ApiUnreachable, OrdersApi, Response, problem
from orderctl.files.order_file import FileOrder, OrderFile
from orderctl.settlement import OrderState

PAYMENT_METHOD: Final = "pm_card_visa"
# A response usually takes much less than a second.
_SECONDS_FOR_RESPONSES: Final = 3.0
_SECONDS_OF_SILENCE: Final = 5.0


class Outcome(StrEnum):
    """What became of an order of the file."""

    PLACED = "placed"
    REFUSED = "not accepted"
    UNKNOWN = "unknown"  # sent, and the response did not tell or did not come
    NOT_SENT = "not sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """An order of the file, and the response of the API to it; `error` is why there is no response."""

    order: FileOrder
    response: Response | None = None
    error: str = ""
    sent: bool = True

    @property
    def outcome(self) -> Outcome:
        """Tell what became of the order."""
        if self.response is None:
            return Outcome.UNKNOWN if self.sent else Outcome.NOT_SENT
        if self.response.status == ACCEPTED:
            return Outcome.PLACED
        # An error of the server can come after the order was stored.
        failed = self.response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return Outcome.UNKNOWN if failed else Outcome.REFUSED

    @property
    def accepted(self) -> bool:
        """Tell whether the order is placed, now or by an earlier import of the same file."""
        return self.outcome is Outcome.PLACED

    @property
    def replayed(self) -> bool:
        """Tell whether an earlier import placed the order."""
        return self.response is not None and self.response.replayed

    @property
    def order_id(self) -> str:
        """Return the id of an accepted order; "" for any other."""
        return str(self.response.body["orderId"]) if self.response and self.accepted else ""

    @property
    def reason(self) -> str:
        """Say why the order is not accepted; "" when it is."""
        if self.response is None:
            return self.error
        return "" if self.accepted else str(problem(self.response))


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """The 50th and the 99th percentile, in seconds."""

    p50: float
    p99: float

    @classmethod
    def from_seconds(cls, seconds: Sequence[float]) -> "Latency | None":
        """Return the percentiles by nearest rank; None when there are no values."""
        ordered = sorted(seconds)
        if not ordered:
            return None
        return cls(p50=ordered[ceil(0.5 * len(ordered)) - 1], p99=ordered[ceil(0.99 * len(ordered)) - 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSummary:
    """How the orders of a file ended.

    Rate and settlement latency are those of the orders that this import placed.
    """

    outcomes: Counter[Outcome]
    by_status: Counter[tuple[OrderStatus, str]]  # status and reason
    replayed: int
    failed: tuple[Placement, ...]  # not accepted, or the server failed
    orders_per_second: float | None
    settlement_latency: Latency | None
    response_latency: Latency | None

    @property
    def pending(self) -> int:
        """Return how many orders have no outcome yet."""
        return sum(count for (status, _), count in self.by_status.items() if status is OrderStatus.PENDING)

    @property
    def settled(self) -> int:
        """Return how many orders are settled: confirmed, rejected or cancelled."""
        return sum(count for (status, _), count in self.by_status.items() if status.is_settled)

    @property
    def held(self) -> Counter[str]:
        """Return how many orders wait for an operator, by what is broken."""
        return Counter(
            {
                reason: count
                for (status, reason), count in self.by_status.items()
                if status is OrderStatus.ON_HOLD
            }
        )

    @property
    def status_unknown(self) -> int:
        """Return how many orders are placed, but their status could not be read."""
        return self.outcomes[Outcome.PLACED] - self.by_status.total()


class Placing:
    """Places every order of a file, at most `concurrency` at a time, until it is stopped.

    It stops by itself when no order is accepted any more: the rest of the file would only take long.
    """

    def __init__(self, api: OrdersApi, file: OrderFile, *, concurrency: int) -> None:
        self._api = api
        self._file = file
        self._lock = threading.Lock()
        self._waiting = deque(file.orders)
        self._stopped = False
        self._last_accepted = monotonic()
        self._results: SimpleQueue[Placement | Exception | None] = SimpleQueue()  # None: a thread has ended
        self._running = concurrency
        self._done: dict[str, Placement] = {}  # by invoice
        self._sent: set[str] = set()

    @property
    def total(self) -> int:
        """Return the number of orders."""
        return len(self._file.orders)

    @property
    def stopped(self) -> bool:
        """Tell whether the placing ended before the end of the file."""
        return self._stopped

    def run(self) -> Iterator[Placement]:
        """Place the orders; yield each when it has a response, or when it gets none."""
        # Threads of a pool would hold up the end of the process until their last response.
        for _ in range(self._running):
            threading.Thread(target=self._work, name="place", daemon=True).start()
        while self._running:
            try:
                result = self._results.get(timeout=_SECONDS_OF_SILENCE)
            except Empty:
                self._api.tell_silence(_SECONDS_OF_SILENCE)
                continue
            yield from self._taken(result)

    def stop(self) -> None:
        """Send no further order, and wait a moment for the responses to those that were sent."""
        self._stop()
        deadline = monotonic() + _SECONDS_FOR_RESPONSES
        while self._running:
            try:
                result = self._results.get(timeout=max(0.0, deadline - monotonic()))
            except Empty:
                return
            for _ in self._taken(result):
                pass

    def placements(self) -> list[Placement]:
        """Return what became of every order, in the order of the file."""
        return [self._done.get(order.invoice) or self._without_result(order) for order in self._file.orders]

    def _taken(self, result: Placement | Exception | None) -> Iterator[Placement]:
        if result is None:
            self._running -= 1
        elif isinstance(result, Exception):
            raise result
        else:
            yield result

    def _without_result(self, order: FileOrder) -> Placement:
        sent = order.invoice in self._sent
        return Placement(order=order, sent=sent, error="no response" if sent else "not sent")

    def _work(self) -> None:
        try:
            while order := self._next():
                placement = self._place(order)
                # Here, not where it is read: Ctrl-C can come between reading it and noting it.
                self._done[order.invoice] = placement
                self._results.put(placement)
        except Exception as error:  # noqa: BLE001  raised again in the thread that waits for the results
            self._results.put(error)
        finally:
            self._results.put(None)

    def _next(self) -> FileOrder | None:
        with self._lock:
            if self._stopped or not self._waiting:
                return None
            order = self._waiting.popleft()
            self._sent.add(order.invoice)
            return order

    def _place(self, order: FileOrder) -> Placement:
        started = monotonic()
        # The key makes an import repeatable: the same invoice of the same file is always the same order.
        key = f"{order.invoice}-{self._file.digest}"
        try:
            response = self._api.place(order_request(order), idempotency_key=key)
            placement = Placement(order=order, response=response)
        except ApiUnreachable as error:
            placement = Placement(order=order, error=str(error.why), sent=error.sent)
        if placement.accepted:
            self._last_accepted = monotonic()
        elif _affects_every_order(placement) and self._last_accepted <= started:
            self._stop()
        return placement

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
        self._api.stop()


def _affects_every_order(placement: Placement) -> bool:
    if placement.response is None:
        return True
    return placement.response.status in {*RETRYABLE, HTTPStatus.FORBIDDEN}


def order_request(order: FileOrder) -> dict[str, Any]:
    """Return the body of POST /orders; the file has no e-mail address and no card, so both are made up."""
    return {
        "customerId": order.customer_id,
        "customerEmail": f"{order.customer_id}@example.com",
        "paymentMethod": PAYMENT_METHOD,
        "items": [{"productId": product_id, "quantity": quantity} for product_id, quantity in order.items],
    }


def summarise(placements: Sequence[Placement], states: Sequence[OrderState]) -> ImportSummary:
    """Count responses and statuses, and measure rate and latency."""
    accepted = [placement for placement in placements if placement.accepted]
    new_ids = {placement.order_id for placement in accepted if not placement.replayed}
    settled = [state for state in states if state.order_id in new_ids and state.status != OrderStatus.PENDING]
    return ImportSummary(
        outcomes=Counter(placement.outcome for placement in placements),
        by_status=Counter((state.status, state.reason) for state in states),
        replayed=len(accepted) - len(new_ids),
        failed=tuple(each for each in placements if each.response and not each.accepted),
        orders_per_second=_rate(settled),
        settlement_latency=Latency.from_seconds([state.seconds for state in settled]),
        response_latency=Latency.from_seconds(
            [placement.response.seconds for placement in accepted if placement.response]
        ),
    )


def _rate(settled: Sequence[OrderState]) -> float | None:
    if not settled:
        return None
    first = min(state.created_at for state in settled)
    last = max(state.updated_at for state in settled)
    return len(settled) / max((last - first).total_seconds(), 0.001)
