"""What a sweep says of itself: that it was done, what it did, and for how long an order waits."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from handlers import sweeper
from handlers.adapters.open_orders import OpenOrders
from handlers.contract.metrics import MetricName
from handlers.contract.names import OpenKind
from handlers.domain.errors import DependencyUnavailable
from tests.backlog import Backlog
from tests.fakes import InterruptedClient

NOW = datetime(2026, 11, 22, 16, 0, 0, tzinfo=UTC)
SHARDS = [f"6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b{number:02x}" for number in range(8)]


class Context:
    """The context object of a Lambda invocation."""

    function_name = "function"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:sweeper"
    aws_request_id = "6d2a4a6b-2f9b-4c0e-8a06-0a2a2f0d3b11"

    def get_remaining_time_in_millis(self) -> int:
        return 55_000


@pytest.fixture
def backlog(dev_template: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Backlog]:
    """Orders of the deployed sweeper, whose clock stands still."""
    with Backlog.in_moto(dev_template) as backlog:
        for name, value in backlog.deployment.environment_of("sweeper").items():
            monkeypatch.setenv(name, value)
        sweeper._sweeper.cache_clear()
        deployed = replace(sweeper._sweeper(), now=lambda: NOW)
        sweeper._sweeper.cache_clear()
        monkeypatch.setattr(sweeper, "_sweeper", lambda: deployed)
        yield backlog


def _values(capsys: pytest.CaptureFixture[str]) -> list[dict[str, float]]:
    """Return the values of each line with metrics."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = {name.value for name in MetricName}
    emitted = [
        {name: sum(values) for name, values in line.items() if name in names}
        for line in lines
        if "_aws" in line
    ]
    assert {line["service"] for line in lines if "_aws" in line} <= {"sweeper"}
    return emitted


@pytest.mark.usefixtures("backlog")
def test_a_sweep_without_work_emits_that_it_was_done_and_zeros(capsys: pytest.CaptureFixture[str]) -> None:
    sweeper.handler({}, Context())

    assert _values(capsys) == [
        {
            "SweepsCompleted": 1,
            "OrdersReemitted": 0,
            "HoldsExpired": 0,
            "OrdersGivenUp": 0,
        },
        {"OldestWaitingSeconds": 0},
    ]


def test_a_sweep_counts_what_it_did(backlog: Backlog, capsys: pytest.CaptureFixture[str]) -> None:
    backlog.place()
    backlog.place()
    backlog.place(attempts=5)
    backlog.place("ON_HOLD", since="2026-11-16T15:00:00.000Z")

    sweeper.handler({}, Context())

    values, _age = _values(capsys)
    assert (values["OrdersReemitted"], values["OrdersGivenUp"], values["HoldsExpired"]) == (2, 1, 1)


@pytest.mark.usefixtures("backlog")
def test_a_sweep_counts_when_the_age_of_the_oldest_order_can_not_be_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def throttled(*_: object) -> None:
        raise DependencyUnavailable("Orders table: ThrottlingException")

    monkeypatch.setattr(OpenOrders, "oldest_waiting", throttled)

    with pytest.raises(DependencyUnavailable):
        sweeper.handler({}, Context())

    assert [values["SweepsCompleted"] for values in _values(capsys)] == [1]


def test_the_age_is_that_of_the_oldest_order_that_waits_in_any_shard(
    backlog: Backlog, capsys: pytest.CaptureFixture[str]
) -> None:
    for minute, order_id in enumerate(SHARDS):
        backlog.place("ON_HOLD", since=f"2026-11-22T15:0{minute}:00.000Z", orderId=order_id)
    # It waits for nobody.
    backlog.place(since="2026-11-22T15:59:00.000Z")

    sweeper.handler({}, Context())

    assert _values(capsys)[1]["OldestWaitingSeconds"] == 3_600


def test_a_settled_order_that_was_not_announced_waits_too(
    backlog: Backlog, capsys: pytest.CaptureFixture[str]
) -> None:
    backlog.place("CONFIRMED", since="2026-11-22T15:30:00.000Z", kind=OpenKind.WAITING)

    sweeper.handler({}, Context())

    assert _values(capsys)[1]["OldestWaitingSeconds"] == 1_800


def test_a_sweep_that_fails_is_not_counted_and_logs_one_line(
    backlog: Backlog, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    backlog.place()

    def throttle() -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "Query")

    throttled = OpenOrders(InterruptedClient(backlog.dynamodb, "query", throttle), backlog.orders_table)
    deployed = replace(sweeper._sweeper(), open_orders=throttled)
    monkeypatch.setattr(sweeper, "_sweeper", lambda: deployed)

    with pytest.raises(DependencyUnavailable):
        sweeper.handler({}, Context())

    assert _values(capsys) == []
