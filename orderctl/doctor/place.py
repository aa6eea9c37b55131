"""Where a stage is, or will be: an account and a Region, or the local cloud."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from handlers.contract.names import Stage, stack_name


@dataclass(frozen=True, kw_only=True)
class Place:
    """`client` makes the boto3 client of a service."""

    stage: str
    region: str
    client: Callable[[str], Any]

    @property
    def stack_name(self) -> str:
        return stack_name(self.stage)

    @property
    def is_local(self) -> bool:
        return self.stage == Stage.LOCAL

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """The answer of GetCallerIdentity, which needs no permission; with the headers of the response."""
        found: Mapping[str, Any] = self.client("sts").get_caller_identity()
        return found

    @cached_property
    def stack(self) -> Mapping[str, Any] | None:
        """The deployed stack; None when there is none."""
        try:
            found: Mapping[str, Any] = self.client("cloudformation").describe_stacks(
                StackName=self.stack_name
            )["Stacks"][0]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            return None
        return found

    @property
    def outputs(self) -> Mapping[str, str]:
        """The outputs of the deployed stack by name; empty when there is none."""
        return {each["OutputKey"]: each["OutputValue"] for each in (self.stack or {}).get("Outputs", [])}
