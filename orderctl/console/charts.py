"""The charts of the overview: what each one draws, and the words that say the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from handlers.contract.names import OrderStatus
from orderctl.console.order_feed import FeedOrder
from orderctl.console.rendering import seconds_text
from orderctl.console.series import (
    OUTCOMES,
    PERCENTS,
    Buckets,
    Reading,
    Span,
    Values,
    accepted,
    deepest,
    oldest_open,
    outcomes,
    percentile,
    settle_seconds,
)
from orderctl.durations import age
from orderctl.stack import QUEUES

# Lines differ in their dashes, and bars in their patterns: colour alone is not enough.
_DASHES: Final = ("", "8 4", "2 3", "10 3 2 3")
_PATTERNS: Final = ("solid", "hatch", "bars", "dots")
NO_VALUE: Final = "-"
_OUTCOME_WORDS: Final = {
    OrderStatus.CONFIRMED: "confirmed",
    OrderStatus.REJECTED: "rejected",
    OrderStatus.ON_HOLD: "held",
    OrderStatus.CANCELLED: "cancelled",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line, or one part of each bar. `mark` is the dashes of the line, or the pattern of the bar."""

    name: str
    colour: str  # the class of the style sheet
    mark: str
    values: Values
    figure: str  # for the whole time, beside the name


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """`sentence` says in words what it shows. `unit` is that of the values: count, or seconds."""

    key: str
    title: str
    kind: str  # bars, or lines
    unit: str
    sentence: str
    series: Sequence[Series]

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to draw."""
        # A line at zero says something; a bar of zero is no bar.
        found = [value for each in self.series for value in each.values if value is not None]
        return not (any(found) if self.kind == "bars" else found)


def order_chart(orders: Sequence[FeedOrder], span: Span, buckets: Buckets) -> Chart:
    """Chart how many orders were accepted a minute."""
    counts = accepted(orders, buckets)
    minutes = buckets.seconds / 60
    total, most = sum(counts), max(counts, default=0) / minutes
    return Chart(
        key="orders",
        title="Orders per minute",
        kind="bars",
        unit="count",
        sentence=f"{_counted(total, 'order was', 'orders were')} accepted in the last {span.words}"
        + (f", at most {most:,.3g} a minute." if total else "."),
        series=[
            Series(
                name="accepted",
                colour="one",
                mark=_PATTERNS[0],
                values=[count / minutes for count in counts],
                figure=f"{total:,}",
            )
        ],
    )


def outcome_chart(orders: Sequence[FeedOrder], span: Span, buckets: Buckets) -> Chart:
    """Chart how orders were settled, in the minutes in which they were; and which are held since when.

    The shares are of the settled ones: a held order is not done.
    """
    found = outcomes(orders, buckets)
    sums = {status: sum(counts) for status, counts in found.items()}
    total = sum(count for status, count in sums.items() if status.is_settled)
    figures = {
        status: f"{count:,} ({share_text(count, total)})" if count and status.is_settled else f"{count:,}"
        for status, count in sums.items()
    }
    said = ", ".join(
        f"{figures[status]} {_OUTCOME_WORDS[status]}" for status in OUTCOMES if status.is_settled
    )
    settled = (
        f"Of {_counted(total, 'order', 'orders')} settled in the last {span.words}: {said}."
        if total
        else f"No order was settled in the last {span.words}."
    )
    held = sums[OrderStatus.ON_HOLD]
    return Chart(
        key="outcomes",
        title=f"Outcomes per {_words(buckets.seconds)}",
        kind="bars",
        unit="count",
        sentence=settled + (f" Held in that time: {held:,}." if held else ""),
        series=[
            Series(
                name=_OUTCOME_WORDS[status],
                colour=status.lower(),
                mark=mark,
                values=found[status],
                figure=figures[status],
            )
            for status, mark in zip(OUTCOMES, _PATTERNS, strict=True)
        ],
    )


def settle_chart(orders: Sequence[FeedOrder], span: Span, buckets: Buckets) -> Chart:
    """Chart how long orders took from accepted to settled."""
    found = settle_seconds(orders, buckets)
    together = [seconds for bucket in found for seconds in bucket]
    whole = {percent: seconds_text(percentile(together, percent)) for percent in PERCENTS}
    said = ", ".join(f"{percent}% at most {text}" for percent, text in whole.items())
    return Chart(
        key="settled",
        title="Time to settle",
        kind="lines",
        unit="seconds",
        sentence=f"Of {_counted(len(together), 'order', 'orders')} settled in the last {span.words}, "
        f"{said} after they were accepted."
        if together
        else f"No order was settled in the last {span.words}.",
        series=[
            Series(
                name=f"p{percent}",
                colour=colour,
                mark=mark,
                values=[percentile(bucket, percent) for bucket in found],
                figure=whole[percent],
            )
            for percent, colour, mark in zip(
                PERCENTS, ("one", "two", "three"), (_DASHES[0], _DASHES[1], _DASHES[2]), strict=True
            )
        ],
    )


def queue_chart(readings: Sequence[Reading], now_: Mapping[str, int], span: Span, buckets: Buckets) -> Chart:
    """Chart how many messages the dead-letter queues had while somebody looked."""
    found = deepest(readings, QUEUES, buckets)
    most = max((value for values in found.values() for value in values if value is not None), default=0)
    listed = ", ".join(f"{queue} {now_.get(queue, 0):,}" for queue in QUEUES)
    return Chart(
        key="queues",
        title="Messages in the dead-letter queues",
        kind="lines",
        unit="count",
        sentence=f"Messages now: {listed}. The most in a queue in the last {span.words}, as far as this "
        f"console has looked: {most:,}."
        if now_
        else "The queues have not been read yet.",
        series=[
            Series(
                name=queue,
                colour=colour,
                mark=mark,
                values=found[queue],
                figure=f"{now_[queue]:,}" if queue in now_ else NO_VALUE,
            )
            for queue, colour, mark in zip(QUEUES, ("one", "two", "three", "four"), _DASHES, strict=True)
        ],
    )


def oldest_chart(orders: Sequence[FeedOrder], span: Span, buckets: Buckets) -> Chart:
    """Chart how old the oldest open order was."""
    ages = oldest_open(orders, buckets)
    longest = max((value for value in ages if value is not None), default=None)
    said = "No order is open." if ages[-1] is None else f"The oldest open order is {_age(ages[-1])} old."
    if longest is not None:
        said += f" The oldest in the last {span.words} was {_age(longest)} old."
    return Chart(
        key="oldest",
        title="Age of the oldest open order",
        kind="lines",
        unit="seconds",
        sentence=said,
        series=[Series(name="oldest", colour="one", mark=_DASHES[0], values=ages, figure=_age(ages[-1]))],
    )


def _age(seconds: float | None) -> str:
    return "none" if seconds is None else age(timedelta(seconds=seconds))


def share_text(part: int, whole: int) -> str:
    """Write a share in per cent. Only all of them are 100%."""
    share = round(100 * part / whole, 1)
    return f"{min(share, 99.9) if part < whole else share:g}%"


def _words(seconds: float) -> str:
    minutes = int(seconds / 60)
    return "minute" if minutes == 1 else f"{minutes} minutes"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}" if count else f"No {many}"
