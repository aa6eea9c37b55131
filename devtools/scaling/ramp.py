"""A rate of orders that rises slowly: at which rate is each limit the first time too small?"""

import random
from collections.abc import Generator, Iterable
from math import exp, log
from typing import Any, Final

from simpy import Environment, Event

from devtools.scaling.limits import Limit
from devtools.scaling.meters import Average, Bucket
from devtools.scaling.order_path import OrderPath, Resource, Step, Units

# In one second the rate rises by this share. Slower is more exact and takes longer.
_RISE: Final = 0.005
# A simulated order stands for as many as there are in this time.
_EVERY_SECONDS: Final = 0.02
# A limit is too small when this much of a second is missing, or too many are there for so long.
_SLACK_SECONDS: Final = 0.2


class Ramp:
    """Every limit is watched alone: what is too much for one goes on, so that each one is found."""

    def __init__(self, path: OrderPath, watched: Iterable[Limit], *, seed: int = 1) -> None:
        self._env = Environment()
        self._path = path
        self._random = random.Random(seed)  # noqa: S311  a simulation
        self._rate = 0.0
        self._limits = [*watched]
        self._buckets: dict[Resource, list[tuple[str, Bucket]]] = {}
        self._averages: list[tuple[str, Average]] = []
        self.found: dict[str, float] = {}
        for limit in self._limits:
            self._watch(limit)

    def run(self, first: float, last: float) -> dict[str, float]:
        """Return the orders a second at which each limit was too small, in the order in which it was."""
        self._env.process(self._arrivals(first, last))
        self._env.run()
        return self.found

    def _arrivals(self, first: float, last: float) -> Generator[Event, Any, None]:
        ends = log(last / first) / _RISE
        while self._env.now < ends and len(self.found) < len(self._limits):
            self._rate = first * exp(_RISE * self._env.now)
            self._env.process(self._order(self._rate * _EVERY_SECONDS))
            yield self._env.timeout(_EVERY_SECONDS)

    def _order(self, weight: float) -> Generator[Event, Any, None]:
        yield from self._step(self._path.request, weight)
        yield from self._step(self._path.delivery, weight)
        for stage in self._path.stages:
            yield self._env.all_of([self._env.process(self._step(step, weight)) for step in stage])

    def _step(self, step: Step, weight: float) -> Generator[Event, Any, None]:
        self._take(step.units, weight)
        if step.is_function:
            self._take({Resource.INVOCATIONS: 1}, weight)
            self._execute(weight)
        yield self._env.timeout(step.seconds * self._random.uniform(0.8, 1.2))
        if step.is_function:
            self._execute(-weight)

    def _take(self, units: Units, weight: float) -> None:
        for resource, each in units.items():
            for name, bucket in self._buckets.get(resource, []):
                if not bucket.take(weight * each):
                    self.found.setdefault(name, self._rate)

    def _execute(self, weight: float) -> None:
        for name, average in self._averages:
            if average.add(weight) > average.most:
                self.found.setdefault(name, self._rate)

    def _watch(self, limit: Limit) -> None:
        if limit.resource is Resource.EXECUTIONS:
            average = Average(env=self._env, most=limit.per_second, seconds=_SLACK_SECONDS)
            self._averages.append((limit.name, average))
            return
        size = limit.per_second * _SLACK_SECONDS
        bucket = Bucket(env=self._env, per_second=limit.per_second, size=size)
        self._buckets.setdefault(limit.resource, []).append((limit.name, bucket))
