"""The tables and their indexes, as CloudFormation and as DynamoDB see them."""

from typing import Any

import boto3
from moto import mock_aws

from tests.aws_tables import create_tables


def _describe(name: str) -> dict[str, Any]:
    described: dict[str, Any] = boto3.client("dynamodb").describe_table(TableName=name)["Table"]
    return described


def test_an_order_and_its_steps_are_one_query(dev_template: dict[str, Any]) -> None:
    with mock_aws():
        table = _describe(create_tables(dev_template).orders)

    assert table["KeySchema"] == [
        {"AttributeName": "orderId", "KeyType": "HASH"},
        {"AttributeName": "record", "KeyType": "RANGE"},
    ]
