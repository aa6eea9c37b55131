"""The tables and their indexes, in the template and in moto."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Key

from handlers.contract.names import (
    CUSTOMER_ORDERS_INDEX,
    MAX_ORDERS_PER_SECOND,
    OPEN_INDEX_WRITES_PER_ORDER,
    OPEN_ORDERS_INDEX,
    OPEN_SHARDS,
    OpenKind,
    open_key,
)
from infrastructure.storage import INVENTORY_WRITES_PER_ORDER, ORDERS_WRITES_PER_ORDER
from tests.aws_tables import TableNames, create_tables
from tests.infrastructure.resources import of_type, only, published
from tests.moto_state import in_moto

CREATED = "2026-11-22T15:14:31.123Z"
OPEN_ORDER = {
    "orderId": "open",
    "record": "ORDER",
    "customerId": "cust-17850",
    "createdAt": CREATED,
    "status": "PENDING",
    "openShard": "3",
    "openKey": open_key(OpenKind.IN_PROGRESS, CREATED),
}
STEP = {"orderId": "open", "record": "STEP#inventory", "status": "RESERVED", "at": CREATED}
SETTLED_ORDER = {
    "orderId": "settled",
    "record": "ORDER",
    "customerId": "cust-17850",
    "createdAt": "2026-11-22T16:00:00.000Z",
    "status": "CONFIRMED",
}


@pytest.fixture
def tables(dev_template: dict[str, Any]) -> Iterator[TableNames]:
    with in_moto(["dynamodb"], create_tables, dev_template) as names:
        yield names


@pytest.fixture
def orders(tables: TableNames) -> Any:
    table = boto3.resource("dynamodb").Table(tables.orders)
    for record in (OPEN_ORDER, STEP, SETTLED_ORDER):
        table.put_item(Item=record)
    return table


def test_an_order_and_its_steps_are_read_with_one_query(orders: Any) -> None:
    found = orders.query(KeyConditionExpression=Key("orderId").eq("open"))["Items"]

    assert [each["record"] for each in found] == ["ORDER", "STEP#inventory"]


def test_only_open_orders_are_in_the_index_of_open_orders(orders: Any) -> None:
    found = orders.scan(IndexName=OPEN_ORDERS_INDEX)["Items"]

    assert [each["orderId"] for each in found] == ["open"]


def test_open_orders_are_found_by_kind_and_age(orders: Any) -> None:
    older_than = open_key(OpenKind.IN_PROGRESS, "2026-11-22T15:20:00.000Z")

    found = orders.query(
        IndexName=OPEN_ORDERS_INDEX,
        KeyConditionExpression=Key("openShard").eq("3") & Key("openKey").lt(older_than),
    )["Items"]

    assert [each["orderId"] for each in found] == ["open"]


def test_the_orders_of_a_customer_are_found_newest_first_without_their_steps(orders: Any) -> None:
    found = orders.query(
        IndexName=CUSTOMER_ORDERS_INDEX,
        KeyConditionExpression=Key("customerId").eq("cust-17850"),
        ScanIndexForward=False,
    )["Items"]

    assert [each["orderId"] for each in found] == ["settled", "open"]


def test_the_indexes_have_the_attributes_of_summaries_and_of_open_orders(
    dev_template: dict[str, Any],
) -> None:
    table = of_type(dev_template, "AWS::DynamoDB::GlobalTable")[published(dev_template, "OrdersTableName")]

    projected = {
        index["IndexName"]: set(index["Projection"]["NonKeyAttributes"])
        for index in table["GlobalSecondaryIndexes"]
    }

    assert projected == {
        OPEN_ORDERS_INDEX: {
            "status",
            "customerId",
            "updatedAt",
            "reason",
            "attempts",
        },
        CUSTOMER_ORDERS_INDEX: {"status", "reason", "total", "updatedAt"},
    }


def test_a_product_is_read_by_its_id(tables: TableNames) -> None:
    inventory = boto3.resource("dynamodb").Table(tables.inventory)
    inventory.put_item(Item={"productId": "85123A", "available": 6})

    product = inventory.get_item(Key={"productId": "85123A"})["Item"]

    assert product["available"] == 6


def test_only_the_orders_table_has_a_stream_with_both_images(dev_template: dict[str, Any]) -> None:
    tables = of_type(dev_template, "AWS::DynamoDB::GlobalTable")

    streams = {
        logical_id: each["StreamSpecification"]
        for logical_id, each in tables.items()
        if "StreamSpecification" in each
    }

    assert streams == {published(dev_template, "OrdersTableName"): {"StreamViewType": "NEW_AND_OLD_IMAGES"}}


def test_tables_are_paid_per_request_and_have_point_in_time_recovery(dev_template: dict[str, Any]) -> None:
    for table in of_type(dev_template, "AWS::DynamoDB::GlobalTable").values():
        (replica,) = table["Replicas"]

        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def _retention(template: dict[str, Any]) -> set[tuple[bool, str, str]]:
    return {
        (
            resource["Properties"]["Replicas"][0]["DeletionProtectionEnabled"],
            resource["DeletionPolicy"],
            resource["UpdateReplacePolicy"],
        )
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::DynamoDB::GlobalTable"
    }


def test_the_tables_of_prod_are_retained_when_the_stack_is_deleted(prod_template: dict[str, Any]) -> None:
    assert _retention(prod_template) == {(True, "RetainExceptOnCreate", "Retain")}


def test_the_tables_of_dev_are_deleted_with_the_stack(dev_template: dict[str, Any]) -> None:
    assert _retention(dev_template) == {(False, "Delete", "Delete")}


def test_prod_takes_the_rate_of_its_api_key_from_the_first_second(prod_template: dict[str, Any]) -> None:
    tables = of_type(prod_template, "AWS::DynamoDB::GlobalTable")
    orders, inventory = (
        tables[published(prod_template, output)] for output in ("OrdersTableName", "InventoryTableName")
    )
    plan = only(prod_template, "AWS::ApiGateway::UsagePlan")

    warm = {index["IndexName"]: _writes(index) for index in orders["GlobalSecondaryIndexes"]}

    assert plan["Throttle"]["RateLimit"] == MAX_ORDERS_PER_SECOND
    assert _writes(orders) == ORDERS_WRITES_PER_ORDER * MAX_ORDERS_PER_SECOND
    assert _writes(inventory) == INVENTORY_WRITES_PER_ORDER * MAX_ORDERS_PER_SECOND
    assert warm == {OPEN_ORDERS_INDEX: 4_000, CUSTOMER_ORDERS_INDEX: 4_000}


def _writes(table_or_index: dict[str, Any]) -> int:
    return int(table_or_index["WarmThroughput"]["WriteUnitsPerSecond"])


def test_the_shards_of_open_orders_carry_twice_the_rate_of_prod() -> None:
    assert OPEN_SHARDS == 8
    assert OPEN_SHARDS * 1_000 // OPEN_INDEX_WRITES_PER_ORDER == 2 * MAX_ORDERS_PER_SECOND


def test_dev_pays_for_no_warm_throughput(dev_template: dict[str, Any]) -> None:
    assert "WarmThroughput" not in str(of_type(dev_template, "AWS::DynamoDB::GlobalTable"))
