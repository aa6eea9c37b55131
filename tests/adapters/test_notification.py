"""Notifications with the deployed table and a topic: each kind is sent once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.adapters.notification_records import NotificationRecords
from handlers.adapters.notification_topic import NotificationTopic
from handlers.adapters.orders_table import OrdersTable
from handlers.api.step_request import StepRequest
from handlers.domain.errors import NotificationInProgress, OrderNotFound
from handlers.domain.notification import NotificationKind
from handlers.notification import NotificationService
from tests.fakes import InterruptedClient
from tests.moto_clients import client
from tests.order_tables import EMAIL, EXECUTION, ORDER, OTHER_EXECUTION, OrderTables

NOW = datetime(2026, 11, 22, 15, 14, 31, tzinfo=UTC)

Notify = Callable[..., str]


class Inbox:
    """A topic, and a queue that is subscribed to it."""

    def __init__(self) -> None:
        self._sqs = client("sqs")
        self.sns = client("sns")
        self.topic_arn: str = self.sns.create_topic(Name="notifications")["TopicArn"]
        self._queue_url: str = self._sqs.create_queue(QueueName="inbox")["QueueUrl"]
        self.sns.subscribe(
            TopicArn=self.topic_arn,
            Protocol="sqs",
            Endpoint=self._sqs.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=["QueueArn"])[
                "Attributes"
            ]["QueueArn"],
        )

    def envelopes(self) -> list[dict[str, Any]]:
        """Return the messages that SNS delivered, unsorted."""
        received = self._sqs.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in received.get("Messages", [])]

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(envelope["Message"]) for envelope in self.envelopes()]


@pytest.fixture
def inbox(tables: OrderTables) -> Inbox:  # noqa: ARG001  moto must start first
    return Inbox()


@pytest.fixture
def notify(tables: OrderTables, inbox: Inbox) -> Notify:
    """Send "received", "confirmed" or "rejected", and return the status."""

    def notify(
        kind: str,
        *,
        execution: str = EXECUTION,
        now: datetime = NOW,
        dynamodb: Any = tables.dynamodb,
        sns: Any = inbox.sns,
    ) -> str:
        service = NotificationService(
            orders=OrdersTable(dynamodb, tables.names.orders),
            records=NotificationRecords(dynamodb, tables.names.orders),
            topic=NotificationTopic(sns, inbox.topic_arn),
            now=lambda: now,
        )
        return service.perform(
            StepRequest(operation=NotificationKind(kind), order_id=ORDER, execution_arn=execution)
        )

    return notify


def _crash() -> None:
    raise SystemExit


def _crash_before_publishing(notify: Notify, inbox: Inbox, **how: Any) -> None:
    with pytest.raises(SystemExit):
        notify("received", sns=InterruptedClient(inbox.sns, "publish", _crash), **how)


def test_a_notification_is_addressed_to_the_customer(
    tables: OrderTables, inbox: Inbox, notify: Notify
) -> None:
    tables.place({"85123A": 6})

    notify("received")

    [message] = inbox.messages()
    assert message["orderId"] == ORDER
    assert message["kind"] == "received"
    assert message["to"] == EMAIL
    assert "USD 15.30" in message["body"]
    assert message["subject"]


def test_subscribers_can_filter_by_kind(tables: OrderTables, inbox: Inbox, notify: Notify) -> None:
    tables.place({"85123A": 6})

    notify("confirmed")

    [envelope] = inbox.envelopes()
    assert envelope["MessageAttributes"]["kind"] == {"Type": "String", "Value": "confirmed"}


def test_a_rejection_has_its_reason(tables: OrderTables, inbox: Inbox, notify: Notify) -> None:
    tables.place({"85123A": 6}, status="REJECTED", reason="PAYMENT_DECLINED")

    notify("rejected")

    [message] = inbox.messages()
    assert "declined" in message["body"]


def test_a_sent_notification_is_recorded_with_its_message_id(tables: OrderTables, notify: Notify) -> None:
    tables.place({"85123A": 6})

    status = notify("received")

    step = tables.step("STEP#notification#received")
    assert step is not None
    assert status == step["status"] == "SENT"
    assert step["messageId"]
    assert step["owner"] == EXECUTION
    assert step["at"] == "2026-11-22T15:14:31.000Z"


@pytest.mark.parametrize("later", [timedelta(0), timedelta(hours=1)])
def test_a_repeated_notification_is_sent_once(
    tables: OrderTables, inbox: Inbox, notify: Notify, later: timedelta
) -> None:
    tables.place({"85123A": 6})
    notify("received")

    statuses = [notify("received"), notify("received", execution=OTHER_EXECUTION, now=NOW + later)]

    assert statuses == ["SENT", "SENT"]
    assert len(inbox.messages()) == 1


def test_notifications_of_two_kinds_are_both_sent(tables: OrderTables, inbox: Inbox, notify: Notify) -> None:
    tables.place({"85123A": 6})

    notify("received")
    notify("confirmed")

    assert {message["kind"] for message in inbox.messages()} == {"received", "confirmed"}


def test_the_owner_of_a_claim_can_send_again(tables: OrderTables, inbox: Inbox, notify: Notify) -> None:
    tables.place({"85123A": 6})
    _crash_before_publishing(notify, inbox)

    status = notify("received")

    assert status == "SENT"
    assert len(inbox.messages()) == 1


def test_an_execution_does_not_send_while_another_one_has_a_fresh_claim(
    tables: OrderTables, inbox: Inbox, notify: Notify
) -> None:
    tables.place({"85123A": 6})
    _crash_before_publishing(notify, inbox)

    with pytest.raises(NotificationInProgress, match=ORDER):
        notify("received", execution=OTHER_EXECUTION, now=NOW + timedelta(seconds=30))

    assert inbox.messages() == []


def test_another_execution_takes_over_a_stale_claim(
    tables: OrderTables, inbox: Inbox, notify: Notify
) -> None:
    tables.place({"85123A": 6})
    _crash_before_publishing(notify, inbox)

    status = notify("received", execution=OTHER_EXECUTION, now=NOW + timedelta(seconds=30.001))

    step = tables.step("STEP#notification#received")
    assert status == "SENT"
    assert step is not None
    assert step["owner"] == OTHER_EXECUTION
    assert len(inbox.messages()) == 1


def test_a_claim_is_renewed_when_its_owner_sends_again(
    tables: OrderTables, inbox: Inbox, notify: Notify
) -> None:
    tables.place({"85123A": 6})
    _crash_before_publishing(notify, inbox)
    _crash_before_publishing(notify, inbox, now=NOW + timedelta(seconds=29))

    with pytest.raises(NotificationInProgress):
        notify("received", execution=OTHER_EXECUTION, now=NOW + timedelta(seconds=40))


def test_the_first_owner_can_not_use_a_claim_that_was_taken_over(
    tables: OrderTables, inbox: Inbox, notify: Notify
) -> None:
    tables.place({"85123A": 6})
    _crash_before_publishing(notify, inbox)
    _crash_before_publishing(notify, inbox, execution=OTHER_EXECUTION, now=NOW + timedelta(seconds=31))

    with pytest.raises(NotificationInProgress):
        notify("received", now=NOW + timedelta(seconds=32))


def test_two_executions_at_the_same_time_send_once(tables: OrderTables, inbox: Inbox, notify: Notify) -> None:
    tables.place({"85123A": 6})
    interrupted = InterruptedClient(
        tables.dynamodb, "update_item", lambda: notify("received", execution=OTHER_EXECUTION)
    )

    status = notify("received", dynamodb=interrupted)

    assert status == "SENT"
    assert len(inbox.messages()) == 1


def test_an_unknown_order_leaves_no_claim(tables: OrderTables, inbox: Inbox, notify: Notify) -> None:
    with pytest.raises(OrderNotFound, match=ORDER):
        notify("received")

    assert inbox.messages() == []
    assert tables.step("STEP#notification#received") is None
