"""How answers of AWS's TestState are compared, and what is said when AWS cannot be asked.

The answers have the form that AWS gives, as the snapshots of LocalStack's tests show it.
https://github.com/localstack/localstack/tree/main/tests/aws/services/stepfunctions/v2/test_state
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from devtools.verify_states.comparison import differences, refusal, report
from devtools.verify_states.engine import Engine, RefusedError, engine_on_aws
from devtools.verify_states.examples import filled
from devtools.verify_states.plan import verify
from devtools.verify_states.requests import Request, requests_of
from devtools.verify_states.steps import BackOff, Expectation, Step
from orderctl.errors import OperatorError

PARAMETERS = {"operation": "capture", "orderId": "o-1"}
RETRY: dict[str, Any] = {"ErrorEquals": ["Lambda.ServiceException"], "JitterStrategy": "FULL"}
DEFINITION: dict[str, Any] = {
    "StartAt": "Pay",
    "States": {
        "Pay": {
            "Type": "Task",
            "Resource": "arn:aws:lambda:us-east-1:111122223333:function:payment",
            "Retry": [RETRY],
            "Next": "Decide",
        },
        "Put": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:updateItem", "Next": "Decide"},
        "Decide": {"Type": "Choice", "Choices": [], "Default": "Done"},
        "Done": {"Type": "Succeed"},
    },
}
SUCCEEDED = Expectation(
    status="SUCCEEDED",
    next_state="Decide",
    output={"payment": "CAPTURED"},
    parameters=PARAMETERS,
    result={"status": "CAPTURED"},
)
RETRIABLE = Expectation(
    status="RETRIABLE",
    error="Lambda.ServiceException",
    cause="Service Unavailable",
    parameters=PARAMETERS,
    retried_by=0,
    back_off=BackOff(seconds=4, jitter=True),
)
CAUGHT = Expectation(
    status="CAUGHT_ERROR",
    next_state="ParkPay",
    output={"error": {"Error": "KeyError", "Cause": ""}},
    error="KeyError",
    cause="",
    parameters=PARAMETERS,
    caught_by=0,
)
STEP = Step(
    scenario="confirmed",
    state="Pay",
    execution_input={"detail": {"orderId": "${OrderId}"}},
    input={"orderId": "${OrderId}"},
    response={"Return": {"status": "CAPTURED"}},
    retries=0,
    retrier_retries=None,
    expected=SUCCEEDED,
)


def _answer(**changed: Any) -> dict[str, Any]:
    answer = {
        "status": "SUCCEEDED",
        "nextState": "Decide",
        "output": json.dumps(SUCCEEDED.output),
        "inspectionData": {
            "input": json.dumps({"orderId": "o-1"}),
            "afterInputPath": json.dumps({"orderId": "o-1"}),
            "afterParameters": json.dumps(PARAMETERS),
            "result": json.dumps(SUCCEEDED.result),
            "afterResultSelector": json.dumps({"status": "CAPTURED"}),
            "afterResultPath": json.dumps(SUCCEEDED.output),
        },
    }
    return {**answer, **changed}


def _failed(status: str, details: dict[str, Any], **more: Any) -> dict[str, Any]:
    data = {"input": "{}", "afterParameters": json.dumps(PARAMETERS), "errorDetails": details}
    return {"status": status, "inspectionData": data, **more}


def _retriable(seconds: int, retrier: int = 0) -> dict[str, Any]:
    details = {"retryIndex": retrier, "retryBackoffIntervalSeconds": seconds}
    return _failed("RETRIABLE", details, error=RETRIABLE.error, cause=RETRIABLE.cause)


def _texts(expected: Expectation, answer: dict[str, Any]) -> list[str]:
    return [str(each) for each in differences(expected, answer)]


def test_an_answer_as_recorded_has_no_differences() -> None:
    assert differences(SUCCEEDED, _answer()) == []


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"status": "FAILED"}, "status: expected SUCCEEDED, got FAILED"),
        ({"nextState": "Done"}, "next state: expected Decide, got Done"),
        ({"nextState": None}, "next state: expected Decide, got nothing"),
        ({"output": None}, 'output: expected {"payment": "CAPTURED"}, got nothing'),
    ],
)
def test_another_value_is_a_difference_of_one_line(changed: dict[str, Any], text: str) -> None:
    assert _texts(SUCCEEDED, _answer(**changed)) == [text]


def test_a_next_state_at_the_end_of_a_branch_is_a_difference() -> None:
    assert _texts(replace(SUCCEEDED, next_state=None), _answer()) == [
        "next state: expected nothing, got Decide"
    ]


def test_other_parameters_are_shown_as_a_diff() -> None:
    data = {**_answer()["inspectionData"], "afterParameters": json.dumps({**PARAMETERS, "operation": "x"})}

    (text,) = _texts(SUCCEEDED, _answer(inspectionData=data))

    assert text.startswith("parameters:\n--- recorded\n+++ AWS\n")
    assert '- "operation": "capture",\n+ "operation": "x",' in text


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        pytest.param({}, [], id="as AWS gives it today"),
        pytest.param({"afterInputPath": {"orderId": "o-1"}}, [], id="as recorded"),
        pytest.param({"afterInputPath": {"orderId": "o-2"}}, ["input of the branches"], id="another"),
        pytest.param({"afterParameters": {}}, ["input of the branches"], id="none"),
    ],
)
def test_the_input_of_the_branches_is_compared_where_it_is_given(
    data: dict[str, Any], fields: list[str]
) -> None:
    parallel = Expectation(status="SUCCEEDED", branch_input={"orderId": "o-1"})
    inspected = {"input": "{}", **{name: json.dumps(value) for name, value in data.items()}}

    found = differences(parallel, {"status": "SUCCEEDED", "inspectionData": inspected})

    assert [each.field for each in found] == fields


def test_a_task_without_shown_parameters_is_a_difference() -> None:
    data = {**_answer()["inspectionData"]}
    del data["afterParameters"]

    assert [each.field for each in differences(SUCCEEDED, _answer(inspectionData=data))] == ["parameters"]


@pytest.mark.parametrize("seconds", [0, 3, 4])
def test_with_jitter_every_back_off_up_to_the_longest_is_as_recorded(seconds: int) -> None:
    assert differences(RETRIABLE, _retriable(seconds)) == []


def test_a_longer_back_off_is_a_difference() -> None:
    assert _texts(RETRIABLE, _retriable(5)) == ["back-off: expected 0 to 4 s, got 5 s"]


def test_a_retry_without_a_back_off_is_a_difference() -> None:
    answer = _retriable(1)
    del answer["inspectionData"]["errorDetails"]["retryBackoffIntervalSeconds"]

    assert _texts(RETRIABLE, answer) == ["back-off: expected 0 to 4 s, got nothing"]


@pytest.mark.parametrize(("seconds", "texts"), [(4, []), (3, ["back-off: expected 4 s, got 3 s"])])
def test_without_jitter_the_back_off_is_exact(seconds: int, texts: list[str]) -> None:
    exact = replace(RETRIABLE, back_off=BackOff(seconds=4, jitter=False))

    assert _texts(exact, _retriable(seconds)) == texts


def test_another_retrier_is_a_difference() -> None:
    assert _texts(RETRIABLE, _retriable(1, retrier=1)) == ["retried by Retry: expected 0, got 1"]


def test_exhausted_retries_name_the_retrier_too_and_are_as_recorded() -> None:
    answer = _failed(
        "CAUGHT_ERROR",
        {"catchIndex": 0, "retryIndex": 0},
        nextState="ParkPay",
        error="KeyError",
        output=json.dumps(CAUGHT.output),
    )

    assert differences(CAUGHT, answer) == []


def test_another_catcher_is_a_difference() -> None:
    answer = _failed(
        "CAUGHT_ERROR",
        {"catchIndex": 1},
        nextState="ParkPay",
        error="KeyError",
        output=json.dumps(CAUGHT.output),
    )

    assert _texts(CAUGHT, answer) == ["caught by Catch: expected 0, got 1"]


def test_a_choice_has_neither_a_mock_nor_a_context() -> None:
    (request,) = requests_of([replace(STEP, state="Decide", response=None)], DEFINITION)

    assert request.arguments.keys() == {"stateName", "input", "inspectionLevel"}


def test_a_retry_says_how_often_its_retrier_has_retried() -> None:
    error = {"Throw": {"Error": "Lambda.ServiceException", "Cause": "Service Unavailable"}}
    retried = replace(STEP, response=error, retries=2, retrier_retries=1, expected=RETRIABLE)

    (request,) = requests_of([retried], DEFINITION)

    assert request.arguments["stateConfiguration"] == {"retrierRetryCount": 1}
    assert request.arguments["mock"] == {
        "errorOutput": {"error": "Lambda.ServiceException", "cause": "Service Unavailable"}
    }
    assert json.loads(request.arguments["context"])["State"]["RetryCount"] == 2


def test_a_result_of_a_service_is_validated_strictly() -> None:
    (request,) = requests_of([replace(STEP, state="Put", response={"Return": {}})], DEFINITION)

    assert request.arguments["mock"] == {"result": "{}", "fieldValidationMode": "STRICT"}


def test_the_result_of_a_function_is_any_json() -> None:
    (request,) = requests_of([STEP], DEFINITION)

    assert request.arguments["mock"] == {"result": '{"status": "CAPTURED"}', "fieldValidationMode": "NONE"}


def test_equal_steps_are_one_request_that_names_their_recordings() -> None:
    (request,) = requests_of([STEP, replace(STEP, scenario="redriven")], DEFINITION)

    assert request.scenarios == ("confirmed", "redriven")


def test_the_order_of_keys_makes_no_other_request() -> None:
    first, second = ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    steps = [replace(STEP, state="Done", response=None, input=each) for each in (first, second)]

    assert len(requests_of(steps, DEFINITION)) == 1


def test_equal_requests_that_expect_different_things_are_both_made() -> None:
    other = replace(STEP, scenario="redriven", expected=replace(SUCCEEDED, next_state="Done"))

    requests = requests_of([STEP, other], DEFINITION)

    assert [each.scenarios for each in requests] == [("confirmed",), ("redriven",)]


def test_placeholders_are_filled_everywhere() -> None:
    value = filled({"a": ["${OrderId}", 1], "b": "IN_PROGRESS#${EnteredTime}"})

    assert "$" not in json.dumps(value)


def test_an_unknown_placeholder_is_refused() -> None:
    with pytest.raises(KeyError, match="Unknown"):
        filled("${Unknown}")


def test_a_report_names_the_state_the_attempt_and_a_few_recordings() -> None:
    request = _request(scenarios=("one", "two", "three", "four"))

    text = report(request, differences(SUCCEEDED, _answer(nextState="Done")))

    assert text == (
        "Pay, attempt 1 (recorded in one, two, three and 1 more)\nnext state: expected Decide, got Done"
    )


def test_a_refused_result_is_reported_with_the_words_of_aws() -> None:
    message = "Mock result schema validation error: Field 'StatusCode' must be a number"
    client, stubber = _stubbed()
    stubber.add_client_error("test_state", "ValidationException", message)

    (text,) = verify([_request()], Engine(client, DEFINITION), done=lambda _: None)

    assert text == refusal(_request(), f"ValidationException: {message}")
    assert text.startswith("Pay, attempt 1 (recorded in confirmed)")


def test_the_filled_definition_is_sent_with_the_state_and_the_answer_is_compared() -> None:
    client, stubber = _stubbed()
    request = _request()
    sent = {"definition": json.dumps({"Comment": "table orders"}), **request.arguments}
    stubber.add_response("test_state", _answer(), sent)
    engine = Engine(client, {"Comment": "table ${OrdersTableName}"})

    assert verify([request], engine, done=lambda _: None) == []


def test_diagnostics_are_listed_with_their_place() -> None:
    client, stubber = _stubbed()
    found = {"severity": "ERROR", "code": "MISSING_TRANSITION_TARGET", "message": "x", "location": "/States"}
    stubber.add_response(
        "validate_state_machine_definition",
        {"result": "FAIL", "diagnostics": [found]},
        {"definition": json.dumps(DEFINITION), "type": "EXPRESS", "severity": "WARNING"},
    )

    assert Engine(client, DEFINITION).diagnostics() == (
        False,
        ["ERROR MISSING_TRANSITION_TARGET at /States: x"],
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AccessDeniedException", ["states:TestState and states:ValidateStateMachineDefinition", "may not"]),
        ("ExpiredTokenException", ["does not accept these credentials", "Sign in again."]),
        ("ThrottlingException", ["AWS could not be asked: ThrottlingException: why"]),
    ],
)
def test_an_error_of_aws_says_what_to_do(code: str, words: list[str]) -> None:
    client, stubber = _stubbed()
    stubber.add_client_error("test_state", code, "why")

    with pytest.raises(OperatorError) as raised:
        Engine(client, DEFINITION).test(_request().arguments)

    assert [word for word in words if word not in str(raised.value)] == []


def test_a_request_that_aws_refuses_is_not_an_error_of_the_caller() -> None:
    client, stubber = _stubbed()
    stubber.add_client_error("test_state", "InvalidDefinition", "why")

    with pytest.raises(RefusedError, match="InvalidDefinition: why"):
        Engine(client, DEFINITION).test(_request().arguments)


def test_missing_credentials_are_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _without_credentials(monkeypatch, tmp_path)

    with pytest.raises(OperatorError) as raised:
        engine_on_aws(DEFINITION, profile=None, region="us-east-1")

    assert str(raised.value) == "No AWS credentials were found: sign in to AWS, or set AWS_PROFILE"


def test_an_unknown_profile_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _without_credentials(monkeypatch, tmp_path)

    with pytest.raises(OperatorError, match="nobody"):
        engine_on_aws(DEFINITION, profile="nobody", region="us-east-1")


def test_a_missing_region_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _without_credentials(monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")

    with pytest.raises(OperatorError, match="No Region is set: set AWS_DEFAULT_REGION"):
        engine_on_aws(DEFINITION, profile=None, region=None)


def _request(**changed: Any) -> Request:
    arguments = {"stateName": "Pay", "input": "{}", "inspectionLevel": "DEBUG"}
    request = Request(
        state="Pay", attempt=0, arguments=arguments, expected=SUCCEEDED, scenarios=("confirmed",)
    )
    return replace(request, **changed)


def _stubbed() -> tuple[Any, Stubber]:
    client = boto3.client(
        "stepfunctions", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    stubber = Stubber(client)
    stubber.activate()
    return client, stubber


def _without_credentials(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    names = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE", "DEFAULT_REGION", "REGION")
    for name in names:
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    for name in ("CONFIG_FILE", "SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(f"AWS_{name}", str(folder / name))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
