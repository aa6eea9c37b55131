"""Notifications with the deployed table and a topic: each kind is sent once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

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
TO_BE_CANCELLED: Final = {"cancelRequestedAt": "2026-11-22T15:20:00.000Z", "cancelReason": "CUSTOMER"}
CANCELLED: Final = {**TO_BE_CANCELLED, "status": "CANCELLED", "reason": "CUSTOMER"}
KINDS: Final = ("received", "confirmed", "rejected", "cancelled")


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
    """Send a notification of this kind, and return the status."""

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
    tables.place({"85123A": 6}, status="CONFIRMED")

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
    tables.change(status="CONFIRMED")
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


def _status(tables: OrderTables, kind: str) -> str | None:
    step = tables.step(f"STEP#notification#{kind}")
    return step and step["status"]


@pytest.mark.parametrize("status", ["PENDING", "ON_HOLD", "CONFIRMED"])
def test_nothing_is_sent_about_an_order_that_is_being_cancelled(
    tables: OrderTables, inbox: Inbox, notify: Notify, status: str
) -> None:
    tables.place({"85123A": 6}, status=status, **TO_BE_CANCELLED)

    assert {notify(kind) for kind in KINDS} == {"SKIPPED"}
    assert inbox.messages() == []


def test_only_its_cancellation_is_sent_about_an_order_that_is_cancelled(
    tables: OrderTables, inbox: Inbox, notify: Notify
) -> None:
    tables.place({"85123A": 6}, **CANCELLED)

    assert [notify(kind) for kind in KINDS] == ["SKIPPED", "SKIPPED", "SKIPPED", "SENT"]
    assert [message["kind"] for message in inbox.messages()] == ["cancelled"]


@pytest.mark.parametrize("status", ["PENDING", "ON_HOLD", "CONFIRMED", "REJECTED"])
def test_an_order_that_nobody_cancels_is_not_called_cancelled(
    tables: OrderTables, inbox: Inbox, notify: Notify, status: str
) -> None:
    tables.place({"85123A": 6}, status=status)

    assert notify("cancelled") == "SKIPPED"
    assert inbox.messages() == []
    assert tables.step("STEP#notification#received") is None


def test_what_is_not_true_any_more_leaves_no_record(tables: OrderTables, notify: Notify) -> None:
    tables.place({"85123A": 6}, **TO_BE_CANCELLED)

    notify("received")

    assert _status(tables, "received") is None


@pytest.mark.parametrize("reason", ["CUSTOMER", "OPERATOR", "HOLD_EXPIRED"])
def test_a_customer_is_told_once_that_the_order_is_cancelled(
    tables: OrderTables, inbox: Inbox, notify: Notify, reason: str
) -> None:
    tables.place({"85123A": 6}, **CANCELLED | {"cancelReason": reason, "reason": reason})

    statuses = [notify("cancelled"), notify("cancelled", execution=OTHER_EXECUTION)]

    assert statuses == ["SENT", "SENT"]
    [message] = inbox.messages()
    assert message["kind"] == "cancelled"
    assert "cancelled" in message["body"]


def test_after_cancelled_nothing_else_can_be_sent(tables: OrderTables, notify: Notify) -> None:
    tables.place({"85123A": 6})
    notify("received")
    tables.change(**CANCELLED)

    notify("cancelled")

    assert {kind: _status(tables, kind) for kind in KINDS} == {
        "received": "SENT",
        "confirmed": "SKIPPED",
        "rejected": "SKIPPED",
        "cancelled": "SENT",
    }


def test_a_notification_that_is_about_to_be_claimed_is_not_sent_after_cancelled(
    tables: OrderTables, inbox: Inbox, notify: Notify
) -> None:
    tables.place({"85123A": 6}, status="CONFIRMED")

    def cancel() -> None:
        tables.change(**CANCELLED)
        notify("cancelled", execution=OTHER_EXECUTION)

    notify("confirmed", dynamodb=InterruptedClient(tables.dynamodb, "update_item", cancel))

    assert [message["kind"] for message in inbox.messages()] == ["cancelled"]


def test_cancelled_waits_for_a_notification_that_is_being_sent(
    tables: OrderTables, inbox: Inbox, notify: Notify
) -> None:
    tables.place({"85123A": 6})
    _crash_before_publishing(notify, inbox)
    tables.change(**CANCELLED)

    with pytest.raises(NotificationInProgress, match=ORDER):
        notify("cancelled", now=NOW + timedelta(seconds=30))

    assert inbox.messages() == []
    assert _status(tables, "cancelled") is None


def test_cancelled_does_not_wait_for_a_claim_of_an_invocation_that_died(
    tables: OrderTables, inbox: Inbox, notify: Notify
) -> None:
    tables.place({"85123A": 6})
    _crash_before_publishing(notify, inbox)
    tables.change(**CANCELLED)

    assert notify("cancelled", now=NOW + timedelta(seconds=30.001)) == "SENT"
    assert [message["kind"] for message in inbox.messages()] == ["cancelled"]
    assert _status(tables, "received") == "SKIPPED"


def test_a_cancellation_that_died_half_way_tells_the_customer_when_it_is_repeated(
    tables: OrderTables, inbox: Inbox, notify: Notify
) -> None:
    tables.place({"85123A": 6}, **CANCELLED)
    with pytest.raises(SystemExit):
        notify("cancelled", sns=InterruptedClient(inbox.sns, "publish", _crash))

    assert notify("cancelled") == "SENT"
    assert [message["kind"] for message in inbox.messages()] == ["cancelled"]


def test_an_order_without_an_address_is_cancelled_without_a_notification(
    tables: OrderTables, inbox: Inbox, notify: Notify
) -> None:
    tables.place({"85123A": 6})
    tables.change(**CANCELLED, customerEmail=None, paymentMethod=None)

    assert notify("cancelled") == "SKIPPED"
    assert inbox.messages() == []
