"""The fault switch: lets a service fail as if a dependency were broken."""

import os
import random
import time
from collections.abc import Callable, Mapping

from handlers.adapters.metrics import emit
from handlers.contract.fault import FAULT_VARIABLE, Fault
from handlers.contract.metrics import MetricName
from handlers.domain.errors import DependencyUnavailable


def inject_fault(
    error: type[DependencyUnavailable],
    *,
    environment: Mapping[str, str] = os.environ,
    sleep: Callable[[float], None] = time.sleep,
    draw: Callable[[], float] = random.random,
) -> None:
    """Wait, and raise `error`, as the fault in the function's configuration says; without one do nothing."""
    configured = environment.get(FAULT_VARIABLE)
    if configured is None:
        return
    fault = Fault.parse(configured)
    fails = fault.fails(draw())
    if fails or fault.latency > 0:
        # Before the pause: it may be longer than the timeout of the function.
        emit({MetricName.FAULTS_INJECTED: [1]})
    sleep(fault.latency)
    if fails:
        raise error(f"fault switch: {fault}")
