"""Where MiniStack asks for permissions (AUTH), it notes each call of a role and what became of it.

A test compares the calls with what the roles allow. EventBridge and the scheduler call their targets inside
of MiniStack, without a request, so their roles are not seen.
"""

import json
import os
import threading
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

from ministack.core import iam_actions, iam_evaluator

from devtools.local_cloud.patches.expected import expect_signature, expect_source

_OF_A_REQUEST: Final = (
    "service",
    "method",
    "path",
    "headers",
    "body",
    "query_params",
    "region",
    "account_id",
)
_writing: Final = threading.Lock()
_asked: Final[ContextVar[Any]] = ContextVar("asked", default=None)


def apply() -> None:
    """Note every decision about a role, once."""
    evaluate, enforce = iam_evaluator.evaluate, iam_evaluator.enforce
    action, resource_arn = iam_actions.extract_iam_action, iam_actions.extract_resource_arn
    expect_signature(evaluate, "ctx", "policies", "limits")
    expect_signature(action, *_OF_A_REQUEST[:6])
    expect_signature(resource_arn, *_OF_A_REQUEST)
    expect_source(enforce, "result = evaluate(ctx, principal.policies", "combine_resource_policy(result, ctx")
    path = os.environ.get("LOCAL_CLOUD_CALLS")
    if path is None:
        return
    note = _Notes(Path(path)).add

    def evaluate_as_on_aws(ctx: Any, policies: Any, *limits: Any) -> Any:
        # Policies refuse requests without TLS, and the local cloud is reached by the loopback interface only.
        ctx.secure_transport = True
        if _asked.get() is None:
            _asked.set(ctx)
        return evaluate(ctx, policies, *limits)

    def enforce_and_note(*arguments: Any, **options: Any) -> Any:
        _asked.set(None)
        denied = enforce(*arguments, **options)
        if (asked := _asked.get()) is not None:
            note(asked, allowed=denied is None)
        return denied

    def action_as_on_aws(service: str, *request: Any) -> str | None:
        found: str | None = action(service, *request)
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
        return found.removesuffix("Batch") if found and service == "sqs" else found

    def resource_as_on_aws(service: str, *request: Any) -> str:
        body = request[_OF_A_REQUEST.index("body") - 1]
        return _as_on_aws(service, body, resource_arn(service, *request))

    iam_actions.extract_iam_action = action_as_on_aws
    iam_actions.extract_resource_arn = resource_as_on_aws
    iam_evaluator.evaluate = evaluate_as_on_aws
    iam_evaluator.enforce = enforce_and_note


def _as_on_aws(service: str, body: bytes, resource: str) -> str:
    """Return the ARN that AWS compares with the policies."""
    if service == "logs":
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
        return f"{resource.removesuffix(':*')}:log-stream:"
    if service == "states" and b"stateMachineAliasArn" in body:
        # https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
        return str(json.loads(body)["stateMachineAliasArn"]).rpartition(":")[0]
    return resource


class _Notes:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: set[str] = set()

    def add(self, asked: Any, *, allowed: bool) -> None:
        line = json.dumps(
            {
                "role": _role(asked.principal_arn),
                "action": asked.action,
                "resource": asked.resource_arn,
                "allowed": allowed,
            }
        )
        with _writing:
            if line not in self._seen:
                self._seen.add(line)
                with self._file.open("a") as notes:
                    notes.write(line + "\n")


def _role(principal_arn: str) -> str:
    """Return the role's name; the principal is one of its sessions."""
    return principal_arn.split("/")[1] if ":assumed-role/" in principal_arn else principal_arn
