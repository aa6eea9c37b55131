"""All runs of `make scaling`, and what they found."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from devtools.scaling.hot_product import HotProduct, Sale, Sold
from devtools.scaling.limits import Kind, Limit, binding
from devtools.scaling.load import Load, Outcomes
from devtools.scaling.order_path import order_path
from devtools.scaling.quotas import quotas
from devtools.scaling.ramp import Ramp

LINES: Final = 3
RATES: Final = (100, 1_000, 10_000)
COUNTERS: Final = (1, 10, 50)
# A flash sale: fewer pieces than orders.
FLASH: Final = Sale(counters=1, rate=1_000, seconds=6, stock=5_000)
_ENOUGH: Final = 10_000_000
_LONG: Final = replace(FLASH, seconds=12, stock=_ENOUGH)
# Counters, and partitions of the table: prod has 10, and 40 when it is warmed for 40,000 writes a second.
STEADY: Final = ((1, 10), (10, 10), (50, 10), (50, 40))
_LOAD_SECONDS: Final = 20
_RAMP: Final = (500, 22_000)
# Of all reservations, so many may give up in an invocation at a rate that is called steady.
_GAVE_UP: Final = 0.001
_OFFERED: Final = {
    1: (10, 20, 40, 60, 80, 100, 150, 250, 500),
    10: (20, 50, 100, 200, 400, 550, 700, 1_000, 2_000),
    50: (50, 100, 200, 400, 800, 1_300, 1_800, 2_400, 3_000),
}

Result = TypeVar("Result")
Done = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadCase:
    """A constant rate, with the limits of these kinds raised out of the way."""

    rate: float
    raised: frozenset[Kind] = frozenset()

    def met(self) -> list[Limit]:
        """Return the limits that are left."""
        return [limit for limit in binding(order_path(lines=LINES)) if limit.kind not in self.raised]

    def run(self, seconds: float = _LOAD_SECONDS) -> Outcomes:
        """Return what becomes of the orders."""
        return Load(order_path(lines=LINES), self.met()).run(self.rate, seconds)


_OWN: Final = frozenset({Kind.OURS, Kind.WARM})
LOADS: Final = (
    *(LoadCase(rate=rate) for rate in RATES),
    *(LoadCase(rate=rate, raised=_OWN) for rate in (1_600, 2_000, 10_000)),
)


def flash_sales() -> list[Sale]:
    """Return sales of fewer pieces than are ordered, under both assumptions about conflicts."""
    units = quotas().stated["conflictUnits"]
    return [
        replace(FLASH, counters=counters, conflict_units=each)
        for each in (units.value, *units.others)
        for counters in COUNTERS
    ]


def assumptions() -> list[Sale]:
    """Return a sale from one counter under each assumption about transactions."""
    hold, units = quotas().stated["transactionHoldMillis"], quotas().stated["conflictUnits"]
    holds = sorted((hold.value, *hold.others))
    return [
        replace(_LONG, hold_millis=millis, conflict_units=each)
        for each in (units.value, *units.others)
        for millis in holds
    ]


@dataclass(slots=True, kw_only=True)
class Figures:
    """What the runs found."""

    ramp: dict[str, float]
    loads: list[tuple[LoadCase, Outcomes]]
    curves: dict[int, list[Sold]]
    steady: dict[tuple[int, int], float]
    flash: list[Sold]
    assumed: list[tuple[Sale, float]]


def runs() -> int:
    """Return how many runs there are: for a progress bar."""
    return (
        1
        + len(LOADS)
        + sum(map(len, _OFFERED.values()))
        + len(STEADY)
        + len(flash_sales())
        + len(assumptions())
    )


def simulate(done: Done = lambda _: None) -> Figures:
    """Run everything; `done` is told how many runs there were."""
    count = 0

    def counted(result: Result) -> Result:
        nonlocal count
        count += 1
        done(count)
        return result

    return Figures(
        ramp=counted(ramp()),
        loads=[counted((case, case.run())) for case in LOADS],
        curves={
            counters: [counted(sell(counters, rate)) for rate in rates]
            for counters, rates in _OFFERED.items()
        },
        steady={
            case: counted(steady_rate(replace(_LONG, counters=case[0], partitions=case[1])))
            for case in STEADY
        },
        flash=[counted(HotProduct(sale).run()) for sale in flash_sales()],
        assumed=[counted((sale, steady_rate(sale))) for sale in assumptions()],
    )


def ramp() -> dict[str, float]:
    """Return at which orders a second each limit of prod was too small."""
    path = order_path(lines=LINES)
    return Ramp(path, binding(path)).run(*_RAMP)


def sell(counters: int, rate: float) -> Sold:
    """Sell a product of which there is enough."""
    return HotProduct(replace(FLASH, counters=counters, rate=rate, seconds=5, stock=_ENOUGH)).run()


def steady_rate(sale: Sale) -> float:
    """Return the highest rate at which (nearly) no reservation gives up, to 5 % of it."""
    good, bad = 0.0, 0.0
    rate = 20.0 * sale.counters
    while not bad or bad > 1.05 * good:
        sold = HotProduct(replace(sale, rate=rate)).run()
        if sold.gave_up <= _GAVE_UP * sold.orders:
            good = rate
        else:
            bad = rate
        rate = (good + bad) / 2 if bad else 1.4 * rate
    return good
