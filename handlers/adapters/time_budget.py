"""How long an invocation may retry, and how long it waits between attempts."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final, Protocol, Self

# One attempt of one call (connect 1 s, read 2 s) fits between the last retry and the Lambda's timeout.
MARGIN_MILLIS: Final = 3_000
# Two attempts, and botocore's pause of at most 1 s between them.
LONGEST_CALL_MILLIS: Final = 7_000
_FIRST_PAUSE_SECONDS: Final = 0.025
_LONGEST_PAUSE_SECONDS: Final = 0.8
# From the operating system: functions that start from one snapshot would share the state of a generator.
# https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
_RANDOM: Final = random.SystemRandom()


class InvocationContext(Protocol):
    """The part of Lambda's context that knows the remaining time."""

    def get_remaining_time_in_millis(self) -> int: ...


def full_jitter(ceiling: float) -> float:
    """Return a random pause up to `ceiling`, so that two callers that collided do not collide again.

    https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """
    return _RANDOM.uniform(0, ceiling)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeBudget:
    """The remaining time of an invocation."""

    remaining_millis: Callable[[], int]
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[float], float] = full_jitter

    @classmethod
    def from_context(cls, context: InvocationContext) -> Self:
        return cls(remaining_millis=context.get_remaining_time_in_millis)

    def attempts(self, margin_millis: int = MARGIN_MILLIS) -> Iterator[int]:
        """Count attempts from 0, with a pause between them, as long as one more fits."""
        yield 0
        for retry in count():
            pause = self.jitter(min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**retry))
            if self.remaining_millis() - pause * 1000 < margin_millis:
                return
            self.sleep(pause)
            yield retry + 1
