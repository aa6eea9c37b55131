"""The time of day, handed in where it is needed so that tests can choose it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """Spell a moment in UTC with milliseconds, so that text sorts as time: `2026-11-22T15:14:31.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def with_milliseconds(text: str) -> str:
    """Spell a time of Step Functions like ours: it drops the fraction where that is zero."""
    return rfc3339(datetime.fromisoformat(text))
