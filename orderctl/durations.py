"""Writes time spans for people."""

from datetime import timedelta
from typing import Final

_UNITS: Final = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
    (timedelta(seconds=1), "second"),
)


def age(span: timedelta) -> str:
    """Write how long ago something was, in its one or two largest units: 45 s, 12 min, 3 h 5 min, 2 d."""
    seconds = max(0, int(span.total_seconds()))
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"


def limit(span: timedelta) -> str:
    """Write a setting, in the largest unit that it is a multiple of: 15 minutes, 24 hours, 6 days.

    One day is 24 hours, as the API says it.
    """
    for unit, name in _UNITS:
        count, rest = divmod(span, unit)
        if count and not rest and not (name == "day" and count == 1):
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return f"{span.total_seconds():g} seconds"
