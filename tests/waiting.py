"""Waits for a condition, much longer than a busy machine needs."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

TIMEOUT_SECONDS: Final = 300
_PAUSE_SECONDS: Final = 0.1


def eventually(check: Callable[[], T], what: str, *, timeout: float = TIMEOUT_SECONDS) -> T:
    """Return the first true result; fail with the name of what is missing when the time is over."""
    deadline = time.monotonic() + timeout
    while not (found := check()):
        assert time.monotonic() < deadline, f"after {timeout:g} s {what} is missing; found: {found!r}"
        time.sleep(_PAUSE_SECONDS)
    return found
