"""What an update of a function on the local cloud changes for its invocations before, during and after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from ministack.core import lambda_runtime
from ministack.core.responses import request_scope
from ministack.services import lambda_svc

from devtools.local_cloud.patches import lambda_updates

ARN: Final = "arn:aws:lambda:us-east-1:000000000000:function:payment"
_PATCHED: Final = ("acquire_worker", "invalidate_worker", "release_worker")


@dataclass(eq=False)
class Worker:
    """A worker of MiniStack, without a process."""

    config: dict[str, Any]
    in_use: bool = False
    last_used: float = 0.0


class Pool:
    """The workers of a function whose configuration can be updated; `killed` are those that were ended."""

    def __init__(self) -> None:
        self.killed: list[Worker] = []
        self.update_in_the_middle = False
        self._revision = 0
        self.config: dict[str, Any] = {"FunctionArn": ARN, "Version": "$LATEST"}
        self._change("on")

    def update(self, fault: str) -> None:
        """Change the configuration as UpdateFunctionConfiguration does."""
        self._change(fault)
        lambda_svc.invalidate_worker("payment", qualifier="$LATEST")

    def invoke(self, config: dict[str, Any] | None = None) -> Worker:
        """Begin an invocation; `config` is the copy that it made of the configuration before."""
        worker, _ = lambda_svc.acquire_worker("payment", config or dict(self.config), b"")
        assert isinstance(worker, Worker)
        return worker

    def new_worker(self, _: str, config: dict[str, Any], __: bytes) -> Worker:
        if self.update_in_the_middle:
            self.update_in_the_middle = False
            self._change("off")
        return Worker(config)

    def _change(self, fault: str) -> None:
        self._revision += 1
        self.config |= {"RevisionId": str(self._revision), "Environment": {"Variables": {"FAULT": fault}}}


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    """A patched MiniStack with one function, whose fault is on."""
    pool = Pool()
    for module, name, value in [
        (lambda_runtime, "_workers", {}),
        (lambda_runtime, "_worker_class_for", lambda _: pool.new_worker),
        (lambda_runtime, "kill_workers", pool.killed.extend),
        (lambda_svc, "_functions", {"payment": {"config": pool.config, "code_zip": b""}}),
        *((lambda_svc, name, getattr(lambda_svc, name)) for name in _PATCHED),
    ]:
        monkeypatch.setattr(module, name, value)
    with monkeypatch.context() as checked:
        for check in ("expect_signature", "expect_source"):
            checked.setattr(lambda_updates, check, lambda *_: None)
        lambda_updates.apply()
    with request_scope("000000000000", "us-east-1"):
        yield pool


def test_an_invocation_that_waited_through_an_update_gets_the_new_configuration(pool: Pool) -> None:
    before = dict(pool.config)
    pool.update("off")

    worker = pool.invoke(before)

    assert _fault(worker) == "off"


def test_a_worker_that_an_update_overtook_is_not_used_again(pool: Pool) -> None:
    pool.update_in_the_middle = True
    overtaken = pool.invoke()
    lambda_svc.release_worker(overtaken)

    assert _fault(overtaken) == "on"
    assert pool.killed == [overtaken]
    assert _fault(pool.invoke()) == "off"


def test_an_update_ends_idle_workers_at_once_and_the_others_after_their_invocation(pool: Pool) -> None:
    idle, running = pool.invoke(), pool.invoke()
    lambda_svc.release_worker(idle)

    pool.update("off")
    assert pool.killed == [idle]
    lambda_svc.release_worker(running)
    assert pool.killed == [idle, running]


def test_a_worker_that_can_not_start_is_ended_and_the_others_go_on(pool: Pool) -> None:
    running, broken = pool.invoke(), pool.invoke()

    # as MiniStack does it after an exception
    lambda_svc.invalidate_worker("payment", qualifier="$LATEST", account="000000000000", region="us-east-1")
    lambda_svc.release_worker(None)

    assert pool.killed == [broken]
    assert running.in_use


def test_a_worker_is_used_again_without_an_update(pool: Pool) -> None:
    first = pool.invoke()
    lambda_svc.release_worker(first)

    assert pool.invoke() is first
    assert pool.killed == []


def test_the_workers_of_other_functions_and_versions_stay(pool: Pool) -> None:
    version = {"FunctionArn": f"{ARN}:1", "Version": "1", "RevisionId": "of the version"}
    other, _ = lambda_svc.acquire_worker("payment", version, b"", qualifier="1")
    lambda_svc.release_worker(other)

    pool.update("off")

    assert pool.killed == []
    assert lambda_svc.acquire_worker("payment", version, b"", qualifier="1") == (other, "reused")


def _fault(worker: Worker) -> str:
    return str(worker.config["Environment"]["Variables"]["FAULT"])
