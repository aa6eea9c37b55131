"""Times: the clock that code is given, and how a time is written."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """Write a time in UTC with milliseconds, so that text sorts as time: `2026-11-22T15:14:31.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def second_reached(moment: datetime) -> str:
    """Write the first whole second that is not before a time, without its zone: `2026-11-22T15:14:32`.

    It sorts before every time from that second on, and after every earlier one. A time with a fraction does
    not: Step Functions leaves out a fraction that is zero, and `...31Z` sorts after `...31.500Z`.
    """
    whole = moment.astimezone(UTC).replace(microsecond=0)
    return (whole if whole == moment else whole + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S")


def with_milliseconds(text: str) -> str:
    """Write a time of Step Functions like ours: it leaves out a fraction that is zero."""
    return rfc3339(datetime.fromisoformat(text))
