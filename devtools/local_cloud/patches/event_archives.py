"""A stack can have an archive of its events, as on AWS, so that every stage has its real template.

MiniStack has the archives of EventBridge, but its CloudFormation can't create them.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-archive.html
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners

from devtools.local_cloud.patches.expected import expect_signature
from devtools.local_cloud.patches.resource_types import add_resource_type

_TYPE: Final = "AWS::Events::Archive"


def apply() -> None:
    """Let CloudFormation create and delete an archive."""
    expect_signature(eventbridge._create_archive, "data")
    expect_signature(eventbridge._delete_archive, "data")
    add_resource_type(_TYPE, create=_create, delete=_delete)


def _create(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> tuple[str, dict[str, str]]:
    # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
    longest = 48
    name = properties.get("ArchiveName") or provisioners._physical_name(
        stack_name, logical_id, max_len=longest
    )
    status, _, body = eventbridge._create_archive(
        {
            "ArchiveName": name,
            "EventSourceArn": properties["SourceArn"],
            "Description": properties.get("Description", ""),
            "EventPattern": json.dumps(properties["EventPattern"]) if "EventPattern" in properties else "",
            "RetentionDays": int(properties.get("RetentionDays", 0)),
        }
    )
    response = json.loads(body)
    if status != 200:  # noqa: PLR2004  HTTP's OK
        raise ValueError(f"{_TYPE}: {response.get('message', response)}")
    return name, {"Arn": response["ArchiveArn"], "ArchiveName": name}


def _delete(physical_id: str, _: Mapping[str, Any]) -> None:
    eventbridge._delete_archive({"ArchiveName": physical_id})
