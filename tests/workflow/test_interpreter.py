"""Where moto's interpreter was mended: each of these is how Step Functions behaves."""

import json
import re
import threading
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from devtools.asl import moto_patches
from devtools.asl.interpreter import Execution, TaskFailure, current_state
from tests.waiting import PATIENCE_SECONDS
from tests.workflow.execution_history import states
from tests.workflow.interventions import refusal
from tests.workflow.lambda_runtime import answer, function_error
from tests.workflow.small_machines import CATCH_ALL, FAIL, RETRY_ALL, execute, raising, task


def _failure(execution: Execution) -> tuple[str, str]:
    (details,) = (
        event["taskFailedEventDetails"] for event in execution.events if event["type"] == "TaskFailed"
    )
    return details["error"], details["cause"]


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
def test_a_path_to_one_place_finds_a_value_and_any_other_a_list(path: str, found: Any) -> None:
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
        ("lambda:invoke", refusal("TooManyRequestsException"), "Lambda.TooManyRequestsException"),
        ("events:putEvents", refusal("InternalException"), "EventBridge.InternalException"),
        (
            "dynamodb:updateItem",
            refusal("ConditionalCheckFailedException"),
            "DynamoDB.ConditionalCheckFailedException",
        ),
        ("lambda:invoke", EndpointConnectionError(endpoint_url="https://x"), "Lambda.SdkClientException"),
        (
            "events:putEvents",
            EndpointConnectionError(endpoint_url="https://x"),
            "EventBridge.SdkClientException",
        ),
        ("sqs:sendMessage", EndpointConnectionError(endpoint_url="https://x"), "SQS.SdkClientException"),
    ],
)
def test_a_service_that_refuses_or_is_out_of_reach_is_an_error_of_its_own_name(
    resource: str, error: Exception, name: str
) -> None:
    execution = execute({"Call": task(resource, Catch=CATCH_ALL), "Caught": FAIL}, raising(error))

    assert _failure(execution)[0] == name
    assert execution.error == "Caught"


def test_a_failed_entry_is_an_error_whose_cause_is_text() -> None:
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}

    execution = execute({"Announce": task("events:putEvents")}, lambda _: refused)

    error, cause = _failure(execution)
    assert error == "EventBridge.FailedEntry"
    assert json.loads(cause) == refused


def test_a_function_that_fails_names_the_error_itself() -> None:
    failed = function_error({"errorType": "OrderNotFound", "errorMessage": "no such order"})

    execution = execute({"Call": task()}, lambda _: failed)

    assert execution.error == "OrderNotFound"
    assert json.loads(str(execution.cause))["errorMessage"] == "no such order"


def test_a_function_that_fails_without_a_type_is_an_unknown_error() -> None:
    failed = function_error({"errorMessage": "exit status 137"})

    execution = execute({"Call": task()}, lambda _: failed)

    assert execution.error == "Lambda.Unknown"
    assert "exit status 137" in str(execution.cause)


def test_a_failure_is_told_by_the_history_and_not_by_printing_the_machine(
    caplog: pytest.LogCaptureFixture,
) -> None:
    execute({"Call": task(Catch=CATCH_ALL), "Caught": FAIL}, raising(refusal("ServiceException")))

    assert caplog.text == ""


def test_a_mistake_in_the_definition_is_never_retried_or_caught() -> None:
    wrong = task(ResultSelector={"status.$": "$.Payload.nothing"}, Retry=[RETRY_ALL], Catch=CATCH_ALL)

    execution = execute({"Call": wrong, "Caught": FAIL}, lambda _: answer({"status": "RESERVED"}))

    assert (execution.status, execution.error) == ("FAILED", "States.Runtime")
    assert execution.waits == ()


def test_a_mistake_inside_a_branch_fails_the_execution_with_its_own_cause() -> None:
    wrong = {"Type": "Pass", "Parameters": {"x.$": "$.nothing"}, "End": True}
    branch = {"StartAt": "Wrong", "States": {"Wrong": wrong}}

    execution = execute(
        {"Both": {"Type": "Parallel", "Branches": [branch], "Catch": CATCH_ALL, "End": True}, "Caught": FAIL}
    )

    assert (execution.status, execution.error) == ("FAILED", "States.Runtime")
    assert "$.nothing" in str(execution.cause)


def test_pauses_double_up_to_the_longest_delay_and_are_left_to_the_caller() -> None:
    capped = task(Retry=[RETRY_ALL | {"MaxDelaySeconds": 30}])

    execution = execute({"Call": capped}, raising(refusal("ServiceException")))

    assert [(wait.state, wait.seconds) for wait in execution.waits] == [
        ("Call", 10),
        ("Call", 20),
        ("Call", 30),
    ]


def test_a_pause_with_jitter_tells_the_longest_it_could_have_been() -> None:
    jittered = task(Retry=[RETRY_ALL | {"JitterStrategy": "FULL", "MaxDelaySeconds": 30}])

    execution = execute({"Call": jittered}, raising(refusal("ServiceException")))

    assert [wait.longest for wait in execution.waits] == [10, 20, 30]
    assert all(0 <= wait.seconds <= wait.longest for wait in execution.waits)


def test_a_wait_state_is_a_pause_too() -> None:
    execution = execute({"Hold": {"Type": "Wait", "Seconds": 3600, "End": True}})

    assert execution.status == "SUCCEEDED"
    assert [(wait.state, wait.seconds) for wait in execution.waits] == [("Hold", 3600)]


def test_a_task_that_hangs_is_cut_off() -> None:
    never = threading.Event()

    execution = execute(
        {"Call": task(TimeoutSeconds=1, Catch=CATCH_ALL), "Caught": FAIL},
        lambda _: never.wait(PATIENCE_SECONDS),
    )

    never.set()
    assert "TaskTimedOut" in [event["type"] for event in execution.events]
    assert execution.error == "Caught"


@pytest.mark.parametrize(
    "resource", ["lambda:invoke", "dynamodb:updateItem", "events:putEvents", "sqs:sendMessage"]
)
def test_a_timeout_is_one_whatever_the_service(resource: str) -> None:
    only_timeouts = [{"ErrorEquals": ["States.Timeout"], "Next": "Caught"}]

    execution = execute(
        {"Call": task(resource, Catch=only_timeouts), "Caught": FAIL}, raising(TimeoutError())
    )

    assert "TaskTimedOut" in [event["type"] for event in execution.events]
    assert execution.error == "Caught"


@pytest.mark.parametrize(
    "resource", ["lambda:invoke", "dynamodb:updateItem", "events:putEvents", "sqs:sendMessage"]
)
def test_a_client_can_fail_a_task_with_any_error(resource: str) -> None:
    execution = execute(
        {"Call": task(resource, Catch=CATCH_ALL), "Caught": FAIL}, raising(TaskFailure("Any", "why"))
    )

    assert _failure(execution) == ("Any", "why")


def test_a_client_can_ask_which_state_calls_it_in_each_branch() -> None:
    callers = set()
    branches = [{"StartAt": name, "States": {name: task()}} for name in ("Left", "Right")]

    def behaviour(_: Any) -> Any:
        callers.add(current_state())
        return answer(None)

    execute({"Both": {"Type": "Parallel", "Branches": branches, "End": True}}, behaviour)

    assert callers == {"Left", "Right"}


def test_an_execution_that_outlasts_its_time_ends_as_timed_out() -> None:
    never = threading.Event()

    execution = execute({"Call": task()}, lambda _: never.wait(PATIENCE_SECONDS), TimeoutSeconds=1)

    never.set()
    assert execution.status == "TIMED_OUT"
    assert execution.events[-1]["type"] == "ExecutionTimedOut"


def test_executions_at_the_same_time_keep_their_own_clients() -> None:
    count = 8
    together = threading.Barrier(count)
    outputs: dict[int, Any] = {}

    def run_one(number: int) -> None:
        def behaviour(_: Any) -> Any:
            together.wait(PATIENCE_SECONDS)
            return answer(number)

        branch = {"StartAt": "Call", "States": {"Call": task(ResultSelector={"number.$": "$.Payload"})}}
        execution = execute({"Side": {"Type": "Parallel", "Branches": [branch], "End": True}}, behaviour)
        outputs[number] = execution.output

    threads = [threading.Thread(target=run_one, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outputs == {number: [{"number": number}] for number in range(count)}


def test_events_are_plain_json_in_the_order_they_happened() -> None:
    execution = execute({"First": {"Type": "Pass", "Next": "Last"}, "Last": {"Type": "Succeed"}})

    events = json.loads(json.dumps(execution.events))
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "ExecutionStarted"
    assert events[-1]["type"] == "ExecutionSucceeded"
    assert states(execution) == ["First", "Last"]


def test_a_definition_that_is_none_is_refused() -> None:
    with pytest.raises(Exception, match="ASLParserException"):
        execute({"Broken": {"Type": "Nothing"}})


def test_another_version_of_moto_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moto_patches, "version", lambda _: "9.9.9")

    with pytest.raises(RuntimeError, match=r"moto 9\.9\.9 is installed.* install the pinned version"):
        moto_patches._mend.__wrapped__()  # past the cache: this process is mended already


def test_a_change_in_what_is_replaced_is_refused() -> None:
    with pytest.raises(RuntimeError, match="no longer has what is replaced: ProgramState"):
        moto_patches._check(moto_patches._error_name, replaces="ProgramState")
