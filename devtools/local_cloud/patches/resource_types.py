"""Types of resources that MiniStack has, but its CloudFormation can't create."""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services.cloudformation import provisioners

from devtools.local_cloud.patches.expected import PatchOutdatedError, expect_source

Create = Callable[[str, Mapping[str, Any], str], tuple[str, dict[str, str]]]
"""Makes a resource from its logical id, its properties and its stack; returns its id and attributes."""

Delete = Callable[[str, Mapping[str, Any]], None]
"""Deletes a resource by its id and its properties."""


def add_resource_type(type_: str, *, create: Create, delete: Delete) -> None:
    """Add the type to those that CloudFormation creates and deletes."""
    handlers = provisioners._RESOURCE_HANDLERS
    if type_ in handlers:
        raise PatchOutdatedError(f"it has the resource type {type_}")
    expect_source(provisioners._provision_resource, 'handler["create"](logical_id, props, stack_name)')
    expect_source(provisioners._delete_resource, 'handler["delete"](physical_id, props)')
    handlers[type_] = {"create": create, "delete": delete}
