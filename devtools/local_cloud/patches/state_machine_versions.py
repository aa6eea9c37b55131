"""CloudFormation publishes versions and aliases of state machines, and their executions run the version.

MiniStack has both in its API of Step Functions, but not as resources of CloudFormation. An execution that is
started by an alias or a version runs the newest definition there.
https://docs.aws.amazon.com/step-functions/latest/dg/execution-alias-version-associate.html
"""

import json
from contextvars import ContextVar
from typing import Any, Final

from ministack.services import stepfunctions
from ministack.services.cloudformation import provisioners

from devtools.local_cloud.patches.expected import PatchOutdatedError, expect_signature, expect_source

_VERSION: Final = "AWS::StepFunctions::StateMachineVersion"
_ALIAS: Final = "AWS::StepFunctions::StateMachineAlias"
_OF_A_REVISION: Final = ("definition", "roleArn", "loggingConfiguration")

_started: ContextVar[dict[str, Any] | None] = ContextVar("started", default=None)


def apply() -> None:
    """Add the two resources, and note for each execution what it was started with."""
    for type_ in (_VERSION, _ALIAS):
        if type_ in provisioners._RESOURCE_HANDLERS:
            raise PatchOutdatedError(f"it has {type_}")
    expect_source(provisioners._update_resource, "return _provision_resource(")
    expect_signature(stepfunctions._execution_version_arn, "arn")
    start = stepfunctions._start_execution
    expect_signature(start, "data")
    expect_source(start, "contextvars.copy_context()", "target=ctx_snapshot.run")

    def start_with_revision(data: dict[str, Any]) -> Any:
        token = _started.set(_revision_of(data.get("stateMachineArn", "")))
        try:
            return start(data)
        finally:
            _started.reset(token)

    stepfunctions._start_execution = start_with_revision
    # A version has no update: a new revision makes a new version, as on AWS.
    provisioners._RESOURCE_HANDLERS[_VERSION] = {"create": _publish_version, "delete": _delete_version}
    provisioners._RESOURCE_HANDLERS[_ALIAS] = {
        "create": _create_alias,
        "update": _update_alias,
        "delete": _delete_alias,
    }


def started_revision() -> dict[str, Any]:
    """Return the definition, role and logging with which the execution of this context was started."""
    return _started.get() or {}


def _revision_of(arn: str) -> dict[str, Any]:
    version = stepfunctions._state_machine_versions.get(stepfunctions._execution_version_arn(arn))
    revision = version or stepfunctions._state_machines.get(arn) or {}
    return {name: revision[name] for name in _OF_A_REVISION if name in revision}


def _publish_version(_: str, properties: dict[str, Any], __: str) -> tuple[str, dict[str, str]]:
    published = _parsed(
        stepfunctions._publish_state_machine_version(
            {
                "stateMachineArn": properties["StateMachineArn"],
                "revisionId": properties.get("StateMachineRevisionId"),
                "description": properties.get("Description", ""),
            }
        )
    )
    arn: str = published["stateMachineVersionArn"]
    return arn, {"Arn": arn}


def _delete_version(arn: str, _: dict[str, Any]) -> None:
    _parsed(stepfunctions._delete_state_machine_version({"stateMachineVersionArn": arn}))


def _create_alias(_: str, properties: dict[str, Any], __: str) -> tuple[str, dict[str, str]]:
    request = {"name": properties["Name"], **_changeable(properties)}
    arn: str = _parsed(stepfunctions._create_state_machine_alias(request))["stateMachineAliasArn"]
    return arn, {"Arn": arn}


def _update_alias(
    arn: str, _: dict[str, Any], properties: dict[str, Any], __: str
) -> tuple[str, dict[str, str]]:
    request = {"stateMachineAliasArn": arn, **_changeable(properties)}
    _parsed(stepfunctions._update_state_machine_alias(request))
    return arn, {"Arn": arn}


def _delete_alias(arn: str, _: dict[str, Any]) -> None:
    _parsed(stepfunctions._delete_state_machine_alias({"stateMachineAliasArn": arn}))


def _changeable(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": properties.get("Description", ""),
        "routingConfiguration": [
            {"stateMachineVersionArn": route["StateMachineVersionArn"], "weight": int(route["Weight"])}
            for route in properties["RoutingConfiguration"]
        ],
    }


def _parsed(response: Any) -> dict[str, Any]:
    status, _, body = response
    if status >= 400:  # noqa: PLR2004  HTTP's errors
        raise ValueError(body)
    parsed: dict[str, Any] = json.loads(body)
    return parsed
