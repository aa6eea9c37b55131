"""Counts orders and dead letters by time, for the charts. Pure: what is known and the time are given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final, TypeAlias

from handlers.contract.names import OrderStatus
from orderctl.console.order_feed import FeedOrder

# One value for each bucket; None where there is none, which is a gap in the line.
Values: TypeAlias = Sequence[float | None]
Reading: TypeAlias = tuple[datetime, Mapping[str, int]]

PERCENTS: Final = (50, 95, 99)
OUTCOMES: Final = (
    OrderStatus.CONFIRMED,
    OrderStatus.REJECTED,
    OrderStatus.ON_HOLD,
    OrderStatus.CANCELLED,
)
_SETTLED: Final = (OrderStatus.CONFIRMED, OrderStatus.REJECTED)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time that the charts can show, in buckets of the same length."""

    name: str
    words: str  # after "in the last"
    length: timedelta
    bucket: timedelta


SPANS: Final = (
    Span(name="15m", words="15 minutes", length=timedelta(minutes=15), bucket=_MINUTE),
    Span(name="1h", words="hour", length=timedelta(hours=1), bucket=_MINUTE),
    Span(name="6h", words="6 hours", length=timedelta(hours=6), bucket=5 * _MINUTE),
    Span(name="24h", words="24 hours", length=timedelta(hours=24), bucket=15 * _MINUTE),
)
_USUAL: Final = SPANS[1]


def span_named(name: str) -> Span:
    """Return the span of this name; one hour when there is none."""
    return next((span for span in SPANS if span.name == name), _USUAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """Equal parts of a time. The last one has `now` in it, so that it is not over. Times are Unix seconds."""

    start: float
    seconds: float
    count: int
    now: float

    @classmethod
    def of(cls, span: Span, now: datetime) -> "Buckets":
        """Cover a span that ends now. They begin at whole minutes, so that an order stays in its bucket."""
        seconds, at = span.bucket.total_seconds(), now.timestamp()
        count = int(span.length / span.bucket)
        return cls(start=(at // seconds - count + 1) * seconds, seconds=seconds, count=count, now=at)

    @property
    def end(self) -> float:
        """Return when the last bucket will be over."""
        return self.start + self.count * self.seconds

    @property
    def middles(self) -> list[float]:
        """Return the time at which each bucket is drawn."""
        return [self.start + (index + 0.5) * self.seconds for index in range(self.count)]

    @property
    def looks(self) -> list[float]:
        """Return the ends of the buckets; of the last one, now."""
        return [min(self.now, self.start + (index + 1) * self.seconds) for index in range(self.count)]

    def index(self, at: float) -> int | None:
        """Return the bucket of a time; None when it is in none."""
        index = int((at - self.start) // self.seconds)
        return index if 0 <= index < self.count else None


def accepted(orders: Iterable[FeedOrder], buckets: Buckets) -> list[int]:
    """Count the orders that were accepted in each bucket."""
    return _counts((_seconds(order.created_at) for order in orders), buckets)


def outcomes(orders: Iterable[FeedOrder], buckets: Buckets) -> dict[OrderStatus, list[int]]:
    """Count how orders ended, or were held, in each bucket: each once, for the status that it has now."""
    ended: dict[str, list[float]] = {status: [] for status in OUTCOMES}
    for order in orders:
        if order.status in ended:
            ended[order.status].append(_seconds(ended_at(order)))
    return {status: _counts(ended[status], buckets) for status in OUTCOMES}


def settle_seconds(orders: Iterable[FeedOrder], buckets: Buckets) -> list[list[float]]:
    """Return how long the orders took that were settled in each bucket. A record may not tell it."""
    found: list[list[float]] = [[] for _ in range(buckets.count)]
    for order in orders:
        seconds = order.settle_seconds
        index = None if seconds is None else buckets.index(_seconds(order.settled_at))
        if seconds is not None and index is not None:
            # Two clocks may differ by more than an order took.
            found[index].append(max(0.0, seconds))
    return found


def percentile(values: Sequence[float], percent: int) -> float | None:
    """Return a percentile by nearest rank: a value that occurs. None when there are no values."""
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)] if values else None


def oldest_open(orders: Iterable[FeedOrder], buckets: Buckets) -> list[float | None]:
    """Return how old the oldest order was that was open at the end of each bucket, in seconds."""
    looks = buckets.looks
    ages: list[float | None] = [None] * buckets.count
    for created, closed in sorted((_seconds(order.created_at), _closed(order)) for order in orders):
        first = max(0, ceil((created - buckets.start) / buckets.seconds) - 1)
        for index in range(first, buckets.count):
            if looks[index] >= closed:
                break
            if ages[index] is None and created <= looks[index]:
                ages[index] = looks[index] - created
    return ages


def deepest(readings: Iterable[Reading], queues: Sequence[str], buckets: Buckets) -> dict[str, Values]:
    """Return the most messages of each queue in each bucket; None where nobody has looked."""
    found: dict[str, list[float | None]] = {queue: [None] * buckets.count for queue in queues}
    for at, sizes in readings:
        index = buckets.index(at.timestamp())
        if index is None:
            continue
        for queue in queues:
            if queue in sizes:
                found[queue][index] = max(found[queue][index] or 0, sizes[queue])
    return dict(found)


def oldest(orders: Iterable[FeedOrder]) -> FeedOrder | None:
    """Return the open order that was accepted first."""
    still_open = (order for order in orders if order.open_kind)
    return min(still_open, key=lambda order: order.created_at, default=None)


def ended_at(order: FeedOrder) -> str:
    """Return when the order got its status. An order of an earlier version tells only its last change."""
    return (order.settled_at if order.status in _SETTLED else "") or order.updated_at


def _closed(order: FeedOrder) -> float:
    """Return since when it is done; what is told to the customer after that is not counted."""
    return float("inf") if order.open_kind else _seconds(ended_at(order))


def _counts(times: Iterable[float], buckets: Buckets) -> list[int]:
    counts = [0] * buckets.count
    for at in times:
        if (index := buckets.index(at)) is not None:
            counts[index] += 1
    return counts


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
