"""Times: the clock that code is given, and how a time is written."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """Write a time in UTC with milliseconds, so that text sorts as time: `2026-11-22T15:14:31.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def with_milliseconds(text: str) -> str:
    """Write a time of Step Functions like ours: it leaves out a fraction that is zero."""
    return rfc3339(datetime.fromisoformat(text))
