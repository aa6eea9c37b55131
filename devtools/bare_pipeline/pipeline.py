"""Deploys the bare pipeline onto a local cloud beside the app, places orders, and removes it."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from devtools.bare_pipeline.template import STEPS, template
from orderctl.dynamodb import batch_get
from orderctl.errors import OperatorError
from orderctl.stack import Stack

STACK_NAME: Final = "BarePipeline"
_POLL_SECONDS: Final = 0.05
_WAIT_SECONDS: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class BarePipeline:
    """The deployed pipeline: `stack` has its API and its table, and nothing else of its own."""

    stack: Stack

    def wait(self, order_ids: Sequence[str]) -> None:
        """Wait until every order has its three records; raise OperatorError after two minutes."""
        missing = {(order_id, step) for order_id in order_ids for step in STEPS}
        deadline = time.monotonic() + _WAIT_SECONDS
        client, table = self.stack.client("dynamodb"), self.stack.orders_table
        while missing:
            if time.monotonic() > deadline:
                raise OperatorError(f"{len(missing)} records of the bare pipeline are missing")
            time.sleep(_POLL_SECONDS)
            keys = [{"orderId": order_id, "record": step} for order_id, step in sorted(missing)]
            found = batch_get(client, table, keys, ("orderId", "record"))
            missing -= {(item["orderId"], item["record"]) for item in found}


@contextmanager
def deployed(app: Stack) -> Iterator[BarePipeline]:
    """Deploy the pipeline beside the app while the block runs; raise OperatorError on AWS."""
    if app.endpoint_url is None:
        raise OperatorError("The bare pipeline is for a local cloud only")
    cloudformation = app.client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK_NAME,
        TemplateBody=json.dumps(template(app.inventory_table)),
        Capabilities=["CAPABILITY_IAM"],
    )
    try:
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=STACK_NAME, WaiterConfig={"Delay": 1}
        )
        yield BarePipeline(stack=_stack(app, _outputs(cloudformation)))
    finally:
        cloudformation.delete_stack(StackName=STACK_NAME)
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=STACK_NAME, WaiterConfig={"Delay": 1}
        )


def _outputs(cloudformation: Any) -> dict[str, str]:
    (found,) = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def _stack(app: Stack, outputs: dict[str, str]) -> Stack:
    key = app.client("apigateway").get_api_key(apiKey=outputs["Key"], includeValue=True)["value"]
    return replace(
        app,
        api_url=f"{app.endpoint_url}/_aws/execute-api/{outputs['Api']}/prod/",
        api_key=key,
        orders_table=outputs["Table"],
    )
