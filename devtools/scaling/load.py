"""A constant rate of orders that meets the limits: what is refused, delayed, retried and held."""

import random
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from itertools import count
from statistics import quantiles
from typing import Any, Final

from simpy import Environment, Event

from devtools.scaling.limits import Limit
from devtools.scaling.meters import Bucket, Gauge
from devtools.scaling.order_path import OrderPath, Resource, Step, Units
from devtools.scaling.workflow_retries import THROTTLED_FUNCTION, UNAVAILABLE, pauses

# A simulated order stands for as many as there are in this time.
_EVERY_SECONDS: Final = 0.01
# botocore tries a throttled call once more.
_CALL_PAUSE_SECONDS: Final = 1.0
# EventBridge tries a throttled start again for as long as the rule says, an hour.
_START_PAUSE_SECONDS: Final = 30.0
_OF_AN_INVOCATION: Final = (Resource.INVOCATIONS, Resource.EXECUTIONS)


@dataclass(slots=True, kw_only=True)
class Outcomes:
    """Orders by what became of them; `seconds` is from the request to the end."""

    offered: float = 0
    refused: float = 0
    confirmed: float = 0
    with_dead_letter: float = 0
    held: float = 0
    seconds: list[float] = field(default_factory=list)
    first_refusal: dict[str, float] = field(default_factory=dict)

    def share(self, orders: float) -> float:
        """Return orders as a share of those that were offered."""
        return orders / self.offered

    @property
    def slowest(self) -> float:
        """Return the seconds in which 99 of 100 confirmed orders came to their end."""
        return quantiles(self.seconds, n=100)[-1] if len(self.seconds) > 1 else 0.0


class Load:
    """`rate` orders a second for `seconds`, then nothing until every order has an end."""

    def __init__(self, path: OrderPath, met: Iterable[Limit], *, seed: int = 1) -> None:
        self._env = Environment()
        self._path = path
        self._random = random.Random(seed)  # noqa: S311  a simulation
        self._meters: dict[Resource, list[tuple[str, Bucket | Gauge]]] = {}
        self._outcomes = Outcomes()
        for limit in met:
            self._meters.setdefault(limit.resource, []).append((limit.name, self._meter(limit)))

    def run(self, rate: float, seconds: float) -> Outcomes:
        """Return what became of the orders."""
        self._env.process(self._arrivals(rate * _EVERY_SECONDS, seconds))
        self._env.run()
        return self._outcomes

    def _arrivals(self, weight: float, seconds: float) -> Generator[Event, Any, None]:
        while self._env.now < seconds:
            self._env.process(self._order(weight))
            yield self._env.timeout(_EVERY_SECONDS)

    def _order(self, weight: float) -> Generator[Event, Any, None]:
        self._outcomes.offered += weight
        started = self._env.now
        is_allowed = self._take({Resource.REQUESTS: 1}, weight)
        if not is_allowed or (yield from self._attempt(self._path.request, weight)) is not None:
            self._outcomes.refused += weight
            return
        yield from self._deliver(weight)
        has_dead_letter = False
        for stage in self._path.stages:
            branches = [self._env.process(self._task(step, weight)) for step in stage]
            yield self._env.all_of(branches)
            failed = [step for step, branch in zip(stage, branches, strict=True) if not branch.value]
            if any(step.decides for step in failed):
                self._outcomes.held += weight
                return
            has_dead_letter = has_dead_letter or bool(failed)
        self._outcomes.confirmed += weight
        self._outcomes.with_dead_letter += weight if has_dead_letter else 0
        self._outcomes.seconds.append(self._env.now - started)

    def _deliver(self, weight: float) -> Generator[Event, Any, None]:
        step = self._path.delivery
        for name, bucket in self._meters.get(Resource.DELIVERIES, []):
            if isinstance(bucket, Bucket):
                delay = bucket.delay(weight * step.units[Resource.DELIVERIES])
                self._note(name, refused=delay > 0)
                yield self._env.timeout(delay)
        for retry in count():
            if self._take({Resource.STARTS: 1}, weight):
                break
            yield self._env.timeout(self._random.uniform(0, min(_START_PAUSE_SECONDS, 2**retry)))
        yield self._env.timeout(step.seconds)

    def _task(self, step: Step, weight: float) -> Generator[Event, Any, bool]:
        """Try a task until it works, or its retries are used up; a Retry has a count of its own."""
        left = {error: pauses(error, self._random) for error in (THROTTLED_FUNCTION, UNAVAILABLE)}
        while (error := (yield from self._attempt(step, weight))) is not None:
            pause = next(left[error], None)
            if pause is None:
                return False
            yield self._env.timeout(pause)
        return True

    def _attempt(self, step: Step, weight: float) -> Generator[Event, Any, str | None]:
        """Return the error, or None."""
        if step.is_function and not self._take(dict.fromkeys(_OF_AN_INVOCATION, 1.0), weight):
            return THROTTLED_FUNCTION
        units: Units = {
            resource: each for resource, each in step.units.items() if resource != Resource.REQUESTS
        }
        works = self._take(units, weight)
        if not works:
            yield self._env.timeout(self._random.uniform(0, _CALL_PAUSE_SECONDS))
            works = self._take(units, weight)
        yield self._env.timeout(step.seconds * self._random.uniform(0.8, 1.2))
        if step.is_function:
            self._leave(weight)
        return None if works else UNAVAILABLE

    def _take(self, units: Units, weight: float) -> bool:
        """Take from all meters, or from none when one refuses."""
        wanted = [
            (name, meter, weight * each)
            for resource, each in units.items()
            for name, meter in self._meters.get(resource, [])
        ]
        for name, meter, taken in wanted:
            if not meter.has(taken):
                self._note(name)
                return False
        for _, meter, taken in wanted:
            meter.take(taken)
        return True

    def _leave(self, weight: float) -> None:
        for _, meter in self._meters.get(Resource.EXECUTIONS, []):
            if isinstance(meter, Gauge):
                meter.leave(weight)

    def _note(self, name: str, *, refused: bool = True) -> None:
        if refused:
            self._outcomes.first_refusal.setdefault(name, self._env.now)

    def _meter(self, limit: Limit) -> Bucket | Gauge:
        if limit.resource is Resource.EXECUTIONS:
            return Gauge(most=limit.per_second)
        return Bucket(env=self._env, per_second=limit.per_second, size=limit.burst or limit.per_second)
