"""What tests share in moto is made once, and every test has its own copy of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
from moto import mock_aws

from tests.backlog import Backlog
from tests.moto_clients import client
from tests.moto_state import made_once
from tests.orders_api import BusListener
from tests.workflow.deployment import deploy

Opened = Callable[[], AbstractContextManager[Backlog]]


@pytest.fixture
def opened(dev_template: dict[str, Any]) -> Opened:
    return partial(Backlog.in_moto, dev_template)


def _resources() -> dict[str, list[str]]:
    return {
        "tables": client("dynamodb").list_tables()["TableNames"],
        "queues": client("sqs").list_queues()["QueueUrls"],
        "topics": [each["TopicArn"] for each in client("sns").list_topics()["Topics"]],
        "subscriptions": [each["Endpoint"] for each in client("sns").list_subscriptions()["Subscriptions"]],
        "buses": [each["Name"] for each in client("events").list_event_buses()["EventBuses"]],
    }


def test_a_copy_has_every_resource_of_a_new_deployment(opened: Opened, dev_template: dict[str, Any]) -> None:
    with opened():
        pass
    with opened():
        copied = _resources()
    with mock_aws():
        deploy(dev_template)
        deployed = _resources()

    assert {name: sorted(each) for name, each in copied.items()} == {
        name: sorted(each) for name, each in deployed.items()
    }


def test_a_test_finds_nothing_of_the_test_before_it(opened: Opened) -> None:
    with opened() as first:
        before = _resources()
        order_id = first.place("ON_HOLD")
        first.park("payment", order_id)
        client("sqs").create_queue(QueueName="another")
        client("events").create_event_bus(Name="another")
        client("sns").create_topic(Name="another")
        client("secretsmanager").create_secret(Name="another", SecretString="sk_test")

    with opened() as second:
        assert _resources() == before
        assert second.parked("payment") == []
        assert client("dynamodb").scan(TableName=second.orders_table)["Items"] == []
        assert client("secretsmanager").list_secrets()["SecretList"] == []


def test_events_and_notifications_arrive_in_a_copy_as_in_the_first(opened: Opened) -> None:
    received = []
    for _ in range(2):
        with opened() as backlog:
            (topic,) = (arn for arn in backlog.deployment.names.values() if "MessagingNotifications" in arn)
            client("sns").publish(TopicArn=topic, Message="{}")
            backlog.events.put_events(
                Entries=[
                    {
                        "Source": "ecommerce.orders",
                        "DetailType": "OrderPlaced",
                        "Detail": '{"orderId": "1"}',
                        "EventBusName": backlog.bus_name,
                    }
                ]
            )
            (notification,) = backlog._messages(backlog.deployment.inbox_url, hidden_seconds=60)
            received.append((backlog.announced(), notification["Message"]))

    assert received == [([("OrderPlaced", {"orderId": "1"})], "{}")] * 2


def test_other_arguments_make_something_else() -> None:
    with mock_aws():
        first = made_once(["events", "sqs"], BusListener.on, "first")
    with mock_aws():
        made_once(["events", "sqs"], BusListener.on, "second")

        assert "second" in _resources()["buses"]
        assert "first" not in _resources()["buses"]
    with mock_aws():
        assert made_once(["events", "sqs"], BusListener.on, "first") is first
        assert "first" in _resources()["buses"]
