"""Notifications on the deployed table and a topic: each kind reaches the customer once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.adapters.notification_records import NotificationRecords
from handlers.adapters.notification_topic import NotificationTopic
from handlers.adapters.orders_table import OrdersTable
from handlers.domain.errors import NotificationInProgress, OrderNotFound
from handlers.domain.notification import NotificationKind
from handlers.domain.step_request import StepRequest
from handlers.notification import NotificationService
from tests.fakes import Interrupted
from tests.moto_clients import client
from tests.order_tables import EMAIL, EXECUTION, ORDER, OTHER_EXECUTION, OrderTables

NOW = datetime(2026, 11, 22, 15, 14, 31, tzinfo=UTC)

Notify = Callable[..., str]


class Inbox:
    """A queue that is subscribed to the topic."""

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
        """Return what SNS delivered, in no order."""
        answer = self._sqs.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(envelope["Message"]) for envelope in self.envelopes()]


@pytest.fixture
def inbox(tables: OrderTables) -> Inbox:  # noqa: ARG001  moto has to be there first
    return Inbox()


@pytest.fixture
def notify(tables: OrderTables, inbox: Inbox) -> Notify:
    """Send "received", "confirmed" or "rejected"; the answer is the status."""

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
        notify("received", sns=Interrupted(inbox.sns, "publish", _crash), **how)


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


def test_a_rejection_tells_the_reason(tables: OrderTables, inbox: Inbox, notify: Notify) -> None:
    tables.place({"85123A": 6}, status="REJECTED", reason="PAYMENT_DECLINED")

    notify("rejected")

    [message] = inbox.messages()
    assert "declined" in message["body"]


def test_what_was_sent_is_recorded_with_its_message_id(tables: OrderTables, notify: Notify) -> None:
    tables.place({"85123A": 6})

    status = notify("received")

    step = tables.step("STEP#notification#received")
    assert step is not None
    assert status == step["status"] == "SENT"
    assert step["messageId"]
    assert step["owner"] == EXECUTION
    assert step["at"] == "2026-11-22T15:14:31.000Z"


@pytest.mark.parametrize("later", [timedelta(0), timedelta(hours=1)])
def test_a_notification_is_sent_once_whoever_asks_again(
    tables: OrderTables, inbox: Inbox, notify: Notify, later: timedelta
) -> None:
    tables.place({"85123A": 6})
    notify("received")

    statuses = [notify("received"), notify("received", execution=OTHER_EXECUTION, now=NOW + later)]

    assert statuses == ["SENT", "SENT"]
    assert len(inbox.messages()) == 1


def test_each_kind_is_sent_for_itself(tables: OrderTables, inbox: Inbox, notify: Notify) -> None:
    tables.place({"85123A": 6})

    notify("received")
    notify("confirmed")

    assert {message["kind"] for message in inbox.messages()} == {"received", "confirmed"}


def test_the_owner_of_a_claim_resumes_it(tables: OrderTables, inbox: Inbox, notify: Notify) -> None:
    tables.place({"85123A": 6})
    _crash_before_publishing(notify, inbox)

    status = notify("received")

    assert status == "SENT"
    assert len(inbox.messages()) == 1


def test_a_fresh_claim_of_another_execution_is_left_alone(
    tables: OrderTables, inbox: Inbox, notify: Notify
) -> None:
    tables.place({"85123A": 6})
    _crash_before_publishing(notify, inbox)

    with pytest.raises(NotificationInProgress, match=ORDER):
        notify("received", execution=OTHER_EXECUTION, now=NOW + timedelta(seconds=30))

    assert inbox.messages() == []


def test_a_stale_claim_is_taken_over(tables: OrderTables, inbox: Inbox, notify: Notify) -> None:
    tables.place({"85123A": 6})
    _crash_before_publishing(notify, inbox)

    status = notify("received", execution=OTHER_EXECUTION, now=NOW + timedelta(seconds=30.001))

    step = tables.step("STEP#notification#received")
    assert status == "SENT"
    assert step is not None
    assert step["owner"] == OTHER_EXECUTION
    assert len(inbox.messages()) == 1


def test_resuming_a_claim_renews_it(tables: OrderTables, inbox: Inbox, notify: Notify) -> None:
    tables.place({"85123A": 6})
    _crash_before_publishing(notify, inbox)
    _crash_before_publishing(notify, inbox, now=NOW + timedelta(seconds=29))

    with pytest.raises(NotificationInProgress):
        notify("received", execution=OTHER_EXECUTION, now=NOW + timedelta(seconds=40))


def test_a_claim_that_was_taken_over_is_no_longer_its_first_owners(
    tables: OrderTables, inbox: Inbox, notify: Notify
) -> None:
    tables.place({"85123A": 6})
    _crash_before_publishing(notify, inbox)
    _crash_before_publishing(notify, inbox, execution=OTHER_EXECUTION, now=NOW + timedelta(seconds=31))

    with pytest.raises(NotificationInProgress):
        notify("received", now=NOW + timedelta(seconds=32))


def test_two_executions_at_once_send_once(tables: OrderTables, inbox: Inbox, notify: Notify) -> None:
    tables.place({"85123A": 6})
    interrupted = Interrupted(
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
