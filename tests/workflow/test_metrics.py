"""What the metrics function counts of an order that goes through the real workflow: each fact once.

The changes come from the stream of moto's table, and MiniStack applies the filters of the template.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from ministack.services.lambda_svc import _apply_filter_criteria

from handlers.contract.metrics import MetricName
from handlers.domain.errors import GatewayUnavailable
from handlers.metrics import values_of
from tests.infrastructure.resources import only
from tests.moto_clients import client
from tests.workflow.deployment import Deployment
from tests.workflow.in_process_shop import InProcessShop
from tests.workflow.interventions import losing_the_response, raising

Changes = Callable[[str], list[dict[str, Any]]]
Values = Callable[[str], dict[str, list[float]]]

NO_RESPONSE = raising(GatewayUnavailable("no response"))
ACCEPTED = {"OrdersAccepted": [1]}
CONFIRMED = {"OrdersConfirmed": [1], "RevenueConfirmed": [765]}


@pytest.fixture
def changes(deployment: Deployment) -> Changes:
    """Return the changes of an order's records, as Lambda reads them from the stream."""
    table = deployment.tables.orders
    client("dynamodb").update_table(
        TableName=table,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    streams = client("dynamodbstreams")
    (stream,) = streams.list_streams(TableName=table)["Streams"]
    (shard,) = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]

    def changes(order_id: str) -> list[dict[str, Any]]:
        iterator = streams.get_shard_iterator(
            StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = streams.get_records(ShardIterator=iterator, Limit=1_000)["Records"]
        return [each for each in records if each["dynamodb"]["Keys"]["orderId"] == {"S": order_id}]

    return changes


@pytest.fixture
def values(changes: Changes, dev_template: dict[str, Any]) -> Values:
    """Return what the function counts of the changes that the filters of the template let through."""
    mapping = only(dev_template, "AWS::Lambda::EventSourceMapping")

    def values(order_id: str) -> dict[str, list[float]]:
        counted = values_of(_apply_filter_criteria(changes(order_id), mapping))
        # The workflow of these tests has a clock of its own.
        return {
            name.value: listed for name, listed in counted.items() if name is not MetricName.SETTLE_SECONDS
        }

    return values


def test_an_order_is_counted_as_accepted_and_as_confirmed_with_its_total(
    shop: InProcessShop, values: Values
) -> None:
    order_id = shop.place(mug=3)

    shop.process(order_id)

    assert values(order_id) == ACCEPTED | CONFIRMED


@pytest.mark.parametrize(
    ("quantity", "payment_method", "metric"),
    [
        (11, "pm_card_visa", "OrdersRejectedOutOfStock"),
        (3, "pm_card_declined", "OrdersRejectedPaymentDeclined"),
    ],
)
def test_a_refused_order_is_counted_by_its_reason(
    shop: InProcessShop, values: Values, quantity: int, payment_method: str, metric: str
) -> None:
    order_id = shop.place(mug=quantity, payment_method=payment_method)

    shop.process(order_id)

    assert values(order_id) == ACCEPTED | {metric: [1]}


def test_a_repeated_event_and_a_settlement_without_a_response_are_counted_once(
    shop: InProcessShop, values: Values
) -> None:
    order_id = shop.place(mug=3)
    shop.intervene("settle", losing_the_response, times=1)

    shop.process(order_id)
    shop.process(order_id)

    assert values(order_id) == ACCEPTED | CONFIRMED


def test_a_held_order_is_counted_when_it_is_held_and_when_it_is_confirmed(
    shop: InProcessShop, values: Values
) -> None:
    order_id = shop.place(mug=3)
    shop.intervene("authorize", NO_RESPONSE)
    shop.process(order_id)
    shop.interventions.clear()

    shop.process(order_id)

    assert values(order_id) == ACCEPTED | {"OrdersHeld": [1]} | CONFIRMED


def test_a_cancelled_order_is_counted_with_the_amount_of_its_refund(
    shop: InProcessShop, values: Values
) -> None:
    order_id = shop.place(mug=3)
    shop.process(order_id)
    shop.cancel(order_id)

    shop.process_cancellation(order_id)
    shop.process_cancellation(order_id)

    assert values(order_id) == ACCEPTED | CONFIRMED | {"OrdersCancelled": [1], "RevenueRefunded": [765]}


def test_a_payment_that_is_voided_is_no_refund(shop: InProcessShop, values: Values) -> None:
    order_id = shop.place(mug=3)
    shop.cancel(order_id)

    shop.process_cancellation(order_id)

    assert values(order_id) == ACCEPTED | {"OrdersCancelled": [1]}


def test_the_filters_let_through_only_what_is_counted(
    shop: InProcessShop, changes: Changes, dev_template: dict[str, Any]
) -> None:
    order_id = shop.place(mug=3)
    shop.process(order_id)
    mapping = only(dev_template, "AWS::Lambda::EventSourceMapping")

    all_changes = changes(order_id)
    delivered = _apply_filter_criteria(all_changes, mapping)

    assert len(all_changes) >= 10
    assert len(delivered) == 2
    # Without a filter, the function counts the same.
    assert values_of(all_changes) == values_of(delivered)


def test_every_filter_is_read_by_lambda(dev_template: dict[str, Any]) -> None:
    filters = only(dev_template, "AWS::Lambda::EventSourceMapping")["FilterCriteria"]["Filters"]

    patterns = [json.loads(each["Pattern"]) for each in filters]

    # More need a higher limit: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
    assert len(patterns) == 5
