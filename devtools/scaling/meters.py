"""Token buckets and gauges: how much of a limit is left at a moment of the simulation."""

from dataclasses import dataclass
from math import exp
from typing import Final

from simpy import Environment

_ROUNDING: Final = 1e-9


@dataclass(slots=True, kw_only=True)
class Bucket:
    """`per_second` tokens are added in a second, up to `size`. It begins full."""

    env: Environment
    per_second: float
    size: float
    refused: float = 0
    _left: float = 0
    _at: float = 0

    def __post_init__(self) -> None:
        self._left = self.size

    def has(self, units: float) -> bool:
        """Tell whether so many tokens are left; count a refusal when they are not."""
        now = self.env.now
        self._left = min(self.size, self._left + (now - self._at) * self.per_second)
        self._at = now
        is_enough = units <= self._left + _ROUNDING
        self.refused += 0 if is_enough else units
        return is_enough

    def take(self, units: float) -> bool:
        """Take tokens, or count a refusal and take none."""
        is_enough = self.has(units)
        self._left -= units if is_enough else 0
        return is_enough

    def delay(self, units: float) -> float:
        """Take tokens that may not be there yet; return the seconds until they are."""
        self.has(0)
        self._left -= units
        return max(0.0, -self._left / self.per_second)


@dataclass(slots=True, kw_only=True)
class Gauge:
    """At most `most` at once."""

    most: float
    now: float = 0
    peak: float = 0
    refused: float = 0

    def has(self, units: float) -> bool:
        """Tell whether so many places are free; count a refusal when they are not."""
        is_enough = self.now + units <= self.most + _ROUNDING
        self.refused += 0 if is_enough else units
        return is_enough

    def take(self, units: float) -> bool:
        """Take places, or count a refusal and take none."""
        is_enough = self.has(units)
        self.now += units if is_enough else 0
        self.peak = max(self.peak, self.now)
        return is_enough

    def leave(self, units: float) -> None:
        """Give places back."""
        self.now -= units


@dataclass(slots=True, kw_only=True)
class Average:
    """How many there were at once, as the average of the last `seconds`, of which the newest count most."""

    env: Environment
    most: float
    seconds: float
    now: float = 0
    _average: float = 0
    _at: float = 0

    def add(self, units: float) -> float:
        """Add to the number, or subtract from it; return the average until now."""
        share = exp((self._at - self.env.now) / self.seconds)
        self._average = share * self._average + (1 - share) * self.now
        self._at = self.env.now
        self.now += units
        return self._average
