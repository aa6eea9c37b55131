"""One moto client for each service, shared because making a client takes longer than most tests."""

from functools import cache
from typing import Any, Final

import boto3

REGION: Final = "us-east-1"


@cache
def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)
