"""Spans of time as people write them: `30s`, `15m`, `24h`, `6d`, or `0`."""

import re
from datetime import timedelta
from typing import Final

_SPAN: Final = re.compile(r"([0-9]{1,9})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_span(text: str) -> timedelta:
    """Return a span of time; raise ValueError when it is none."""
    if text == "0":
        return timedelta(0)
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
