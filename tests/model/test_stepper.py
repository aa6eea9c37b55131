"""The stepper takes the same path as moto's interpreter, for recorded and for random responses."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devtools.asl.definition import DEFINITION
from devtools.recording.history import History, entered
from devtools.recording.recording import Outcome, Recording, recordings
from devtools.recording.replay import replay
from devtools.recording.task_responses import TaskResponse, TaskResponses, returns, throws
from orderctl.deployed_workflow import function_of, states
from orderctl.trace import ATTEMPT
from tests.model.stepper import Call, SteppedExecution, TaskFailure

TEXT = DEFINITION.read_text()
DEFINED = json.loads(TEXT)
TASKS = {name: state for name, state in states(DEFINED) if state["Type"] == "Task"}

STATUSES = {
    "ReserveInventory": ["RESERVED", "OUT_OF_STOCK", "RELEASED", "CANCELLED"],
    "AuthorizePayment": ["AUTHORIZED", "DECLINED", "CAPTURED", "VOIDED", "CANCELLED"],
    "NotifyReceived": ["SENT"],
    "CapturePayment": ["CAPTURED"],
    "NotifyConfirmed": ["SENT"],
    "NotifyRejected": ["SENT"],
    "ReleaseInventory": ["RELEASED", "OUT_OF_STOCK"],
    "ReversePayment": ["VOIDED", "REFUNDED", "DECLINED"],
    "NotifyCancelled": ["SENT"],
}
FAILURES = (
    "DependencyUnavailable",
    "NotificationInProgress",
    "CancellationRequested",
    "OrderNotFound",
    "Lambda.TooManyRequestsException",
    "DynamoDB.ConditionalCheckFailedException",
    "DynamoDB.ProvisionedThroughputExceededException",
    "SQS.SdkClientException",
    "States.Timeout",
    "States.TaskFailed",
)
# The most that the retriers of one state allow together: the first attempt and each of their own.
ATTEMPTS = max(1 + sum(retrier["MaxAttempts"] for retrier in task["Retry"]) for task in TASKS.values())
PLACED = Recording.read(recordings()[0]).input


@dataclass(frozen=True, kw_only=True)
class Run:
    """What an execution did, sorted, because branches run in any order."""

    entered: list[str]
    calls: dict[str, list[Any]]
    status: str
    output: Any
    error: str | None


def _recorded(outcome: Outcome) -> Run:
    return Run(
        entered=sorted(name for events in outcome.history.values() for name in entered(events)),
        calls=_scheduled(outcome.history),
        status=outcome.status,
        output=outcome.output,
        error=outcome.error,
    )


def _scheduled(history: History) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for events in history.values():
        for event in events:
            if event["type"] in ATTEMPT:
                found.setdefault(event["state"], []).append(event["parameters"])
    return found


def _stepped(input_: Any, responses: TaskResponses, *, latest_first: bool = False) -> Run:
    context = {
        "Execution": {
            "Id": "${ExecutionArn}",
            "Name": "${ExecutionName}",
            "StartTime": "${StartTime}",
            "Input": input_,
        },
        "State": {"EnteredTime": "${EnteredTime}"},
    }
    execution = SteppedExecution(DEFINED, context)
    calls: dict[str, list[Any]] = {}
    while execution.waiting:
        call = execution.waiting[-1 if latest_first else 0]
        calls.setdefault(call.state, []).append(call.parameters)
        execution.respond(call, _response(responses[call.state], call))
    return Run(
        entered=sorted(execution.visited),
        calls=calls,
        status=execution.status,
        output=execution.output,
        error=execution.error,
    )


def _response(responses: Sequence[TaskResponse], call: Call) -> Any:
    response = responses[call.attempt]
    if "Throw" in response:
        return TaskFailure(error=response["Throw"]["Error"], cause=response["Throw"]["Cause"])
    return response["Return"]


def _random_responses() -> st.SearchStrategy[TaskResponses]:
    """Draw a response for every attempt of every task."""
    return st.fixed_dictionaries(
        {
            name: st.lists(_one_of(_results(name)) | _one_of(FAILED), min_size=ATTEMPTS, max_size=ATTEMPTS)
            for name in TASKS
        }
    )


# A timeout has no cause.
FAILED = [throws(error, "" if error == "States.Timeout" else "as drawn") for error in FAILURES]


def _one_of(responses: Sequence[TaskResponse]) -> st.SearchStrategy[TaskResponse]:
    return st.sampled_from(responses)


def _results(task: str) -> list[TaskResponse]:
    if function_of(TASKS[task]):
        return [returns({"status": each}) for each in STATUSES[task]]
    match TASKS[task]["Resource"].rpartition(":")[2]:
        case "sendMessage":
            return [returns({"MessageId": "m-1"})]
        case "putEvents":
            return [returns({"Entries": [{"EventId": "e-1"}], "FailedEntryCount": 0})]
    return [returns({"Attributes": {"customerId": {"S": "cust-1"}, "reason": {"S": "CUSTOMER"}}})]


def _always(response_of: dict[str, TaskResponse]) -> TaskResponses:
    return {name: [response_of.get(name, _results(name)[0])] * ATTEMPTS for name in TASKS}


@pytest.mark.parametrize("file", recordings(), ids=lambda file: file.stem)
def test_the_stepper_takes_the_path_of_a_recording(file: Path) -> None:
    recording = Recording.read(file)

    run = _stepped(recording.input, recording.responses)

    assert run == _recorded(recording.outcome)


@settings(max_examples=50)
@given(responses=_random_responses(), latest_first=st.booleans())
@example(
    responses=_always({"ConfirmOrder": throws("DynamoDB.ConditionalCheckFailedException")}), latest_first=True
)
@example(
    responses=_always({"ReserveInventory": returns({"status": "CANCELLED"})}),
    latest_first=False,
)
@example(responses=_always({"ParkReserveInventory": throws("SQS.SdkClientException")}), latest_first=False)
def test_the_stepper_takes_the_path_of_the_interpreter(responses: TaskResponses, latest_first: bool) -> None:  # noqa: FBT001  drawn
    replayed = replay(TEXT, PLACED, responses)

    run = _stepped(PLACED, responses, latest_first=latest_first)

    assert replayed.missing == ()
    assert run == _recorded(replayed.outcome)


def test_no_catcher_handles_a_mistake_in_the_definition() -> None:
    # Not in a branch, because the progress of the other branches is random.
    responses = _always({"CapturePayment": throws("States.Runtime", "no such path")})

    run = _stepped(PLACED, responses)

    assert run.error == "States.Runtime"
    assert run == _recorded(replay(TEXT, PLACED, responses).outcome)
