"""A stack can have a policy of its event bus, as on AWS, so that every stage has its real template.

MiniStack keeps such policies, but its CloudFormation can't create them. Nothing enforces them.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-eventbuspolicy.html
"""

from collections.abc import Mapping
from typing import Any

from ministack.services import eventbridge

from devtools.local_cloud.patches.expected import expect_source
from devtools.local_cloud.patches.resource_types import add_resource_type


def apply() -> None:
    """Let CloudFormation create and delete such a policy."""
    expect_source(eventbridge._put_permission, '_event_bus_policies[bus_name] = {"Version"')
    add_resource_type("AWS::Events::EventBusPolicy", create=_create, delete=_delete)


def _create(_logical_id: str, properties: Mapping[str, Any], _stack_name: str) -> tuple[str, dict[str, str]]:
    _delete("", properties)
    policies = eventbridge._event_bus_policies
    policy = policies.setdefault(properties["EventBusName"], {"Version": "2012-10-17", "Statement": []})
    policy["Statement"].append(dict(properties["Statement"]))
    return f"{properties['EventBusName']}|{properties['StatementId']}", {}


def _delete(_physical_id: str, properties: Mapping[str, Any]) -> None:
    policy = eventbridge._event_bus_policies.get(properties["EventBusName"])
    if policy is not None:
        others = [each for each in policy["Statement"] if each.get("Sid") != properties["StatementId"]]
        policy["Statement"] = others
