"""Lets a service fail as if what it depends on were broken, where an operator has switched that on."""

import os
import random
import time
from collections.abc import Callable, Mapping

from handlers.contract.fault import FAULT_VARIABLE, Fault
from handlers.domain.errors import DependencyUnavailable


def inject_fault(
    error: type[DependencyUnavailable],
    *,
    environment: Mapping[str, str] = os.environ,
    sleep: Callable[[float], None] = time.sleep,
    draw: Callable[[], float] = random.random,
) -> None:
    """Do nothing, unless the function's configuration has a fault: then wait, and raise `error` or not."""
    configured = environment.get(FAULT_VARIABLE)
    if configured is None:
        return
    fault = Fault.parse(configured)
    sleep(fault.latency)
    if fault.fails(draw()):
        raise error(f"fault switch: {fault}")
