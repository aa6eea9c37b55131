"""Recordings: placeholders, responses, waits, and an unknown scenario."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from devtools.asl.definition import handler_of, longest_waits
from devtools.recording.history import Attempt, attempts_of, history_of
from devtools.recording.placeholders import Placeholders, substituted
from devtools.recording.stack_recorder import waits_of
from devtools.recording.task_responses import from_mock_config, returns, throws, to_mock_config
from orderctl.errors import OperatorError
from orderctl.main import app
from orderctl.trace import LoggedEvent

STARTED = datetime(2026, 11, 22, 15, 14, 31, 123000, tzinfo=UTC)
ARN = "arn:aws:states:eu-central-1:123456789012:express:m:e:1"
ORDER_ID = "7b5b4f0e-8a77-4d2c-9a3f-0f6f2f6c1c11"
EVENT: dict[str, Any] = {
    "id": "c3d1c0de-8a77-4d2c-9a3f-0f6f2f6c1c11",
    "detail-type": "OrderPlaced",
    "source": "ecommerce.orders",
    "account": "123456789012",
    "region": "eu-central-1",
    "time": "2026-11-22T15:14:30Z",
    "detail": {"orderId": ORDER_ID},
}
DEPLOYED = {
    "${EventBusName}": "ecommerce",
    "${InventoryDlqUrl}": "https://sqs.eu-central-1.amazonaws.com/123456789012/inventory",
}


def _event(id_: int, type_: str, after: int, seconds: float = 0, **details: Any) -> LoggedEvent:
    milliseconds = int((STARTED.timestamp() + seconds) * 1000)
    return LoggedEvent.from_json(
        {
            "id": id_,
            "previous_event_id": after,
            "type": type_,
            "event_timestamp": str(milliseconds),
            "details": details,
        }
    )


@pytest.fixture
def placeholders() -> Placeholders:
    return Placeholders.from_execution(
        ARN, _event(1, "ExecutionStarted", 0, input=json.dumps(EVENT)), DEPLOYED
    )


@pytest.mark.parametrize(
    ("real", "replaced"),
    [
        (ARN, "${ExecutionArn}"),
        (f"order {ORDER_ID} is gone", "order ${OrderId} is gone"),
        ("ecommerce", "${EventBusName}"),
        ("ecommerce.orders", "ecommerce.orders"),
        (DEPLOYED["${InventoryDlqUrl}"], "${InventoryDlqUrl}"),
        ("arn:aws:iam::123456789012:role/x", "arn:aws:iam::${Account}:role/x"),
        ("2026-11-22T15:14:31.123Z", "${StartTime}"),
        ("WAITING#2026-11-22T15:14:32.456Z", "WAITING#${EnteredTime}"),
        ("Request ID: 01234567-89ab-cdef-0123-456789abcdef", "Request ID: ${Id}"),
        ({"MessageId": "anything"}, {"MessageId": "${MessageId}"}),
        (
            '{"errorMessage": "down", "errorType": "E", "requestId": "1", "stackTrace": ["line 7"]}',
            '{"errorMessage": "down", "errorType": "E"}',
        ),
    ],
)
def test_the_texts_of_one_run_are_replaced_by_placeholders(
    placeholders: Placeholders, real: Any, replaced: Any
) -> None:
    assert placeholders.replace(real) == replaced


def test_the_event_keeps_the_fields_of_the_scenario(placeholders: Placeholders) -> None:
    event = placeholders.event(EVENT)

    assert event["detail"] == {"orderId": "${OrderId}"}
    assert (event["id"], event["time"], event["source"]) == ("${EventId}", "${EventTime}", "ecommerce.orders")
    assert placeholders.replace({"event": EVENT}) == {"event": event}


def test_placeholders_are_read_from_the_deployed_definition() -> None:
    ours = {"States": {"Park": {"QueueUrl": "${InventoryDlqUrl}", "Retry": [{"MaxAttempts": 3}]}}}
    deployed = {"States": {"Park": {"QueueUrl": "https://sqs/inventory", "Retry": [{"MaxAttempts": 3}]}}}

    assert substituted(ours, deployed) == {"${InventoryDlqUrl}": "https://sqs/inventory"}


@pytest.mark.parametrize("deployed", [{"Retry": [{"MaxAttempts": 2}]}, {"Retry": []}, {}])
def test_a_workflow_of_another_version_is_not_recorded(deployed: dict[str, Any]) -> None:
    with pytest.raises(OperatorError, match="not the one of this checkout"):
        substituted({"Retry": [{"MaxAttempts": 3}]}, deployed)


def test_repeated_responses_are_written_once_and_read_repeatedly() -> None:
    down, up = throws("E", "why"), returns({"status": "RESERVED"})
    responses = {"ReserveInventory": [down, down, down, up]}

    config = to_mock_config("flickers", responses)

    assert config["MockedResponses"] == {"flickers.ReserveInventory": {"0-2": down, "3": up}}
    assert from_mock_config("flickers", config) == responses


@pytest.mark.parametrize(
    ("error", "index"),
    [("A", 0), ("B", 1), ("States.Timeout", 2), ("States.Runtime", None), ("States.DataLimitExceeded", None)],
)
def test_the_first_handler_that_names_an_error_handles_it(error: str, index: int | None) -> None:
    handlers = [{"ErrorEquals": [name]} for name in ("A", "States.TaskFailed", "States.ALL")]

    assert handler_of(error, handlers) == index


def test_each_retrier_counts_its_own_waits() -> None:
    state = {
        "Retry": [
            {"ErrorEquals": ["A"], "IntervalSeconds": 5},
            {"ErrorEquals": ["States.ALL"], "BackoffRate": 3, "MaxDelaySeconds": 2},
        ]
    }

    assert longest_waits(state, ["A", "B", "A", "B"]) == [5, 1, 10, 2]


def test_a_wait_with_jitter_is_recorded_with_its_longest_length() -> None:
    attempts = {"Call": [_attempt("A"), _attempt("A", waited=0.2), _attempt("A", waited=2.4)]}

    assert waits_of(attempts, _calling()) == {"Call": [1, 2]}


def test_a_wait_longer_than_the_definition_allows_is_not_recorded() -> None:
    attempts = {"Call": [_attempt("A"), _attempt("A", waited=2.6)]}

    with pytest.raises(OperatorError, match=r"Call waited 2\.6 s before a retry, not 1\.0 s at most"):
        waits_of(attempts, _calling())


def test_a_task_that_succeeded_after_its_timeout_is_not_recorded() -> None:
    attempts = {"Call": [Attempt(response=returns({}), waited=None), _attempt("A")]}

    with pytest.raises(OperatorError, match="Call succeeded after its timeout"):
        waits_of(attempts, _calling())


def test_events_are_sorted_by_branch() -> None:
    branches = [
        {"StartAt": name, "States": {name: {"Type": "Task", "Next": "x"}}} for name in ("Left", "Right")
    ]
    definition = {"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "Branches": branches}}}
    start = [_event(1, "ParallelStateEntered", 0, name="Both"), _event(2, "ParallelStateStarted", 1)]
    left = [_event(3, "TaskStateEntered", 2, name="Left"), _event(6, "TaskStateExited", 3, name="Left")]
    right = [_event(4, "TaskStateEntered", 2, name="Right"), _event(5, "TaskStateExited", 4, name="Right")]

    history = history_of([*right, *left, *start], definition, lambda value: value)

    assert [event["type"] for event in history["OrderWorkflow"]] == [
        "ParallelStateEntered",
        "ParallelStateStarted",
    ]
    assert {event["state"] for event in history["Both[0]"]} == {"Left"}
    assert {event["state"] for event in history["Both[1]"]} == {"Right"}


def test_attempts_have_their_response_and_the_time_since_the_last_failure() -> None:
    output = json.dumps({"Payload": 1, "SdkHttpMetadata": {"HttpStatusCode": 200}})
    events = [
        _event(1, "TaskStateEntered", 0, name="Call"),
        _event(2, "TaskScheduled", 1),
        _event(3, "TaskTimedOut", 2, seconds=3, error="States.Timeout"),
        _event(4, "TaskScheduled", 3, seconds=3.5),
        _event(5, "TaskSucceeded", 4, seconds=4, output=output),
    ]

    attempts = attempts_of(events, lambda value: value)

    assert attempts == {
        "Call": [
            Attempt(response=throws("States.Timeout"), waited=None),
            Attempt(response=returns({"Payload": 1}), waited=0.5),
        ]
    }


def test_an_unknown_scenario_is_refused_with_a_list_of_the_known_ones() -> None:
    result = CliRunner().invoke(app, ["record", "nonsense"])

    assert result.exit_code == 1
    assert "There is no scenario nonsense" in result.stderr
    assert "payment_declined" in result.stderr


def _attempt(error: str, waited: float | None = None) -> Attempt:
    return Attempt(response=throws(error), waited=waited)


def _calling() -> dict[str, Any]:
    retry = [{"ErrorEquals": ["A"], "IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 3}]
    return {"StartAt": "Call", "States": {"Call": {"Type": "Task", "Retry": retry, "End": True}}}
