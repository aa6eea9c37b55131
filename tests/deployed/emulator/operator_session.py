"""Uses a stack of the local cloud with the operator role, as `orderctl --role operator` does on AWS."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from click.testing import Result

import orderctl.stack
from orderctl.stack import Stack, describe
from tests.deployed.operator_steps import orderctl as run_orderctl


class Operator:
    """Somebody who assumed the operator role of a stack, and may do nothing else."""

    def __init__(self, stack: Stack, role_arn: str) -> None:
        self._stack = stack
        assumed = stack.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="operator")["Credentials"]
        self._session = boto3.Session(
            assumed["AccessKeyId"],
            assumed["SecretAccessKey"],
            assumed["SessionToken"],
            region_name=stack.region,
        )

    def client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self._stack.endpoint_url)

    def find_stack(self, name: str) -> Stack:
        """Return the stack as a command finds it on AWS: by its outputs and its API key."""
        return describe(name, self.client, region=self._stack.region)

    def orderctl(self, *arguments: str) -> Result:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(orderctl.stack, "_client", lambda service, *_: self.client(service))
            return run_orderctl(*arguments)

    @contextmanager
    def outage(self, service: str) -> Iterator[None]:
        self.orderctl("fault", service, "on")
        try:
            yield
        finally:
            self.orderctl("fault", service, "off")
