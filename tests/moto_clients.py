"""One moto client for each service, shared because making a client takes longer than most tests."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from moto.dynamodb.responses import DynamoHandler

from tests.model.expressions import set_names
from tests.quick_moto import quicken

REGION: Final = "us-east-1"


@cache
def client(service: str) -> Any:
    """Return a client that signs no requests and builds no text for each: moto does not look at them."""
    config = Config(signature_version=UNSIGNED, user_agent="tests")
    return boto3.client(service, region_name=REGION, config=config)


def _updated_new(handler: Any, _before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return every attribute that the update sets; moto leaves out those that keep their value.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html#DDB-UpdateItem-request-ReturnValues
    """
    names = handler.body.get("ExpressionAttributeNames", {})
    set_ = set_names(handler.body["UpdateExpression"], names)
    return {name: value for name, value in after.items() if name in set_}


if not hasattr(DynamoHandler, "_build_updated_new_attributes"):
    raise RuntimeError("this version of moto answers UPDATED_NEW in another way: is the patch still needed?")
DynamoHandler._build_updated_new_attributes = _updated_new  # type: ignore[method-assign]

quicken()
