"""A failure of the game day, and what came of it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from devtools.gameday.commands import Ran
from devtools.gameday.expressions import Value
from devtools.gameday.shop import Shop
from devtools.gameday.system import System
from devtools.gameday.watch import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a failure is caused with."""

    system: System
    shop: Shop
    watch: Watch


def no_traffic(_: Day) -> None:
    """Do nothing while the alarm is waited for."""


def traffic(day: Day) -> None:
    """Place an order every other minute of CloudWatch's clock."""
    day.shop.place_every(2.0)()


def light_traffic(day: Day) -> None:
    """Place an order every period of five minutes."""
    day.shop.place_every(5.0)()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A failure: `broken` causes it and ends its cause, `alarms` must ring meanwhile.

    `entry` names an alarm for each entry of the runbook that is followed, `cases` the commands in steps that
    are for a case, and `mended` who or what ends the cause besides them. `limit` is in seconds.
    """

    title: str
    alarms: frozenset[str]
    entries: tuple[str, ...]
    broken: Callable[[Day], AbstractContextManager[None]]
    mended: str
    cases: tuple[str, ...] = ()
    meanwhile: Callable[[Day], None] = traffic
    limit: float = 60.0
    is_synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The newest datapoint of an alarm: before the failure, when the alarm rang, and when it was over."""

    before: Value
    rang: Value
    after: Value


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of a scenario; `expected` are its alarms with the composite alarms that ring with them."""

    scenario: Scenario
    expected: frozenset[str]
    moved: dict[str, Moved] = field(default_factory=dict)
    rang: frozenset[str] = frozenset()
    # The newest datapoint of each alarm when it rang.
    peaks: dict[str, Value] = field(default_factory=dict)
    over: frozenset[str] = frozenset()
    ran: list[Ran] = field(default_factory=list)
    not_settled: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether every alarm rang and was over, every command did its work, and no order was left."""
        return not (
            self.problem
            or self.expected - self.rang
            or self.expected - self.over
            or self.not_settled
            or any(not each.ok for each in self.ran)
        )

    @property
    def failures(self) -> Sequence[str]:
        """What went wrong, in sentences."""
        return [
            *([self.problem] if self.problem else []),
            *(f"{name} did not ring" for name in sorted(self.expected - self.rang)),
            *(f"{name} is not over" for name in sorted(self.expected & self.rang - self.over)),
            *(f"`{each.text}` failed: {each.output.strip()[-300:]}" for each in self.ran if not each.ok),
            *(f"order {order_id} is not confirmed" for order_id in self.not_settled),
        ]
