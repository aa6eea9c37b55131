"""The services can give every response that a recording has."""

from collections.abc import Iterator
from typing import Any

import pytest

from devtools.asl.definition import read_definition
from devtools.recording.recording import Recording, recordings
from devtools.recording.task_responses import TaskResponse
from devtools.verify_states.examples import filled
from orderctl.deployed_workflow import function_of, states
from tests.workflow.api_models import INVOKE, is_error_of, result_violations

DEFINITION = read_definition()
RECORDED = [Recording.read(file) for file in recordings()]
CALLS = {
    name: INVOKE if function_of(state) else state["Resource"].removeprefix("arn:aws:states:::")
    for name, state in states(DEFINITION)
    if state["Type"] == "Task"
}


def _responses() -> Iterator[tuple[str, str, TaskResponse]]:
    for recording in RECORDED:
        for state, responses in recording.responses.items():
            for response in responses:
                yield recording.scenario, CALLS[state], response


def test_every_recorded_result_fits_the_api_of_its_service() -> None:
    problems = {
        f"{scenario}: {call}: {problem}"
        for scenario, call, response in _responses()
        if "Return" in response
        for problem in result_violations(call, filled(response["Return"]))
    }

    assert sorted(problems) == []


def test_every_recorded_error_has_a_name_that_its_service_gives() -> None:
    unknown = {
        f"{scenario}: {call}: {response['Throw']['Error']}"
        for scenario, call, response in _responses()
        if "Throw" in response and not is_error_of(call, response["Throw"]["Error"])
    }

    assert sorted(unknown) == []


@pytest.mark.parametrize(
    ("call", "result", "problem"),
    [
        ("dynamodb:updateItem", {"Attributes": []}, "result.Attributes is no map"),
        ("dynamodb:updateItem", {"Attributes": {"a": {"S": 1}}}, "result.Attributes.a.S is no string"),
        ("dynamodb:updateItem", {"Item": {}}, "result.Item is not in the model"),
        ("events:putEvents", {"FailedEntryCount": 0}, "Entries is missing"),
        (
            "events:putEvents",
            {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]},
            "FailedEntryCount is an error, not a result",
        ),
        (
            "events:putEvents",
            {"FailedEntryCount": 0, "Entries": [{"EventId": 1}]},
            "result.Entries[0].EventId is no string",
        ),
        ("sqs:sendMessage", {}, "MessageId is missing"),
        ("sqs:sendMessage", {"MessageId": None}, "result.MessageId is no string"),
    ],
)
def test_a_result_that_a_service_can_not_give_is_named(
    call: str, result: dict[str, Any], problem: str
) -> None:
    assert result_violations(call, result) == [problem]


@pytest.mark.parametrize(
    ("call", "result"),
    [
        (
            "lambda:invoke",
            {"Payload": None, "StatusCode": 200, "ExecutedVersion": "$LATEST", "SdkHttpMetadata": {}},
        ),
        ("dynamodb:updateItem", {"ConsumedCapacity": {"CapacityUnits": 1.5}}),
        ("sqs:sendMessage", {"MessageId": "0a3f2f3e", "MD5OfMessageBody": "d41d8cd9"}),
    ],
)
def test_a_result_with_more_of_the_model_is_no_problem(call: str, result: dict[str, Any]) -> None:
    assert result_violations(call, result) == []


@pytest.mark.parametrize(
    ("call", "error", "given"),
    [
        ("dynamodb:updateItem", "DynamoDB.ConditionalCheckFailedException", True),
        ("dynamodb:updateItem", "DynamoDB.RequestLimitExceededException", True),
        ("dynamodb:updateItem", "DynamoDB.ValidationException", False),
        ("dynamodb:updateItem", "DynamoDb.ConditionalCheckFailedException", False),
        ("dynamodb:updateItem", "SQS.AmazonSQSException", False),
        ("dynamodb:updateItem", "DependencyUnavailable", False),
        ("events:putEvents", "EventBridge.FailedEntry", True),
        ("events:putEvents", "EventBridge.ValidationException", False),
        ("sqs:sendMessage", "SQS.InvalidMessageContentsException", True),
        ("sqs:sendMessage", "States.Timeout", True),
        ("lambda:invoke", "Lambda.TooManyRequestsException", True),
        ("lambda:invoke", "KeyError", True),
        ("lambda:invoke", "Sandbox.Timedout", True),
    ],
)
def test_the_names_of_errors_are_those_of_the_model_and_of_the_sdk(
    call: str, error: str, *, given: bool
) -> None:
    assert is_error_of(call, error) is given
