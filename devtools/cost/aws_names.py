"""Replaces the names of the local stack by those that the stage prod would have on AWS.

AWS repeats them in each line of the log of an execution, so they are paid for. What is named by
CloudFormation gets its rules. What the app itself names stays as it is, with the other stage.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from handlers.contract.names import Stage, event_bus_name, stack_name, state_machine_name
from orderctl.local_cloud import LOCAL_ACCOUNT

_LOCAL: Final = stack_name(Stage.LOCAL)
_PROD: Final = stack_name(Stage.PROD)
# The random end of a generated name.
_SUFFIX: Final = "-" + 12 * "X"
# CloudFormation cuts a generated name to what its service allows.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-name-type.html
_LONGEST: Final[Mapping[str, int]] = {
    "AWS::Lambda::Function": 64,
    "AWS::IAM::Role": 64,
    "AWS::SQS::Queue": 80,
}
_LONGEST_OF_OTHERS: Final = 255
_LOCAL_QUEUE: Final = re.compile(rf"http://[\w.]+:\d+/{LOCAL_ACCOUNT}/")
# EventBridge names an execution by its event and its target, so the local name is half of that on AWS.
# https://github.com/wellcomecollection/catalogue-pipeline/pull/3227
_EXECUTION: Final = re.compile(r"(:express:[\w-]+:[0-9a-f-]{36})(?=:)")
_OF_TARGET: Final = "_00000000-0000-0000-0000-000000000000"


class AwsNames:
    """`resources` are those of DescribeStackResources."""

    def __init__(self, resources: Iterable[Mapping[str, Any]]) -> None:
        names = {
            event_bus_name(Stage.LOCAL): event_bus_name(Stage.PROD),
            state_machine_name(Stage.LOCAL): state_machine_name(Stage.PROD),
            f'"stage":"{Stage.LOCAL}"': f'"stage":"{Stage.PROD}"',
        }
        for resource in resources:
            local = re.split(r"[:/]", str(resource["PhysicalResourceId"]))[-1]
            names.setdefault(local, _on_aws(resource["ResourceType"], resource["LogicalResourceId"], local))
        self._names = names
        # The longest first: one may be the beginning of another.
        longest_first = sorted(names, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first)))

    def text(self, text: str) -> str:
        """Return a text with the names of prod on AWS."""
        named = self._known.sub(lambda match: self._names[match[0]], text)
        named = _LOCAL_QUEUE.sub("https://sqs.us-east-1.amazonaws.com/123456789012/", named)
        return _EXECUTION.sub(rf"\1{_OF_TARGET}", named.replace(_LOCAL, _PROD))


def _on_aws(kind: str, logical_id: str, local: str) -> str:
    # MiniStack generates names with the stack and the logical id, and cuts them.
    if not local.startswith(f"{_LOCAL}-{logical_id}"[: len(local) - len(_SUFFIX) - 1]):
        return local.replace(Stage.LOCAL, Stage.PROD)
    name = f"{_PROD}-{logical_id}"
    return name[: _LONGEST.get(kind, _LONGEST_OF_OTHERS) - len(_SUFFIX)] + _SUFFIX
