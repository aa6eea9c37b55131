"""Which version of the workflow new executions run: the versions, and the alias that events start."""

from typing import Final

from handlers.contract.names import LIVE_ALIAS
from orderctl.errors import OperatorError
from orderctl.stack import Stack

# A state machine has no more versions, so one page has them all.
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListStateMachineVersions.html
_ALL: Final = 1000


class LiveVersion:
    """The version of one stack's state machine that its alias points to."""

    def __init__(self, stack: Stack) -> None:
        self._stepfunctions = stack.client("stepfunctions")
        self._machine_arn = stack.state_machine_arn
        self._alias_arn = f"{self._machine_arn}:{LIVE_ALIAS}"

    def read(self) -> int:
        """Return its number. An alias can have two versions: this is the one that gets more executions."""
        alias = self._stepfunctions.describe_state_machine_alias(stateMachineAliasArn=self._alias_arn)
        routes = alias["routingConfiguration"]
        return _number(max(routes, key=lambda route: int(route["weight"]))["stateMachineVersionArn"])

    def before(self, live: int) -> int:
        """Return the newest version that is older; raise OperatorError when there is none."""
        older = [number for number in self._all() if number < live]
        if not older:
            raise OperatorError(
                f"There is no version before {live}",
                what_to_do="Take the change of the definition back in git, and deploy.",
            )
        return max(older)

    def change(self, version: int) -> None:
        """Let new executions run this version; raise OperatorError when it does not exist."""
        known = sorted(self._all())
        if version not in known:
            raise OperatorError(
                f"There is no version {version}", what_to_do=f"Use one of {', '.join(map(str, known))}."
            )
        route = {"stateMachineVersionArn": f"{self._machine_arn}:{version}", "weight": 100}
        self._stepfunctions.update_state_machine_alias(
            stateMachineAliasArn=self._alias_arn, routingConfiguration=[route]
        )

    def _all(self) -> list[int]:
        found = self._stepfunctions.list_state_machine_versions(
            stateMachineArn=self._machine_arn, maxResults=_ALL
        )
        return [_number(version["stateMachineVersionArn"]) for version in found["stateMachineVersions"]]


def _number(version_arn: str) -> int:
    return int(version_arn.rpartition(":")[2])
