"""How often the workflow tries a task again, and after which pauses: read from its definition."""

import json
import random
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from devtools.asl.definition import DEFINITION

THROTTLED_FUNCTION: Final = "Lambda.TooManyRequestsException"
UNAVAILABLE: Final = "DependencyUnavailable"


@cache
def ceilings(error: str) -> tuple[float, ...]:
    """Return the longest pause before each retry of ReserveInventory, in seconds."""
    definition = json.loads(DEFINITION.read_text(encoding="utf-8"))
    branches = definition["States"]["ProcessOrder"]["Branches"]
    task = next(
        each["States"]["ReserveInventory"] for each in branches if "ReserveInventory" in each["States"]
    )
    return tuple(_ceilings(next(rule for rule in task["Retry"] if error in rule["ErrorEquals"])))


def pauses(error: str, chance: random.Random) -> Iterator[float]:
    """Yield the pause before each retry: the workflow's jitter is full."""
    for ceiling in ceilings(error):
        yield chance.uniform(0, ceiling)


def _ceilings(rule: Mapping[str, Any]) -> Iterator[float]:
    for retry in range(rule["MaxAttempts"]):
        yield min(rule["MaxDelaySeconds"], rule["IntervalSeconds"] * rule["BackoffRate"] ** retry)
