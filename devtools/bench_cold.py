"""Measures what a cold start of each function loads, and compares it with the start of a bare boto3.

In a fresh interpreter a handler is imported and its clients are made. The bare one imports boto3 and makes
the same clients. Both run in turn, and the processor time counts: on a busy machine it varies less than the
time on the clock. The interpreter does not clean up at its end, as no function does.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

from devtools.checkout import REPOSITORY
from devtools.measurement import Measurement, show
from orderctl.terminal import progress_bar

LIMIT: Final = 1.15
RUNS: Final = 15
# The clients that a function makes at once. Stripe's key needs a third one in the payment function.
CLIENTS: Final[Mapping[str, Sequence[str]]] = {
    "orders": ("dynamodb", "events"),
    "inventory": ("dynamodb",),
    "payment": ("dynamodb",),
    "notification": ("dynamodb", "sns"),
    "sweeper": ("dynamodb", "events", "sqs"),
    "eraser": ("dynamodb",),
    "metrics": (),
}
_ENVIRONMENT: Final = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "PATH": os.environ["PATH"],
}


def main() -> int:
    """Measure every function; return 1 if one exceeds the limit."""
    measured = [_measure(name, services) for name, services in CLIENTS.items()]
    show(measured)
    return 0 if all(each.is_within_limit for each in measured) else 1


def _measure(name: str, services: Sequence[str]) -> Measurement:
    bare = ["import boto3", *(f"boto3.client({service!r})" for service in services)]
    handler = [f"import handlers.{name}", "from handlers.adapters.aws import client"]
    handler += [f"client({service!r})" for service in services]
    of_bare, of_handler, ratios = [], [], []
    for code in (bare, handler):
        _processor_seconds(code)  # compiles what was changed
    with progress_bar(name, RUNS) as done:
        for count in range(1, RUNS + 1):
            of_bare.append(_processor_seconds(bare))
            of_handler.append(_processor_seconds(handler))
            ratios.append(of_handler[-1] / of_bare[-1])
            done(count)
    return Measurement(
        what=f"{name}: {median(of_handler):.2f} s; boto3 with its clients: {median(of_bare):.2f} s",
        value=median(ratios),
        limit=LIMIT,
        unit="times",
    )


def _processor_seconds(code: Sequence[str]) -> float:
    lines = [*code, "import os", "os._exit(0)"]
    process = subprocess.Popen([sys.executable, "-c", "\n".join(lines)], cwd=REPOSITORY, env=_ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{code[0]} failed")
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
