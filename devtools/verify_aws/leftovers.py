"""What of a stage is still there after it was destroyed."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from orderctl.doctor.place import Place

Resources = Mapping[str, Sequence[str]]

# How resources of a type are listed: service, operation, key of the list, field with the name (if any).
_LISTINGS: Final = {
    "AWS::ApiGateway::ApiKey": ("apigateway", "get_api_keys", "items", "id"),
    "AWS::ApiGateway::RestApi": ("apigateway", "get_rest_apis", "items", "id"),
    "AWS::ApiGateway::UsagePlan": ("apigateway", "get_usage_plans", "items", "id"),
    "AWS::DynamoDB::GlobalTable": ("dynamodb", "list_tables", "TableNames", ""),
    "AWS::Events::Archive": ("events", "list_archives", "Archives", "ArchiveName"),
    "AWS::Events::EventBus": ("events", "list_event_buses", "EventBuses", "Name"),
    "AWS::IAM::Role": ("iam", "list_roles", "Roles", "RoleName"),
    "AWS::Lambda::Function": ("lambda", "list_functions", "Functions", "FunctionName"),
    "AWS::Logs::LogGroup": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "AWS::SNS::Topic": ("sns", "list_topics", "Topics", "TopicArn"),
    "AWS::SQS::Queue": ("sqs", "list_queues", "QueueUrls", ""),
    "AWS::Scheduler::Schedule": ("scheduler", "list_schedules", "Schedules", "Name"),
    "AWS::StepFunctions::StateMachine": (
        "stepfunctions",
        "list_state_machines",
        "stateMachines",
        "stateMachineArn",
    ),
}
# A deleted queue is listed for up to 60 s, and then the rest of SQS has to hear of it:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html
_WAIT_SECONDS: Final = 90
_PAUSE_SECONDS: Final = 5


def resources_of(place: Place) -> Resources:
    """Return the resources of the deployed stack by type; empty when there is none."""
    found: dict[str, list[str]] = {}
    pages = place.client("cloudformation").get_paginator("list_stack_resources")
    try:
        for page in pages.paginate(StackName=place.stack_name):
            for each in page["StackResourceSummaries"]:
                # One whose creation failed may have no id.
                found.setdefault(each["ResourceType"], []).append(each.get("PhysicalResourceId", ""))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
    return found


def wait_until_gone(place: Place, resources: Resources, *, seconds: float = _WAIT_SECONDS) -> list[str]:
    """Return what is left of the resources, as soon as that is nothing, or after some time."""
    deadline = time.monotonic() + seconds
    while left := list(_left(place, resources)):
        if time.monotonic() > deadline:
            break
        time.sleep(_PAUSE_SECONDS)
    return left


def _left(place: Place, resources: Resources) -> Iterator[str]:
    for kind, (service, operation, key, name) in _LISTINGS.items():
        ours = {_comparable(each) for each in resources.get(kind, ())} - {""}
        if ours:
            listed = {_comparable(each) for each in _listed(place.client(service), operation, key, name)}
            yield from (f"{kind} {each}" for each in sorted(ours & listed))


def _listed(client: Any, operation: str, key: str, name: str) -> Iterator[str]:
    if client.can_paginate(operation):
        pages = client.get_paginator(operation).paginate()
    else:
        pages = [getattr(client, operation)()]
    for page in pages:
        yield from (str(each[name] if name else each) for each in page.get(key, []))


def _comparable(name: str) -> str:
    """Return the last part of a URL: one queue can have several hosts."""
    return name.rpartition("/")[2] if name.startswith("http") else name
