"""A patch refuses another version of MiniStack before it runs."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from ministack.core import lambda_runtime
from ministack.services import apigateway_v1, eventbridge, lambda_svc, scheduler, ssm, stepfunctions
from ministack.services.cloudformation import provisioners

from devtools.local_cloud.patches import (
    event_archives,
    event_dead_letters,
    gateway_errors,
    lambda_concurrency,
    lambda_errors,
    lambda_logs,
    public_parameters,
    saved_queries,
    schedules,
    state_machine_versions,
    step_functions,
    stream_positions,
)
from devtools.local_cloud.patches.expected import PatchOutdatedError


def _of_another_version(*_: Any) -> None:
    """A function with other parameters and other source."""


@pytest.mark.parametrize(
    ("patch", "module", "name", "changed"),
    [
        (lambda_errors, lambda_runtime, "_PYTHON_WORKER_SCRIPT", "import sys"),
        (lambda_errors, lambda_svc, "_execute_function_warm", _of_another_version),
        (lambda_logs, lambda_runtime, "_PYTHON_WORKER_SCRIPT", "import sys"),
        (lambda_concurrency, lambda_svc, "_execute_function_warm", _of_another_version),
        (lambda_concurrency, lambda_svc, "_throttle_response", _of_another_version),
        (gateway_errors, apigateway_v1, "_lambda_proxy_response", _of_another_version),
        (event_archives, eventbridge, "_create_archive", _of_another_version),
        (event_archives, provisioners, "_RESOURCE_HANDLERS", {"AWS::Events::Archive": {}}),
        (saved_queries, provisioners, "_RESOURCE_HANDLERS", {"AWS::Logs::QueryDefinition": {}}),
        (event_dead_letters, eventbridge, "_invoke_target", _of_another_version),
        (event_dead_letters, eventbridge, "_dispatch_to_stepfunctions", _of_another_version),
        (public_parameters, ssm, "_public_parameter", _of_another_version),
        (schedules, scheduler, "_tick_schedules", _of_another_version),
        (schedules, stepfunctions, "_start_execution", _of_another_version),
        (step_functions, stepfunctions, "_run_execution", _of_another_version),
        (step_functions, stepfunctions, "_emit_execution_status_event", _of_another_version),
        (state_machine_versions, stepfunctions, "_start_execution", _of_another_version),
        (state_machine_versions, provisioners, "_update_resource", _of_another_version),
        (stream_positions, lambda_svc, "_restore_esm_positions", _of_another_version),
        (stream_positions, lambda_svc, "_restore_state", _of_another_version),
    ],
)
def test_a_patch_refuses_changed_code(
    patch: ModuleType,
    module: ModuleType,
    name: str,
    changed: str | dict[str, Any] | Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lambda_runtime, "_PYTHON_WORKER_SCRIPT", lambda_runtime._PYTHON_WORKER_SCRIPT)
    monkeypatch.setattr(module, name, changed)

    with pytest.raises(PatchOutdatedError, match=rf"MiniStack {version('ministack')} differs"):
        patch.apply()


@pytest.mark.parametrize(
    ("status", "seconds", "is_checked"),
    [
        pytest.param("RUNNING", 20, True, id="an execution that began a moment ago"),
        pytest.param("RUNNING", 40, False, id="an execution that waits for its turn, or is slow"),
        pytest.param("FAILED", 40, True, id="an execution that a restart has killed"),
    ],
)
def test_no_schedule_fires_while_the_sweeper_would_overtake_an_execution(
    status: str, seconds: int, *, is_checked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[bool] = []
    watched = SimpleNamespace(_data=SimpleNamespace(items=lambda: checks.append(True) or []))
    started = (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()
    executions = [{"status": "RUNNING", "startDate": datetime.now(UTC).isoformat()}]
    executions.append({"status": status, "startDate": started})
    for module, name in [
        (eventbridge, "_parse_rate_seconds"),
        (scheduler, "_tick_schedules"),
        (scheduler, "_SCHEDULE_TICK_INTERVAL"),
    ]:
        monkeypatch.setattr(module, name, getattr(module, name))
    monkeypatch.setattr(scheduler, "_schedules", watched)
    monkeypatch.setattr(stepfunctions, "_executions", SimpleNamespace(all_values=lambda: executions))
    schedules.apply()

    scheduler._tick_schedules()

    assert bool(checks) is is_checked


def test_after_a_restart_a_stream_is_read_from_its_first_change(monkeypatch: pytest.MonkeyPatch) -> None:
    function = ("000000000000", "us-east-1", "a function")
    streams, shards = lambda_svc._dynamodb_stream_positions, lambda_svc._kinesis_positions
    for positions in (streams, shards):
        monkeypatch.setattr(positions, "_data", {})
    monkeypatch.setattr(lambda_svc, "_restore_esm_positions", lambda_svc._restore_esm_positions)
    stream_positions.apply()

    lambda_svc._restore_state(
        {"dynamodb_stream_positions": {function: 500}, "kinesis_positions": {function: 7}}
    )

    assert streams._data == {}
    assert shards._data == {function: 7}


@pytest.mark.parametrize(
    ("thread", "level", "is_logged"),
    [
        pytest.param("evb-scheduler-ticker", logging.INFO, False, id="a schedule that fired"),
        pytest.param("evb-scheduler-ticker", logging.WARNING, True, id="a schedule that could not fire"),
        pytest.param("MainThread", logging.INFO, True, id="an event that was delivered"),
    ],
)
def test_a_schedule_that_fires_has_no_line_in_the_log_of_the_cloud(
    thread: str, level: int, *, is_logged: bool
) -> None:
    record = logging.LogRecord("events", level, "", 0, "EventBridge → Lambda: dispatched", (), None)
    record.threadName = thread

    assert schedules.is_worth_a_line(record) is is_logged
