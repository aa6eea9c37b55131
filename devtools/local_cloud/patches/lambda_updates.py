"""An invocation gets the configuration that its function has when it begins, and an update ends none.

MiniStack copies the configuration before an invocation waits for a worker. An update in the meantime was
forgotten: a worker with the old variables stayed, and `orderctl fault payment off` did not end the fault. It
also kills the workers that are in use. On AWS, what runs goes on with the old configuration, and whatever
begins after the update has the new one.
https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
"""

import threading
from typing import Any, Final

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from devtools.local_cloud.patches.expected import expect_signature, expect_source

_LATEST: Final = "$LATEST"


def apply() -> None:
    """Patch the pool of workers: what is taken from it, what an update removes, and what is given back."""
    acquire, release = lambda_runtime.acquire_worker, lambda_runtime.release_worker
    invalidate = lambda_runtime.invalidate_worker
    taken = threading.local()  # the worker of the invocation that this thread runs
    expect_signature(acquire, "func_name", "config", "code_zip", "qualifier", "max_concurrency")
    expect_source(release, "with _lock:\n        worker.in_use = False")
    expect_signature(invalidate, "func_name", "qualifier", "account", "region")
    expect_signature(lambda_runtime.kill_workers, "workers")
    expect_source(lambda_svc._invoke, 'exec_record["config"] = dict(')
    expect_source(lambda_svc._update_config, 'config["RevisionId"] = new_uuid()\n', "invalidate_worker(name")

    def acquire_of_now(
        func_name: str,
        config: dict[str, Any],
        code_zip: bytes,
        qualifier: str = _LATEST,
        max_concurrency: int | None = None,
    ) -> tuple[Any, str]:
        function = lambda_svc._functions.get(func_name) if qualifier == _LATEST else None
        if function:
            config = {**function["config"], "FunctionArn": config["FunctionArn"]}
            code_zip = function["code_zip"]
        worker, how = acquire(func_name, config, code_zip, qualifier, max_concurrency)
        taken.worker = worker
        # An update removes the workers that are in the pool by then; this one may have come after it.
        if function and worker and worker.config["RevisionId"] != function["config"]["RevisionId"]:
            _take_out([worker])
        return worker, how

    def invalidate_idle(
        func_name: str, qualifier: str | None = None, account: str | None = None, region: str | None = None
    ) -> None:
        if qualifier is None:
            invalidate(func_name, qualifier, account, region)
            return
        workers = [
            worker
            for key, pool in list(lambda_runtime._workers.items())
            if key.split(":")[2:] == [func_name, qualifier]
            for worker in list(pool)
        ]
        _take_out(workers)
        lambda_runtime.kill_workers([worker for worker in workers if not worker.in_use])

    def release_or_end(worker: Any) -> None:
        # Of one that could not start, MiniStack only says that it is no more in the pool.
        worker = worker or taken.worker
        taken.worker = None
        if worker is None:
            return
        with lambda_runtime._lock:
            worker.in_use = False
            is_pooled = any(worker is each for pool in lambda_runtime._workers.values() for each in pool)
        if not is_pooled:
            lambda_runtime.kill_workers([worker])

    lambda_svc.acquire_worker = acquire_of_now
    lambda_svc.invalidate_worker = invalidate_idle
    lambda_svc.release_worker = release_or_end


def _take_out(workers: list[Any]) -> None:
    """Remove workers from their pools; those in use end when they are given back."""
    with lambda_runtime._lock:
        for pool in lambda_runtime._workers.values():
            pool[:] = [worker for worker in pool if worker not in workers]
