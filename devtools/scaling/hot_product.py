"""Many orders of one product: conflicts of transactions on its counters, retries, and what is sold.

It does what `reserve` of handlers/adapters/inventory_table.py does: one transaction takes from the counter
that the order's id chooses. A conflict is tried again with jitter. When a counter is short, all are read at
one moment, and another one that has enough is taken.
"""

import random
from collections.abc import Generator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final
from zlib import crc32

from simpy import Environment, Event

from devtools.scaling.meters import Bucket, Gauge
from devtools.scaling.order_path import EVENTUAL_READ, TRANSACTION_READ, TRANSACTION_WRITE
from devtools.scaling.quotas import quotas
from devtools.scaling.workflow_retries import UNAVAILABLE, pauses
from handlers.contract.stock_counters import counter_id
from orderctl.cost.price_list import price_list

# handlers/adapters/time_budget.py and the function's timeout: tests compare them.
RETRIES_SECONDS: Final = 5.0
FIRST_PAUSE_SECONDS: Final = 0.025
LONGEST_PAUSE_SECONDS: Final = 0.8
_PRODUCT: Final = "P"
_UNLIMITED: Final = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """Orders of one piece each arrive at `rate` a second for `seconds`, while nothing else is sold.

    `partitions` is how many the Inventory table has: its warm writes through 1,000.
    """

    counters: int
    rate: float
    seconds: float
    stock: int
    partitions: int = 10
    hold_millis: float = field(default_factory=lambda: quotas().assumed("transactionHoldMillis"))
    conflict_units: float = field(default_factory=lambda: quotas().assumed("conflictUnits"))


@dataclass(slots=True, kw_only=True)
class Sold:
    """What a sale came to. `gave_up` counts invocations; the workflow tries each order up to four times."""

    sale: Sale
    orders: int = 0
    sold: int = 0
    sold_in_time: int = 0
    out_of_stock: int = 0
    held: int = 0
    attempts: int = 0
    conflicts: int = 0
    throttled_writes: int = 0
    throttled_reads: int = 0
    gave_up: int = 0
    late_prices: int = 0
    last_sold_at: float = 0
    peak_functions: float = 0

    @property
    def per_second(self) -> float:
        """Return how many were sold in a second while orders came in."""
        return self.sold_in_time / self.sale.seconds


@dataclass(slots=True, kw_only=True)
class _Counter:
    available: int
    writes: Bucket
    reads: Bucket
    is_held: bool = False


class _ThrottledError(Exception):
    """A partition had no units left: the function raises DependencyUnavailable."""


class HotProduct:
    """One sale."""

    def __init__(self, sale: Sale, *, seed: int = 1) -> None:
        self._env = Environment()
        self._random = random.Random(seed)  # noqa: S311  a simulation
        self._sale = sale
        self._result = Sold(sale=sale)
        self._functions = Gauge(most=_UNLIMITED)
        calls = price_list().stated["callMillis"]
        function = price_list().number("functionMillis")
        self._before = (function + calls.number_of("dynamodb:GetItem")) / 1000
        self._call = calls.number_of("dynamodb:TransactWriteItems") / 1000
        self._hold = sale.hold_millis / 1000
        self._counters = self._divide()

    def run(self) -> Sold:
        """Sell until every order has an end."""
        self._env.process(self._arrivals())
        self._env.run()
        self._result.peak_functions = self._functions.peak
        return self._result

    def _divide(self) -> list[_Counter]:
        """Divide the stock evenly; DynamoDB finds the partition of a counter by a hash of its key."""
        partition = {
            number: tuple(self._bucket(name) for name in ("partitionWrites", "partitionReads"))
            for number in range(self._sale.partitions)
        }
        counters = []
        for number in range(self._sale.counters):
            hashed = crc32(counter_id(_PRODUCT, number).encode()) % self._sale.partitions
            writes, reads = partition[hashed]
            share = self._sale.stock // self._sale.counters
            extra = 1 if number < self._sale.stock % self._sale.counters else 0
            counters.append(_Counter(available=share + extra, writes=writes, reads=reads))
        return counters

    def _bucket(self, quota: str) -> Bucket:
        return Bucket(env=self._env, per_second=quotas().value(quota), size=quotas().value(quota))

    def _arrivals(self) -> Generator[Event, Any, None]:
        while self._env.now < self._sale.seconds:
            self._result.orders += 1
            self._env.process(self._order())
            yield self._env.timeout(self._random.expovariate(self._sale.rate))

    def _order(self) -> Generator[Event, Any, None]:
        yield from self._read_price()
        retries = pauses(UNAVAILABLE, self._random)
        while True:
            self._functions.take(1)
            is_decided = yield from self._invocation()
            self._functions.leave(1)
            if is_decided:
                return
            self._result.gave_up += 1
            pause = next(retries, None)
            if pause is None:
                self._result.held += 1
                return
            yield self._env.timeout(pause)

    def _read_price(self) -> Generator[Event, Any, None]:
        """Read the price: it is in the product's own item, however many counters there are."""
        for retry in count():
            if self._counters[0].reads.take(EVENTUAL_READ):
                return
            self._result.late_prices += 1 if retry == 0 else 0
            yield self._env.timeout(self._pause(retry))

    def _invocation(self) -> Generator[Event, Any, bool]:
        """Return whether there is a decision."""
        ends = self._env.now + RETRIES_SECONDS
        yield self._env.timeout(self._before)
        counter = self._random.choice(self._counters)
        try:
            for retry in count():
                if retry and not (yield from self._waited(retry - 1, ends)):
                    return False
                taken = yield from self._take(counter, ends)
                if taken is not False:
                    return taken is True
                if len(self._counters) == 1:
                    return self._sold_out()
                full = yield from self._read_all()
                if full is None:
                    counter = self._random.choice(self._counters)
                elif full:
                    counter = self._random.choice(full)
                else:
                    return self._sold_out()
        except _ThrottledError:
            pass
        return False

    def _sold_out(self) -> bool:
        self._result.out_of_stock += 1
        return True

    def _take(self, counter: _Counter, ends: float) -> Generator[Event, Any, bool | None]:
        """Return True when a piece was taken, False when there was none, None when the time was up."""
        for retry in count():
            if retry and not (yield from self._waited(retry - 1, ends)):
                return None
            if (taken := (yield from self._transact(counter))) is not None:
                return taken
        return None

    def _transact(self, counter: _Counter) -> Generator[Event, Any, bool | None]:
        """Return True when a piece was taken, False when there was none, None after a conflict."""
        self._result.attempts += 1
        yield self._env.timeout((self._call - self._hold) / 2)
        units = self._sale.conflict_units if counter.is_held else TRANSACTION_WRITE
        if not counter.writes.take(units):
            self._result.throttled_writes += 1
            raise _ThrottledError
        if counter.is_held:
            self._result.conflicts += 1
            taken: bool | None = None
        elif not counter.available:
            taken = False
        else:
            counter.is_held = True
            yield self._env.timeout(self._hold)
            counter.available -= 1
            counter.is_held = False
            self._result.sold += 1
            self._result.sold_in_time += 1 if self._env.now <= self._sale.seconds else 0
            self._result.last_sold_at = self._env.now
            taken = True
        yield self._env.timeout((self._call - self._hold) / 2)
        return taken

    def _read_all(self) -> Generator[Event, Any, list[_Counter] | None]:
        """Return the counters that have a piece; None when one is being written."""
        yield self._env.timeout(self._call / 2)
        for counter in self._counters:
            if not counter.reads.take(TRANSACTION_READ):
                self._result.throttled_reads += 1
                raise _ThrottledError
        conflicts = any(counter.is_held for counter in self._counters)
        full = [counter for counter in self._counters if counter.available]
        yield self._env.timeout(self._call / 2)
        return None if conflicts else full

    def _waited(self, retry: int, ends: float) -> Generator[Event, Any, bool]:
        pause = self._pause(retry)
        if self._env.now + pause > ends:
            return False
        yield self._env.timeout(pause)
        return True

    def _pause(self, retry: int) -> float:
        return self._random.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**retry))
