"""How long functions and executions take: derived from the measured calls and the stated milliseconds."""

from collections.abc import Iterable
from math import ceil
from typing import Final

from orderctl.cost.measured import Measured, Usage
from orderctl.cost.price_list import PriceList

PAYMENT: Final = "payment"
METRICS: Final = "metrics"

_MEGABYTES: Final = 1024
_WAIT: Final = "wait "
# https://aws.amazon.com/step-functions/pricing/
_EXPRESS_MEMORY_STEP: Final = 64
_EXPRESS_MILLIS_STEP: Final = 100


class Durations:
    """`provider_millis` is how long the payment provider takes to answer one request."""

    def __init__(self, prices: PriceList, measured: Measured, *, provider_millis: float = 0) -> None:
        self._prices = prices
        self._measured = measured
        self._provider_millis = provider_millis

    def function_gigabyte_seconds(self, usage: Usage) -> float:
        """Return what all invocations of one order use."""
        millis = sum(count * self._function_millis(usage, name) for name, count in usage.invocations.items())
        return millis / 1000 * self._measured.memory_megabytes / _MEGABYTES

    def express_gigabyte_seconds(self, usage: Usage) -> float:
        """Return what all executions of one order use: each is billed for 100 ms and 64 MB at least."""
        data = self._measured.definition_bytes + usage.event_bytes
        used = self._prices.number("expressMegabytes") + data / _MEGABYTES**2
        memory = ceil(used / _EXPRESS_MEMORY_STEP) * _EXPRESS_MEMORY_STEP
        between = usage.states * self._prices.number("stateMillis") / max(1, len(usage.executions))
        millis = 0
        for execution in usage.executions:
            exact = between + sum(
                max(self._branch_millis(usage, branch) for branch in stage) for stage in execution
            )
            millis += ceil(exact / _EXPRESS_MILLIS_STEP) * _EXPRESS_MILLIS_STEP
        return millis / 1000 * memory / _MEGABYTES

    def _branch_millis(self, usage: Usage, tasks: Iterable[str]) -> float:
        return sum(self._task_millis(usage, task) for task in tasks)

    def _task_millis(self, usage: Usage, task: str) -> float:
        if task.startswith(_WAIT):
            return 1000 * float(task.removeprefix(_WAIT))
        stated = self._prices.stated["taskMillis"]
        if task in usage.invocations:
            return stated.number_of("lambda") + self._function_millis(usage, task)
        return stated.number_of(task)

    def _function_millis(self, usage: Usage, name: str) -> float:
        """Return the average of a function's invocations for one order."""
        if name == METRICS:
            return self._prices.number("metricsMillis")
        stated = self._prices.stated["callMillis"]
        calls = sum(stated.number_of(call) * count for call, count in usage.calls.get(name, {}).items())
        provider = self._provider_millis if name == PAYMENT else 0
        return self._prices.number("functionMillis") + calls / usage.invocations[name] + provider
