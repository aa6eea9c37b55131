"""The patched local cloud behaves like AWS where MiniStack does not."""

import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.config import Config

from devtools.local_cloud.patches.lambda_concurrency import WORKERS_PER_FUNCTION
from orderctl.local_cloud import LOCAL_ACCOUNT, LOCAL_REGION
from orderctl.stack import Stack
from tests.waiting import TIMEOUT_SECONDS, eventually

ROLE = f"arn:aws:iam::{LOCAL_ACCOUNT}:role/probe"
PROBE = """
import os, time

class DependencyUnavailable(Exception):
    pass

def handler(event, context):
    if event.get("die"):
        os._exit(1)
    if event.get("sleep"):
        time.sleep(event["sleep"])
    if event.get("say"):
        print(event["say"])
    if event.get("fail") or "requestContext" in event:
        raise DependencyUnavailable("the table is on fire")
    return {"worker": os.getpid()}
"""


@pytest.fixture(scope="module", autouse=True)
def _role(local_stack: Stack) -> Iterator[None]:
    """The role of the functions and state machines of these tests, which may do everything."""
    iam, name = local_stack.client("iam"), ROLE.rpartition("/")[2]
    services = [f"{service}.amazonaws.com" for service in ("lambda", "states", "scheduler")]
    trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    iam.put_role_policy(
        RoleName=name, PolicyName="all", PolicyDocument=json.dumps({"Statement": [everything]})
    )
    yield
    iam.delete_role_policy(RoleName=name, PolicyName="all")
    iam.delete_role(RoleName=name)


@pytest.fixture(scope="module")
def probe(local_stack: Stack) -> Iterator[str]:
    """A Lambda that does what its event says; the value is its name."""
    with _function(local_stack, "probe", timeout=TIMEOUT_SECONDS) as name:
        yield name


@contextmanager
def _function(stack: Stack, name: str, *, timeout: int) -> Iterator[str]:
    functions = stack.client("lambda")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("probe.py", PROBE)
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=ROLE,
        Handler="probe.handler",
        Code={"ZipFile": package.getvalue()},
        Timeout=timeout,
    )
    yield name
    functions.delete_function(FunctionName=name)


def test_an_exception_is_reported_with_its_class_and_its_stack_trace(local_stack: Stack, probe: str) -> None:
    response = local_stack.client("lambda").invoke(FunctionName=probe, Payload=json.dumps({"fail": True}))

    reported = json.load(response["Payload"])
    assert response["FunctionError"] == "Unhandled"
    assert reported["errorType"] == "DependencyUnavailable"
    assert reported["errorMessage"] == "the table is on fire"
    assert "in handler" in reported["stackTrace"][0]
    assert reported["requestId"]


def test_a_lambda_keeps_its_worker_after_an_exception(local_stack: Stack, probe: str) -> None:
    before = _invoke(local_stack, probe, {})

    _invoke(local_stack, probe, {"fail": True})

    assert _invoke(local_stack, probe, {}) == before


def test_a_lambda_whose_process_exits_fails_with_runtime_exit_error(local_stack: Stack, probe: str) -> None:
    reported = _invoke(local_stack, probe, {"die": True})

    assert reported["errorType"] == "Runtime.ExitError"
    assert "worker" in _invoke(local_stack, probe, {})


def test_the_output_of_a_lambda_is_logged_when_it_responds(local_stack: Stack, probe: str) -> None:
    _invoke(local_stack, probe, {"say": "first"})
    _invoke(local_stack, probe, {"say": "second"})

    messages = [
        event["message"]
        for event in local_stack.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{probe}")[
            "events"
        ]
    ]
    assert [message for message in messages if message in {"first", "second"}] == ["first", "second"]


def test_a_function_has_at_most_the_configured_number_of_workers(local_stack: Stack, probe: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda _: _invoke(local_stack, probe, {"sleep": 0.1}), range(8)))

    assert 1 <= len({response["worker"] for response in responses}) <= WORKERS_PER_FUNCTION


def test_an_invocation_that_waits_too_long_is_throttled(local_stack: Stack) -> None:
    once = Config(retries={"total_max_attempts": 1}, read_timeout=TIMEOUT_SECONDS)
    session = boto3.Session("test", "test", region_name=local_stack.region)
    functions = session.client("lambda", endpoint_url=local_stack.endpoint_url, config=once)

    def invoke(name: str) -> bool:
        try:
            functions.invoke(FunctionName=name, Payload=json.dumps({"sleep": TIMEOUT_SECONDS}))
        except functions.exceptions.TooManyRequestsException:
            return False
        return True

    # Each runs until its timeout and waits at most that long for a worker, so a third round never starts.
    count = 4 * WORKERS_PER_FUNCTION
    with _function(local_stack, "hanging", timeout=3) as name, ThreadPoolExecutor(count) as pool:
        served = list(pool.map(invoke, [name] * count))

    assert served.count(True) >= WORKERS_PER_FUNCTION
    assert False in served


def test_api_gateway_does_not_show_the_error_of_a_lambda(local_stack: Stack, probe: str) -> None:
    url = _api_in_front_of(local_stack, probe)

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url)  # noqa: S310  http, ours

    assert refused.value.code == 502
    assert json.load(refused.value) == {"message": "Internal server error"}


def test_a_lambda_makes_no_log_group_of_its_own(local_stack: Stack) -> None:
    functions, logs = local_stack.client("lambda"), local_stack.client("logs")
    with _function(local_stack, "logging", timeout=TIMEOUT_SECONDS) as name:
        functions.update_function_configuration(FunctionName=name, LoggingConfig={"LogGroup": "deleted"})
        functions.invoke(FunctionName=name, Payload=json.dumps({"say": "hello"}))
        without = logs.describe_log_groups(logGroupNamePrefix="deleted")["logGroups"]
        logs.create_log_group(logGroupName="deleted")
        functions.invoke(FunctionName=name, Payload=json.dumps({"say": "hello"}))
        lines = logs.filter_log_events(logGroupName="deleted")["events"]
        logs.delete_log_group(logGroupName="deleted")

    assert without == []
    assert "hello" in [line["message"] for line in lines]


def test_an_event_that_cannot_be_delivered_goes_to_the_dead_letter_queue(local_stack: Stack) -> None:
    queues, events = local_stack.client("sqs"), local_stack.client("events")
    dlq = queues.create_queue(QueueName="undelivered")["QueueUrl"]
    missing = f"arn:aws:states:{LOCAL_REGION}:{LOCAL_ACCOUNT}:stateMachine:missing"
    events.put_rule(Name="probe", EventPattern=json.dumps({"source": ["probe"]}))
    target = {
        "Id": "1",
        "Arn": missing,
        "RoleArn": ROLE,
        "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{LOCAL_REGION}:{LOCAL_ACCOUNT}:undelivered"},
    }
    events.put_targets(Rule="probe", Targets=[target])

    events.put_events(Entries=[{"Source": "probe", "DetailType": "Probed", "Detail": '{"orderId": "1"}'}])

    (message,) = eventually(
        lambda: queues.receive_message(QueueUrl=dlq, MessageAttributeNames=["All"]).get("Messages"),
        "a message on the dead-letter queue",
    )
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"], event["detail"]) == ("probe", "Probed", {"orderId": "1"})
    assert message["MessageAttributes"]["TARGET_ARN"]["StringValue"] == missing
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "RESOURCE_NOT_FOUND"


def test_an_express_execution_is_logged_and_not_listed(local_stack: Stack) -> None:
    machines = local_stack.client("stepfunctions")
    machine = _state_machine(
        local_stack,
        {
            "StartAt": "Fork",
            "States": {
                "Fork": {
                    "Type": "Parallel",
                    "End": True,
                    "Branches": [
                        {"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}}
                        for name in ("Left", "Right")
                    ],
                }
            },
        },
    )

    started = int(1000 * time.time())
    machines.start_execution(stateMachineArn=machine, input='{"orderId": "1"}')

    logged = eventually(lambda: _logged(local_stack, ends_with="ExecutionSucceeded"), "the end of the log")
    entered = {event["details"]["name"] for event in logged if event["type"].endswith("StateEntered")}
    assert entered == {"Fork", "Left", "Right"}
    assert logged[0]["type"] == "ExecutionStarted"
    assert json.loads(logged[0]["details"]["input"]) == {"orderId": "1"}
    assert [event["previous_event_id"] for event in logged[:3]] == ["0", "0", "2"]
    assert started <= int(logged[-1]["event_timestamp"]) <= 1000 * time.time()
    # arn:aws:states:REGION:ACCOUNT:express:MACHINE:NAME:ID
    assert logged[0]["execution_arn"].split(":")[5:7] == ["express", "probe"]
    assert machines.list_executions(stateMachineArn=machine)["executions"] == []


def test_the_events_of_an_execution_are_logged_while_it_runs_and_each_of_them_once(
    local_stack: Stack,
) -> None:
    """It tries to send a message until there is a queue."""
    machine = _state_machine(
        local_stack,
        {
            "StartAt": "Send",
            "States": {
                "Send": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::sqs:sendMessage",
                    "Parameters": {
                        "QueueUrl": f"{local_stack.endpoint_url}/{LOCAL_ACCOUNT}/later",
                        "MessageBody": "sent",
                    },
                    "Retry": [
                        {
                            "ErrorEquals": ["States.ALL"],
                            "IntervalSeconds": 1,
                            "BackoffRate": 1,
                            "MaxAttempts": TIMEOUT_SECONDS,
                        }
                    ],
                    "End": True,
                }
            },
        },
        name="sending",
    )
    local_stack.client("stepfunctions").start_execution(stateMachineArn=machine, input="{}")

    while_running = eventually(
        lambda: _logged(local_stack, contains="TaskFailed", group="sending"), "a failed attempt in the log"
    )
    local_stack.client("sqs").create_queue(QueueName="later")
    logged = eventually(
        lambda: _logged(local_stack, ends_with="ExecutionSucceeded", group="sending"), "the end of the log"
    )

    assert while_running[0]["type"] == "ExecutionStarted"
    assert while_running == logged[: len(while_running)]
    assert [int(event["id"]) for event in logged] == list(range(1, len(logged) + 1))
    assert sorted(event["event_timestamp"] for event in logged) == [
        event["event_timestamp"] for event in logged
    ]
    assert len(_streams(local_stack, "sending")) == 1


def _invoke(stack: Stack, function: str, event: dict[str, Any]) -> dict[str, Any]:
    response = stack.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    payload: dict[str, Any] = json.load(response["Payload"])
    return payload


def _api_in_front_of(stack: Stack, function: str) -> str:
    gateway = stack.client("apigateway")
    api = gateway.create_rest_api(name="probe")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    function_arn = f"arn:aws:lambda:{LOCAL_REGION}:{LOCAL_ACCOUNT}:function:{function}"
    gateway.put_method(**method, authorizationType="NONE")
    gateway.put_integration(
        **method,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{LOCAL_REGION}:lambda:path/2015-03-31/functions/{function_arn}/invocations",
    )
    gateway.create_deployment(restApiId=api, stageName="probe")
    return f"{stack.endpoint_url}/_aws/execute-api/{api}/probe/"


def _state_machine(stack: Stack, definition: dict[str, Any], *, name: str = "probe") -> str:
    """Make an Express machine, and a log group of the same name; return the machine's ARN."""
    stack.client("logs").create_log_group(logGroupName=name)
    log_group = f"arn:aws:logs:{LOCAL_REGION}:{LOCAL_ACCOUNT}:log-group:{name}:*"
    created = stack.client("stepfunctions").create_state_machine(
        name=name,
        type="EXPRESS",
        roleArn=ROLE,
        definition=json.dumps(definition),
        loggingConfiguration={
            "level": "ALL",
            "includeExecutionData": True,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": log_group}}],
        },
    )
    arn: str = created["stateMachineArn"]
    return arn


def _logged(
    stack: Stack, *, contains: str = "", ends_with: str = "", group: str = "probe"
) -> list[dict[str, Any]]:
    """Return the messages of a log group as soon as it has the types of event that are given."""
    events = stack.client("logs").filter_log_events(logGroupName=group)["events"]
    messages = [json.loads(event["message"]) for event in events]
    types = [message["type"] for message in messages]
    return messages if contains in ["", *types] and ends_with in ["", *types[-1:]] else []


def _streams(stack: Stack, group: str) -> list[dict[str, Any]]:
    return list(stack.client("logs").describe_log_streams(logGroupName=group)["logStreams"])
