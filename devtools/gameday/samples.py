"""What was measured: the values of each metric, with their times on the clock of CloudWatch."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric of CloudWatch. `subject` stands for its dimensions: a function, a queue, a table, or "" ."""

    namespace: str
    name: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One value; `at` is in seconds on the clock of CloudWatch."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of CloudWatch, on which a minute lasts `minute` seconds of the real one.

    It begins at `began`. Nobody waits an hour for an alarm: with a minute of one second, periods of 5 minutes
    are 5 s long, and the thresholds of the alarms stay as they are in the template.
    """

    began: datetime
    minute: float = 1.0

    @property
    def factor(self) -> float:
        """How much faster than the real one it is."""
        return MINUTE / self.minute

    def at(self, moment: datetime) -> float:
        """Return the seconds on this clock."""
        return (moment - self.began).total_seconds() * self.factor

    def at_milliseconds(self, since_epoch: float) -> float:
        """Return the seconds on this clock at a time of a log."""
        return self.at(datetime.fromtimestamp(since_epoch / 1000, UTC))

    def now(self) -> float:
        """Return the seconds on this clock now."""
        return self.at(datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Samples:
    """All values so far."""

    _values: defaultdict[Metric, list[Sample]] = field(default_factory=lambda: defaultdict(list))

    def add(self, metric: Metric, at: float, value: float) -> None:
        """Add a value."""
        self._values[metric].append(Sample(at, value))

    def of(self, metric: Metric) -> Sequence[Sample]:
        """Return the values of a metric, in the order in which they were found."""
        return self._values.get(metric, ())
