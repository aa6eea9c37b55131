"""How tests wait: for a condition, and far longer than a busy machine needs."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

PATIENCE_SECONDS: Final = 300
_PAUSE_SECONDS: Final = 0.1


def eventually(look: Callable[[], T], what: str, *, patience: float = PATIENCE_SECONDS) -> T:
    """Return the first result that is true; fail with what was waited for when none comes in time."""
    deadline = time.monotonic() + patience
    while not (found := look()):
        assert time.monotonic() < deadline, f"after {patience:g} s there is not {what}; found: {found!r}"
        time.sleep(_PAUSE_SECONDS)
    return found
