"""How long an invocation may go on trying, and how it spaces its tries."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final, Protocol, Self

# One attempt of one call (connect 1 s, read 2 s) still fits between the last try and the Lambda's timeout.
MARGIN_MILLIS: Final = 3_000
# Two attempts, and botocore's pause of at most 1 s between them.
LONGEST_CALL_MILLIS: Final = 7_000
_FIRST_PAUSE_SECONDS: Final = 0.025
_LONGEST_PAUSE_SECONDS: Final = 0.8


class InvocationContext(Protocol):
    """The part of Lambda's context that knows when the invocation is cut off."""

    def get_remaining_time_in_millis(self) -> int: ...


def full_jitter(ceiling: float) -> float:
    """Pick any pause up to `ceiling`, so that those who collided once do not do so again.

    https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """
    return random.uniform(0, ceiling)  # noqa: S311  spreads load, guards nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeBudget:
    """What is left of an invocation."""

    remaining_millis: Callable[[], int]
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[float], float] = full_jitter

    @classmethod
    def of(cls, context: InvocationContext) -> Self:
        return cls(remaining_millis=context.get_remaining_time_in_millis)

    def tries(self, margin_millis: int = MARGIN_MILLIS) -> Iterator[int]:
        """Count tries from 0, pausing between them, for as long as another one still fits."""
        yield 0
        for retry in count():
            pause = self.jitter(min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**retry))
            if self.remaining_millis() - pause * 1000 < margin_millis:
                return
            self.sleep(pause)
            yield retry + 1
