"""A stack can have a policy of its event bus, as on AWS, so that every stage has its real template.

MiniStack keeps such policies, but its CloudFormation can't create them. Nothing enforces them.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-eventbuspolicy.html
"""

from collections.abc import Mapping
from typing import Any, Final

from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners

from devtools.local_cloud.patches.expected import PatchOutdatedError, expect_source

_TYPE: Final = "AWS::Events::EventBusPolicy"


def apply() -> None:
    """Add the type to those that CloudFormation creates and deletes."""
    handlers = provisioners._RESOURCE_HANDLERS
    if _TYPE in handlers:
        raise PatchOutdatedError(f"it has the resource type {_TYPE}")
    expect_source(provisioners._provision_resource, 'handler["create"](logical_id, props, stack_name)')
    expect_source(provisioners._delete_resource, 'handler["delete"](physical_id, props)')
    expect_source(eventbridge._put_permission, '_event_bus_policies[bus_name] = {"Version"')
    handlers[_TYPE] = {"create": _create, "delete": _delete}


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
