"""The patched interpreter of moto behaves as Step Functions does."""

import json
import re
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from devtools.asl import moto_patches
from devtools.asl.interpreter import Event, TaskFailure, current_state
from tests.waiting import TIMEOUT_SECONDS
from tests.workflow.execution_history import failures, states
from tests.workflow.interventions import refusal
from tests.workflow.lambda_runtime import function_error, response
from tests.workflow.small_machines import CATCH_ALL, FAIL, FUNCTION, RETRY_ALL, execute, raising, task

PARALLEL = "moto.stepfunctions.parser.asl.component.state.exec.state_parallel"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$[0].status", "RESERVED"),
        ("$[1]", {"status": "DECLINED"}),
        ("$[*].status", ["RESERVED", "DECLINED"]),
        ("$[0:1].status", ["RESERVED"]),
        ("$..status", ["RESERVED", "DECLINED"]),
    ],
)
def test_a_definite_path_finds_a_value_and_any_other_path_a_list(path: str, found: Any) -> None:
    branches = [{"status": "RESERVED"}, {"status": "DECLINED"}]

    execution = execute(
        {"Pick": {"Type": "Pass", "Parameters": {"found.$": path}, "End": True}}, input_=branches
    )

    assert execution.output == {"found": found}


def test_the_time_a_state_was_entered_has_milliseconds_and_ends_in_z() -> None:
    execution = execute(
        {"Now": {"Type": "Pass", "Parameters": {"now.$": "$$.State.EnteredTime"}, "End": True}}
    )

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", execution.output["now"])


@pytest.mark.parametrize(
    ("resource", "error", "name"),
    [
        (FUNCTION, refusal("TooManyRequestsException"), "Lambda.TooManyRequestsException"),
        ("events:putEvents", refusal("InternalException"), "EventBridge.InternalException"),
        (
            "dynamodb:updateItem",
            refusal("ConditionalCheckFailedException"),
            "DynamoDB.ConditionalCheckFailedException",
        ),
        (FUNCTION, EndpointConnectionError(endpoint_url="https://x"), "Lambda.SdkClientException"),
        (
            "events:putEvents",
            EndpointConnectionError(endpoint_url="https://x"),
            "EventBridge.SdkClientException",
        ),
        ("sqs:sendMessage", EndpointConnectionError(endpoint_url="https://x"), "SQS.SdkClientException"),
    ],
)
def test_an_error_of_a_service_has_the_name_of_the_service(
    resource: str, error: Exception, name: str
) -> None:
    execution = execute({"Call": task(resource, Catch=CATCH_ALL), "Caught": FAIL}, raising(error))

    assert [found for found, _ in failures(execution)] == [name]
    assert execution.error == "Caught"


def test_the_cause_of_a_failed_entry_is_text() -> None:
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}

    execution = execute({"Announce": task("events:putEvents")}, lambda _: refused)

    ((error, cause),) = failures(execution)
    assert error == "EventBridge.FailedEntry"
    assert json.loads(cause) == refused


def test_the_error_of_a_function_has_the_name_of_its_exception() -> None:
    failed = function_error({"errorType": "OrderNotFound", "errorMessage": "no such order"})

    execution = execute({"Call": task()}, lambda _: failed)

    assert execution.error == "OrderNotFound"
    assert json.loads(str(execution.cause))["errorMessage"] == "no such order"


def test_a_function_that_fails_without_a_type_is_an_unknown_error() -> None:
    failed = function_error({"errorMessage": "exit status 137"})

    execution = execute({"Call": task()}, lambda _: failed)

    assert execution.error == "Lambda.Unknown"
    assert "exit status 137" in str(execution.cause)


def test_a_failure_prints_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    execute({"Call": task(Catch=CATCH_ALL), "Caught": FAIL}, raising(refusal("ServiceException")))

    assert caplog.text == ""


def test_a_mistake_in_the_definition_is_never_retried_or_caught() -> None:
    wrong = task(ResultSelector={"status.$": "$.nothing"}, Retry=[RETRY_ALL], Catch=CATCH_ALL)

    execution = execute({"Call": wrong, "Caught": FAIL}, lambda _: response({"status": "RESERVED"}))

    assert (execution.status, execution.error) == ("FAILED", "States.Runtime")
    assert execution.waits == ()


def test_a_mistake_in_a_branch_fails_the_execution_with_the_cause_of_the_mistake() -> None:
    wrong = {"Type": "Pass", "Parameters": {"x.$": "$.nothing"}, "End": True}
    branch = {"StartAt": "Wrong", "States": {"Wrong": wrong}}

    execution = execute(
        {"Both": {"Type": "Parallel", "Branches": [branch], "Catch": CATCH_ALL, "End": True}, "Caught": FAIL}
    )

    assert (execution.status, execution.error) == ("FAILED", "States.Runtime")
    assert "$.nothing" in str(execution.cause)


def test_a_branch_that_begins_after_another_one_failed_ends_without_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moto_patches.patch_moto()
    branches = [{"StartAt": name, "States": {name: FAIL}} for name in ("First", "Late")]
    begin: list[Callable[[], None]] = []

    def thread(target: Callable[[], None], **_: Any) -> Any:
        begin.append(target)
        is_first = len(begin) == 1
        return SimpleNamespace(start=target if is_first else lambda: None, native_id=0)

    monkeypatch.setattr(f"{PARALLEL}.branch_worker.threading", SimpleNamespace(Thread=thread))
    execution = execute({"Both": {"Type": "Parallel", "Branches": branches, "End": True}})

    begin[1]()

    assert execution.status == "FAILED"
    assert "Late" not in json.dumps(execution.events)


def test_pauses_double_to_the_longest_delay_and_call_the_given_sleep() -> None:
    capped = task(Retry=[RETRY_ALL | {"MaxDelaySeconds": 30}])

    execution = execute({"Call": capped}, raising(refusal("ServiceException")))

    assert [(wait.state, wait.seconds) for wait in execution.waits] == [
        ("Call", 10),
        ("Call", 20),
        ("Call", 30),
    ]


def test_a_pause_with_jitter_has_its_longest_possible_length() -> None:
    jittered = task(Retry=[RETRY_ALL | {"JitterStrategy": "FULL", "MaxDelaySeconds": 30}])

    execution = execute({"Call": jittered}, raising(refusal("ServiceException")))

    assert [wait.longest for wait in execution.waits] == [10, 20, 30]
    assert all(0 <= wait.seconds <= wait.longest for wait in execution.waits)


def test_a_wait_state_is_a_pause() -> None:
    execution = execute({"Hold": {"Type": "Wait", "Seconds": 3600, "End": True}})

    assert execution.status == "SUCCEEDED"
    assert [(wait.state, wait.seconds) for wait in execution.waits] == [("Hold", 3600)]


def test_a_task_that_hangs_times_out() -> None:
    never = threading.Event()

    execution = execute(
        {"Call": task(TimeoutSeconds=1, Catch=CATCH_ALL), "Caught": FAIL},
        lambda _: never.wait(TIMEOUT_SECONDS),
    )

    never.set()
    assert "LambdaFunctionTimedOut" in [event["type"] for event in execution.events]
    assert execution.error == "Caught"


@pytest.mark.parametrize("resource", [FUNCTION, "dynamodb:updateItem", "events:putEvents", "sqs:sendMessage"])
def test_a_timeout_of_any_service_is_a_timeout(resource: str) -> None:
    only_timeouts = [{"ErrorEquals": ["States.Timeout"], "Next": "Caught"}]

    execution = execute(
        {"Call": task(resource, Catch=only_timeouts), "Caught": FAIL}, raising(TimeoutError())
    )

    timed_out = "LambdaFunctionTimedOut" if resource == FUNCTION else "TaskTimedOut"
    assert timed_out in [event["type"] for event in execution.events]
    assert execution.error == "Caught"


@pytest.mark.parametrize("resource", [FUNCTION, "dynamodb:updateItem", "events:putEvents", "sqs:sendMessage"])
def test_a_client_can_fail_a_task_with_any_error(resource: str) -> None:
    execution = execute(
        {"Call": task(resource, Catch=CATCH_ALL), "Caught": FAIL}, raising(TaskFailure("Any", "why"))
    )

    assert failures(execution) == [("Any", "why")]


def test_a_client_can_read_the_name_of_the_calling_state_in_each_branch() -> None:
    callers = set()
    branches = [{"StartAt": name, "States": {name: task()}} for name in ("Left", "Right")]

    def behaviour(_: Any) -> Any:
        callers.add(current_state())
        return response(None)

    execute({"Both": {"Type": "Parallel", "Branches": branches, "End": True}}, behaviour)

    assert callers == {"Left", "Right"}


def test_an_execution_that_exceeds_its_timeout_ends_as_timed_out() -> None:
    never = threading.Event()

    execution = execute({"Call": task()}, lambda _: never.wait(TIMEOUT_SECONDS), TimeoutSeconds=1)

    never.set()
    assert execution.status == "TIMED_OUT"
    assert execution.events[-1]["type"] == "ExecutionTimedOut"


def test_an_execution_in_place_goes_the_same_way_in_the_thread_of_its_caller() -> None:
    first = task(Retry=[RETRY_ALL], Next="Second")
    del first["End"]
    definition = {"First": first, "Second": task(Catch=CATCH_ALL), "Caught": FAIL}

    def ran(*, in_place: bool) -> tuple[list[str], set[str], Any]:
        threads: set[str] = set()
        called: list[str] = []

        def behaviour(_: Any) -> Any:
            threads.add(threading.current_thread().name)
            if in_place:  # another execution in the same thread does not mix with it
                execute({"Inner": task()}, lambda _: response({}), in_place=True)
            called.append(current_state())
            if called == ["First"] or called[-1] == "Second":
                raise TaskFailure("Broken")
            return response({"called": len(called)})

        execution = execute(definition, behaviour, in_place=in_place)
        events = [event["type"] for event in execution.events]
        return events, threads, (called, execution.status, execution.error, execution.waits)

    events, _, result = ran(in_place=False)
    events_in_place, threads, result_in_place = ran(in_place=True)

    assert threads == {threading.current_thread().name}
    assert (events_in_place, result_in_place) == (events, result)


def test_executions_use_the_threads_of_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def noting(thread: threading.Thread) -> None:
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noting)
    branches = [{"StartAt": name, "States": {name: task(TimeoutSeconds=60)}} for name in ("One", "Two")]
    executions = 10

    for _ in range(executions):
        execution = execute(
            {"Both": {"Type": "Parallel", "Branches": branches, "End": True}}, lambda _: response({})
        )
        assert execution.status == "SUCCEEDED"

    # Five each otherwise: the state, its branches, and their tasks.
    assert len(started) < 2 * executions


def test_concurrent_executions_have_their_own_clients() -> None:
    count = 8
    together = threading.Barrier(count)
    outputs: dict[int, Any] = {}

    def run_one(number: int) -> None:
        def behaviour(_: Any) -> Any:
            together.wait(TIMEOUT_SECONDS)
            return response(number)

        branch = {"StartAt": "Call", "States": {"Call": task(ResultSelector={"number.$": "$"})}}
        execution = execute({"Side": {"Type": "Parallel", "Branches": [branch], "End": True}}, behaviour)
        outputs[number] = execution.output

    threads = [threading.Thread(target=run_one, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outputs == {number: [{"number": number}] for number in range(count)}


def test_events_are_json_in_chronological_order() -> None:
    execution = execute({"First": {"Type": "Pass", "Next": "Last"}, "Last": {"Type": "Succeed"}})

    events = json.loads(json.dumps(execution.events))
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "ExecutionStarted"
    assert events[-1]["type"] == "ExecutionSucceeded"
    assert states(execution) == ["First", "Last"]


def test_the_events_of_all_branches_are_told_as_they_are_in_the_history() -> None:
    told: list[Event] = []
    branches = [
        {"StartAt": name, "States": {name: {"Type": "Pass", "Next": "Call"}, "Call": task()}}
        for name in ("Left", "Right")
    ]

    execution = execute(
        {"Both": {"Type": "Parallel", "Branches": branches, "End": True}},
        lambda _: response({"status": "RESERVED"}),
        on_event=told.append,
    )

    assert told == list(execution.events)
    assert told[-1]["type"] == "ExecutionSucceeded"


def test_an_event_is_told_when_it_happens() -> None:
    told: list[Event] = []
    before: list[list[str]] = []

    def behaviour(_: Any) -> Any:
        before.append([event["type"] for event in told])
        return response(None)

    execute({"Call": task()}, behaviour, on_event=told.append)

    assert before == [
        ["ExecutionStarted", "TaskStateEntered", "LambdaFunctionScheduled", "LambdaFunctionStarted"]
    ]


def test_the_end_of_an_execution_that_exceeds_its_timeout_is_told() -> None:
    never, told = threading.Event(), list[Event]()

    execute({"Call": task()}, lambda _: never.wait(TIMEOUT_SECONDS), on_event=told.append, TimeoutSeconds=1)

    never.set()
    assert told[-1]["type"] == "ExecutionTimedOut"


def test_an_invalid_definition_is_refused() -> None:
    with pytest.raises(Exception, match="ASLParserException"):
        execute({"Broken": {"Type": "Nothing"}})


def test_another_version_of_moto_is_refused_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moto_patches, "version", lambda _: "9.9.9")

    with pytest.raises(RuntimeError, match=r"moto 9\.9\.9 is installed.* install the pinned version"):
        moto_patches._patch_all.__wrapped__()  # without the cache, because this process is patched already


def test_a_patch_refuses_code_that_has_changed() -> None:
    with pytest.raises(RuntimeError, match="no longer has what a patch replaces: ProgramState"):
        moto_patches._check(moto_patches._error_name, replaces="ProgramState")
