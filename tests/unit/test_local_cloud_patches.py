"""A patch refuses another version of MiniStack before it runs."""

import asyncio
import json
import logging
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from ministack.core import concurrency, lambda_runtime, persistence
from ministack.core.responses import AccountRegionScopedDict, request_scope
from ministack.services import (
    apigateway_v1,
    cloudwatch_logs,
    dynamodb,
    eventbridge,
    lambda_svc,
    scheduler,
    ssm,
    stepfunctions,
    sts,
)
from ministack.services.cloudformation import provisioners

from devtools.local_cloud.patches import (
    event_archives,
    event_dead_letters,
    execution_logs,
    gateway_errors,
    lambda_concurrency,
    lambda_errors,
    lambda_forks,
    lambda_logs,
    lambda_start,
    lambda_updates,
    public_parameters,
    quick_dynamodb,
    quick_saving,
    reused_threads,
    role_sessions,
    saved_queries,
    schedules,
    state_machine_versions,
    step_functions,
    stream_batches,
    stream_positions,
)
from devtools.local_cloud.patches.expected import PatchOutdatedError
from devtools.reused_threads import ReusedThread


def _of_another_version(*_: Any) -> None:
    """A function with other parameters and other source."""


@pytest.mark.parametrize(
    ("patch", "module", "name", "changed"),
    [
        (lambda_errors, lambda_runtime, "_PYTHON_WORKER_SCRIPT", "import sys"),
        (lambda_errors, lambda_svc, "_execute_function_warm", _of_another_version),
        (lambda_forks, lambda_runtime.Worker, "_spawn", _of_another_version),
        (lambda_logs, lambda_runtime, "_PYTHON_WORKER_SCRIPT", "import sys"),
        (lambda_start, lambda_runtime, "_PYTHON_WORKER_SCRIPT", "import sys"),
        (lambda_concurrency, lambda_svc, "_execute_function_warm", _of_another_version),
        (lambda_concurrency, lambda_svc, "_throttle_response", _of_another_version),
        (lambda_updates, lambda_runtime, "release_worker", _of_another_version),
        (lambda_updates, lambda_svc, "_update_config", _of_another_version),
        (gateway_errors, apigateway_v1, "_lambda_proxy_response", _of_another_version),
        (event_archives, eventbridge, "_create_archive", _of_another_version),
        (event_archives, provisioners, "_RESOURCE_HANDLERS", {"AWS::Events::Archive": {}}),
        (reused_threads, concurrency, "run_reentrant", _of_another_version),
        (reused_threads, lambda_runtime.Worker, "invoke", _of_another_version),
        (role_sessions, sts, "register_session", _of_another_version),
        (saved_queries, provisioners, "_RESOURCE_HANDLERS", {"AWS::Logs::QueryDefinition": {}}),
        (event_dead_letters, eventbridge, "_invoke_target", _of_another_version),
        (event_dead_letters, eventbridge, "_dispatch_to_stepfunctions", _of_another_version),
        (public_parameters, ssm, "_public_parameter", _of_another_version),
        (quick_dynamodb, dynamodb, "_tokenize", _of_another_version),
        (quick_dynamodb, dynamodb, "_update_item", _of_another_version),
        (quick_saving, cloudwatch_logs, "_collect_query_records", _of_another_version),
        (quick_saving, persistence, "save_state", _of_another_version),
        (schedules, scheduler, "_tick_schedules", _of_another_version),
        (schedules, stepfunctions, "_start_execution", _of_another_version),
        (execution_logs, cloudwatch_logs, "_put_log_events", _of_another_version),
        (step_functions, stepfunctions, "_run_execution", _of_another_version),
        (step_functions, stepfunctions, "_emit_execution_status_event", _of_another_version),
        (state_machine_versions, stepfunctions, "_start_execution", _of_another_version),
        (state_machine_versions, provisioners, "_update_resource", _of_another_version),
        (stream_batches, lambda_svc, "_poll_loop", _of_another_version),
        (stream_positions, lambda_svc, "_restore_esm_positions", _of_another_version),
        (stream_positions, lambda_svc, "_restore_state", _of_another_version),
    ],
)
def test_a_patch_refuses_changed_code(
    patch: ModuleType,
    module: ModuleType | type,
    name: str,
    changed: str | dict[str, Any] | Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lambda_runtime, "_PYTHON_WORKER_SCRIPT", lambda_runtime._PYTHON_WORKER_SCRIPT)
    monkeypatch.setattr(module, name, changed)

    with pytest.raises(PatchOutdatedError, match=rf"MiniStack {version('ministack')} differs"):
        patch.apply()


def test_sessions_of_roles_can_be_registered_by_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sts, "_sessions", {f"known-{number}": {} for number in range(1_000)})
    monkeypatch.setattr(sts, "register_session", sts.register_session)
    role_sessions.apply()
    threads = 8

    def register(thread: int) -> None:
        for number in range(100):
            sts.register_session(f"{thread}-{number}", {"Arn": "arn"})

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(register, range(threads)))
    finally:
        sys.setswitchinterval(interval)

    assert len(sts._sessions) == 1_000 + threads * 100


def test_invocations_run_in_the_threads_of_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (concurrency, lambda_runtime):
        monkeypatch.setattr(module, "threading", threading)
    reused_threads.apply()

    async def invoked() -> list[int]:
        return [
            await concurrency.run_reentrant(threading.get_native_id, thread_name="invocation")
            for _ in range(20)
        ]

    # Without the patch each has a thread of its own.
    assert len(set(asyncio.run(invoked()))) < 10
    assert lambda_runtime.threading.Thread is ReusedThread


def test_what_dynamodb_reads_of_a_text_stays_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("copy", "_tokenize", *quick_dynamodb.OF_TEXTS):
        monkeypatch.setattr(dynamodb, name, getattr(dynamodb, name))
    expression = "SET #status = :new, available = available - :quantity"
    tokens = dynamodb._tokenize(expression)
    refused = dynamodb._condition_syntax_error("a = = :b", "ConditionExpression")
    sizes = [dynamodb._number_size_bytes(text) for text in ("12.50", "-3")]
    quick_dynamodb.apply()

    dynamodb._tokenize(expression).clear()

    assert dynamodb._tokenize(expression) == tokens
    assert dynamodb._condition_syntax_error("a = = :b", "ConditionExpression") == refused
    assert [dynamodb._number_size_bytes(text) for text in ("12.50", "-3")] == sizes
    assert dynamodb._number_error(["12"])


def test_the_logs_are_saved_once_and_can_be_queried_when_they_are_read_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for module, name, value in [
        (cloudwatch_logs, "_log_groups", AccountRegionScopedDict()),
        (cloudwatch_logs, "_log_records", AccountRegionScopedDict()),
        (cloudwatch_logs, "get_state", cloudwatch_logs.get_state),
        (persistence, "json", persistence.json),
        (persistence, "PERSIST_STATE", True),
        (persistence, "STATE_DIR", str(tmp_path)),
    ]:
        monkeypatch.setattr(module, name, value)
    quick_saving.apply()
    place = {"logGroupName": "group", "logStreamName": "stream"}
    cloudwatch_logs._create_log_group(place)
    cloudwatch_logs._create_log_stream(place)
    cloudwatch_logs._put_log_events({**place, "logEvents": [{"timestamp": 1_000, "message": "only once"}]})

    persistence.save_state("cloudwatch_logs", cloudwatch_logs.get_state())
    for store in (cloudwatch_logs._log_groups, cloudwatch_logs._log_records):
        store.clear()
    cloudwatch_logs.load_persisted_state(persistence.load_state("cloudwatch_logs"))

    assert (tmp_path / "cloudwatch_logs.json").read_text().count("only once") == 1
    (found,) = cloudwatch_logs._collect_query_records(["group"], 0, 2)
    assert found["@message"] == "only once"


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


@pytest.fixture
def log_groups(monkeypatch: pytest.MonkeyPatch) -> AccountRegionScopedDict:
    """The log groups of a MiniStack that has none."""
    groups = AccountRegionScopedDict()
    monkeypatch.setattr(cloudwatch_logs, "_log_groups", groups)
    return groups


def _execution_log(group: str = "group") -> execution_logs.ExecutionLog:
    destination = {"logGroupArn": f"arn:aws:logs:eu-central-1:123456789012:log-group:{group}:*"}
    settings = {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": destination}]}
    return execution_logs.ExecutionLog({"name": "machine", "loggingConfiguration": settings}, "arn")


def _event(id_: int) -> dict[str, Any]:
    return {"id": id_, "type": "TaskStarted", "timestamp": "2026-11-26T12:00:00.000Z"}


def test_an_execution_is_logged_in_its_account_whoever_writes(log_groups: AccountRegionScopedDict) -> None:
    with request_scope("123456789012", "eu-central-1"):
        cloudwatch_logs._create_log_group({"logGroupName": "group"})
        log = _execution_log()
    log.add(_event(1))

    with request_scope("210987654321", "us-east-1"):
        log.write()

    with request_scope("123456789012", "eu-central-1"):
        assert _logged_ids(log_groups["group"]) == [1]


def test_an_event_is_written_once_while_others_come(log_groups: AccountRegionScopedDict) -> None:
    count = 1_000
    cloudwatch_logs._create_log_group({"logGroupName": "group"})
    log = _execution_log()
    execution = threading.Thread(target=lambda: [log.add(_event(id_)) for id_ in range(count)])
    flushing = [threading.Thread(target=lambda: [log.write() for _ in range(50)]) for _ in range(2)]

    for thread in (execution, *flushing):
        thread.start()
    for thread in (execution, *flushing):
        thread.join()
    log.close()

    assert _logged_ids(log_groups["group"]) == list(range(count))


def test_an_execution_whose_log_group_is_deleted_says_so_once(
    log_groups: AccountRegionScopedDict, caplog: pytest.LogCaptureFixture
) -> None:
    log = _execution_log("deleted")

    for id_ in (1, 2):
        log.add(_event(id_))
        log.write()

    assert len(log_groups) == 0
    (warning,) = caplog.messages
    assert warning.startswith("Step Functions: arn is not logged")


def _logged_ids(group: dict[str, Any]) -> list[int]:
    (stream,) = group["streams"].values()
    return [int(json.loads(event["message"])["id"]) for event in stream["events"]]
