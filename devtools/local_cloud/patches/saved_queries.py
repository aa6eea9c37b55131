"""A stack can have saved queries, as on AWS, so that every stage has its real template.

MiniStack has no CloudWatch Logs Insights: the queries are kept nowhere, and can't be run.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-querydefinition.html
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from devtools.local_cloud.patches.resource_types import add_resource_type


def apply() -> None:
    """Let CloudFormation create and delete a saved query."""
    add_resource_type("AWS::Logs::QueryDefinition", create=_create, delete=lambda *_: None)


def _create(_logical_id: str, _properties: Mapping[str, Any], _stack: str) -> tuple[str, dict[str, str]]:
    id_ = str(uuid4())
    return id_, {"QueryDefinitionId": id_}
