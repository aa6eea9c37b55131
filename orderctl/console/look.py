"""What the overview shows at a time: its charts and figures, from what the console knows already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from handlers.contract.clock import rfc3339
from handlers.contract.names import OrderStatus
from orderctl.console.charts import (
    NO_VALUE,
    Chart,
    oldest_chart,
    order_chart,
    outcome_chart,
    queue_chart,
    settle_chart,
    share_text,
)
from orderctl.console.live import Live
from orderctl.console.order_feed import MOST_ORDERS, FeedOrder
from orderctl.console.rendering import seconds_text
from orderctl.console.series import PERCENTS, Buckets, Span, ended_at, oldest, percentile
from orderctl.durations import age

_RATE: Final = timedelta(minutes=5)
_HOUR: Final = timedelta(hours=1)
_SETTLED: Final = frozenset(status for status in OrderStatus if status.is_settled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number on top of the charts. `address` is the page that the note leads to, or ""."""

    key: str
    name: str
    value: str
    note: str
    address: str = ""

    def to_json(self) -> dict[str, str]:
        """Return what the script writes into the page."""
        return {"value": self.value, "note": self.note, "address": self.address}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All of it at the same time. Not all orders from before `missing_before` are known; None: all are."""

    at: datetime
    span: Span
    buckets: Buckets
    missing_before: datetime | None
    why_missing: str
    is_empty: bool
    figures: Sequence[Figure]
    charts: Sequence[Chart]

    def to_json(self) -> dict[str, Any]:
        """Return what the script draws. Times are Unix seconds."""
        return {
            "at": rfc3339(self.at),
            "span": self.span.name,
            "from": self.buckets.start,
            "to": self.buckets.end,
            "bucketSeconds": self.buckets.seconds,
            "times": self.buckets.middles,
            "missingBefore": rfc3339(self.missing_before) if self.missing_before else None,
            "whyMissing": self.why_missing,
            "isEmpty": self.is_empty,
            "figures": {figure.key: figure.to_json() for figure in self.figures},
            "charts": {
                chart.key: {
                    "sentence": chart.sentence,
                    "isEmpty": chart.is_empty,
                    "values": [list(each.values) for each in chart.series],
                    "figures": [each.figure for each in chart.series],
                }
                for chart in self.charts
            },
        }


def look(live: Live, span: Span, now: datetime) -> Look:
    """Count what is known; this reads nothing from the stack."""
    orders = live.feed.orders()
    buckets = Buckets.of(span, now)
    messages = {name: size.waiting + size.hidden for name, size in live.queues.items()}
    missing_before, why_missing = _missing(live, orders, buckets)
    return Look(
        at=now,
        span=span,
        buckets=buckets,
        missing_before=missing_before,
        why_missing=why_missing,
        is_empty=not orders and not any(messages.values()),
        figures=[
            _rate(orders, now),
            _confirmed(orders, now),
            _settled(orders, now),
            _dead_letters(messages),
            _oldest(orders, now),
        ],
        charts=[
            order_chart(orders, span, buckets),
            outcome_chart(orders, span, buckets),
            settle_chart(orders, span, buckets),
            oldest_chart(orders, span, buckets),
            queue_chart(live.queue_history.readings(), messages, span, buckets),
        ],
    )


def _missing(live: Live, orders: Sequence[FeedOrder], buckets: Buckets) -> tuple[datetime | None, str]:
    """Return before when orders of the charts may be missing, and why."""
    if len(orders) >= MOST_ORDERS:
        kept_since = datetime.fromisoformat(orders[-1].created_at)
        if kept_since.timestamp() > buckets.start:
            return kept_since, f"only the newest {MOST_ORDERS:,} orders are kept"
    if live.feed.complete_since.timestamp() > buckets.start:
        return live.feed.complete_since, "the orders are still being read"
    return None, ""


def _rate(orders: Sequence[FeedOrder], now: datetime) -> Figure:
    since = rfc3339(now - _RATE)
    rate = sum(order.created_at >= since for order in orders) / (_RATE / timedelta(minutes=1))
    return Figure(key="rate", name="Orders per minute", value=f"{rate:,.3g}", note="in the last 5 minutes")


def _confirmed(orders: Sequence[FeedOrder], now: datetime) -> Figure:
    since = rfc3339(now - _HOUR)
    settled = [order for order in orders if order.status in _SETTLED and ended_at(order) >= since]
    confirmed = sum(order.status == OrderStatus.CONFIRMED for order in settled)
    return Figure(
        key="confirmed",
        name="Confirmed",
        value=share_text(confirmed, len(settled)) if settled else NO_VALUE,
        note=f"of {len(settled):,} settled in the last hour",
    )


def _settled(orders: Sequence[FeedOrder], now: datetime) -> Figure:
    since = rfc3339(now - _HOUR)
    seconds = [
        max(0.0, order.settle_seconds)
        for order in orders
        if order.settle_seconds is not None and order.settled_at >= since
    ]
    p50, p95, p99 = (seconds_text(percentile(seconds, percent)) for percent in PERCENTS)
    note = f"p95 {p95}, p99 {p99}, last hour" if seconds else "no order settled in the last hour"
    return Figure(key="settled", name="Settled in (p50)", value=p50, note=note)


def _dead_letters(messages: dict[str, int]) -> Figure:
    filled = ", ".join(f"{queue} {count:,}" for queue, count in messages.items() if count)
    return Figure(
        key="dead-letters",
        name="Dead letters",
        value=f"{sum(messages.values()):,}" if messages else NO_VALUE,
        note=filled or ("all queues are empty" if messages else "not read yet"),
        address="/dead-letters" if filled else "",
    )


def _oldest(orders: Sequence[FeedOrder], now: datetime) -> Figure:
    found = oldest(orders)
    if found is None:
        return Figure(key="oldest", name="Oldest open order", value="none", note="no order is open")
    waits = "waits for an operator" if found.waits else "in progress"
    return Figure(
        key="oldest",
        name="Oldest open order",
        value=age(now - datetime.fromisoformat(found.created_at)),
        note=f"{found.status}, {waits}",
        address=f"/orders/{found.order_id}",
    )
