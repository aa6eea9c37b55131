"""A Lambda has a few workers at most; further invocations wait, and are throttled after a timeout.

MiniStack starts a process for each concurrent invocation. A burst of orders made 80 to 90 of
them, and took 3.5 GB.
"""

import os
import threading
from typing import Any, Final

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from devtools.local_cloud.patches.expected import expect_signature

WORKERS_PER_FUNCTION: Final = int(os.environ.get("ORDERCTL_LAMBDA_WORKERS", "2"))


def apply() -> None:
    """Limit the invocations of each function version that run at once."""
    run = lambda_svc._execute_function_warm
    expect_signature(run, "func", "event", "request_id")
    expect_signature(lambda_runtime._worker_key, "func_name", "config", "qualifier")
    expect_signature(lambda_svc._throttle_response, "reason_code", "msg", "retry_after")
    workers = _Workers()

    def run_in_turn(func: Any, event: Any, request_id: str) -> dict[str, Any]:
        config = func.get("config") or func
        worker = workers.semaphore(config)
        if not worker.acquire(timeout=float(config.get("Timeout", 3))):
            throttled: dict[str, Any] = lambda_svc._throttle_response(
                "ConcurrentInvocationLimitExceeded", "Rate Exceeded."
            )
            return throttled
        try:
            outcome: dict[str, Any] = run(func, event, request_id)
            return outcome
        finally:
            worker.release()

    lambda_svc._execute_function_warm = run_in_turn


class _Workers:
    """One semaphore per function version."""

    def __init__(self) -> None:
        self._semaphores: dict[str, threading.BoundedSemaphore] = {}

    def semaphore(self, config: dict[str, Any]) -> threading.BoundedSemaphore:
        key = lambda_runtime._worker_key(
            config.get("FunctionName", "unknown"), config, config.get("Version", "$LATEST")
        )
        # setdefault is atomic, so two threads get the same semaphore
        return self._semaphores.setdefault(key, threading.BoundedSemaphore(WORKERS_PER_FUNCTION))
