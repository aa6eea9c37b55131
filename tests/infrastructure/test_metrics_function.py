"""The metrics function reads the stream of the Orders table, in batches that can't block it."""

import json
from typing import Any

import pytest

from handlers.contract.metrics import MetricName
from infrastructure.config import InvalidSettingError, StageConfig
from tests.infrastructure.resources import of_type, only, published

STAGES = ["local_template", "dev_template", "prod_template"]


@pytest.fixture(params=STAGES)
def mapping(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The event source mapping of a stage."""
    return only(request.getfixturevalue(request.param), "AWS::Lambda::EventSourceMapping")


def test_the_function_gets_what_changed_in_the_orders_table(dev_template: dict[str, Any]) -> None:
    mapping = only(dev_template, "AWS::Lambda::EventSourceMapping")
    functions = of_type(dev_template, "AWS::Lambda::Function")

    assert functions[mapping["FunctionName"]["Ref"]]["Handler"] == "handlers.metrics.handler"
    assert mapping["EventSourceArn"] == {
        "Fn::GetAtt": [published(dev_template, "OrdersTableName"), "StreamArn"]
    }
    # Else what changed before the first read would never be counted.
    assert mapping["StartingPosition"] == "TRIM_HORIZON"


def test_changes_are_counted_in_batches(mapping: dict[str, Any]) -> None:
    assert mapping["BatchSize"] >= 100
    assert mapping["MaximumBatchingWindowInSeconds"] == 60


def test_counts_come_before_an_alarm_that_misses_them_rings(
    mapping: dict[str, Any], prod_template: dict[str, Any]
) -> None:
    counted = {name.value for name in MetricName if name.services == ("metrics",)}
    watching = {
        each["AlarmName"]: each["Period"]
        for each in of_type(prod_template, "AWS::CloudWatch::Alarm").values()
        if each.get("MetricName") in counted
    }

    assert watching.keys() == {"OrderProcessing-prod-NoOrders"}
    # A window, and the time that Lambda needs to read the stream.
    assert min(watching.values()) >= 2 * mapping["MaximumBatchingWindowInSeconds"]


def test_the_shortest_time_without_orders_is_longer_than_a_window(mapping: dict[str, Any]) -> None:
    shortest = 2 * mapping["MaximumBatchingWindowInSeconds"]

    config = StageConfig.for_stage("dev", alarm_without_orders_for=f"{shortest}s")

    assert config.alarm_without_orders_seconds == shortest
    with pytest.raises(InvalidSettingError, match="counted once a minute"):
        StageConfig.for_stage("dev", alarm_without_orders_for=f"{shortest - 60}s")


def test_a_change_that_fails_keeps_the_others_back_for_an_hour_at_most(mapping: dict[str, Any]) -> None:
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRetryAttempts"] == 3
    assert mapping["MaximumRecordAgeInSeconds"] == 3_600


def test_a_batch_has_time_before_the_function_times_out(dev_template: dict[str, Any]) -> None:
    (function,) = (
        each
        for each in of_type(dev_template, "AWS::Lambda::Function").values()
        if each["Handler"] == "handlers.metrics.handler"
    )

    assert function["Timeout"] == 30


def test_a_pattern_names_only_what_a_change_has(mapping: dict[str, Any]) -> None:
    # Lambda ignores what it does not know, and such a filter would let nothing through.
    # https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
    for each in mapping["FilterCriteria"]["Filters"]:
        pattern = json.loads(each["Pattern"])

        assert pattern.keys() == {"eventName", "dynamodb"}
        assert pattern["dynamodb"].keys() <= {"Keys", "OldImage", "NewImage"}
        assert pattern["eventName"] in (["INSERT"], ["MODIFY"])
