"""The stepper goes where moto's interpreter goes: through the recordings, and through answers at random."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devtools.asl.definition import DEFINITION, states
from devtools.recording.answers import Answer, Answers, returns, throws
from devtools.recording.history import History, entered
from devtools.recording.recording import Outcome, Recording, recordings
from devtools.recording.replay import replay
from tests.model.stepper import Call, Execution, TaskFailure

TEXT = DEFINITION.read_text()
DEFINED = json.loads(TEXT)
TASKS = {name: state for name, state in states(DEFINED) if state["Type"] == "Task"}

STATUSES = {
    "ReserveInventory": ["RESERVED", "OUT_OF_STOCK", "RELEASED"],
    "AuthorizePayment": ["AUTHORIZED", "DECLINED", "CAPTURED", "VOIDED"],
    "NotifyReceived": ["SENT"],
    "CapturePayment": ["CAPTURED"],
    "NotifyConfirmed": ["SENT"],
    "NotifyRejected": ["SENT"],
    "ReleaseInventory": ["RELEASED", "OUT_OF_STOCK"],
    "VoidPayment": ["VOIDED", "DECLINED"],
}
FAILURES = (
    "DependencyUnavailable",
    "NotificationInProgress",
    "OrderNotFound",
    "Lambda.TooManyRequestsException",
    "DynamoDB.ConditionalCheckFailedException",
    "DynamoDB.ProvisionedThroughputExceededException",
    "SQS.SdkClientException",
    "States.Timeout",
    "States.TaskFailed",
)
ATTEMPTS = 4
PLACED = Recording.read(recordings()[0]).input


@dataclass(frozen=True, kw_only=True)
class Way:
    """What an execution did, in an order that does not depend on whose turn it was."""

    entered: list[str]
    calls: dict[str, list[Any]]
    status: str
    output: Any
    error: str | None


def _recorded(outcome: Outcome) -> Way:
    return Way(
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
            if event["type"] == "TaskScheduled":
                found.setdefault(event["state"], []).append(event["parameters"])
    return found


def _stepped(input_: Any, answers: Answers, *, latest_first: bool = False) -> Way:
    context = {
        "Execution": {
            "Id": "${ExecutionArn}",
            "Name": "${ExecutionName}",
            "StartTime": "${StartTime}",
            "Input": input_,
        },
        "State": {"EnteredTime": "${EnteredTime}"},
    }
    execution = Execution(DEFINED, context)
    calls: dict[str, list[Any]] = {}
    while execution.waiting:
        call = execution.waiting[-1 if latest_first else 0]
        calls.setdefault(call.state, []).append(call.parameters)
        execution.answer(call, _answer(answers[call.state], call))
    return Way(
        entered=sorted(execution.visited),
        calls=calls,
        status=execution.status,
        output=execution.output,
        error=execution.error,
    )


def _answer(given_: Sequence[Answer], call: Call) -> Any:
    answer = given_[call.attempt]
    if "Throw" in answer:
        return TaskFailure(error=answer["Throw"]["Error"], cause=answer["Throw"]["Cause"])
    return answer["Return"]


def _random_answers() -> st.SearchStrategy[Answers]:
    """Draw the answers of every task to all of its attempts."""
    return st.fixed_dictionaries(
        {
            name: st.lists(_one_of(_results(name)) | _one_of(FAILED), min_size=ATTEMPTS, max_size=ATTEMPTS)
            for name in TASKS
        }
    )


FAILED = [throws(error, "as drawn") for error in FAILURES]


def _one_of(answers: Sequence[Answer]) -> st.SearchStrategy[Answer]:
    return st.sampled_from(answers)


def _results(task: str) -> list[Answer]:
    match TASKS[task]["Resource"].rpartition(":")[2]:
        case "invoke":
            return [returns({"Payload": {"status": each}, "StatusCode": 200}) for each in STATUSES[task]]
        case "sendMessage":
            return [returns({"MessageId": "m-1"})]
        case "putEvents":
            return [returns({"Entries": [{"EventId": "e-1"}], "FailedEntryCount": 0})]
    return [returns({})]


def _always(answer_of: dict[str, Answer]) -> Answers:
    return {name: [answer_of.get(name, _results(name)[0])] * ATTEMPTS for name in TASKS}


@pytest.mark.parametrize("file", recordings(), ids=lambda file: file.stem)
def test_it_goes_the_way_of_a_recording(file: Path) -> None:
    recording = Recording.read(file)

    way = _stepped(recording.input, recording.answers)

    assert way == _recorded(recording.outcome)


@settings(max_examples=50)
@given(answers=_random_answers(), latest_first=st.booleans())
@example(
    answers=_always({"ConfirmOrder": throws("DynamoDB.ConditionalCheckFailedException")}), latest_first=True
)
@example(answers=_always({"ParkReserveInventory": throws("SQS.SdkClientException")}), latest_first=False)
def test_it_goes_the_way_of_the_interpreter(answers: Answers, latest_first: bool) -> None:  # noqa: FBT001  drawn
    replayed = replay(TEXT, PLACED, answers)

    way = _stepped(PLACED, answers, latest_first=latest_first)

    assert replayed.unanswered == ()
    assert way == _recorded(replayed.outcome)


def test_nothing_catches_a_mistake_of_the_definition() -> None:
    # In a branch, how far the others come is left to chance.
    answers = _always({"CapturePayment": throws("States.Runtime", "no such path")})

    way = _stepped(PLACED, answers)

    assert way.error == "States.Runtime"
    assert way == _recorded(replay(TEXT, PLACED, answers).outcome)
