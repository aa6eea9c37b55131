"""Dead letters and orders on hold are listed and redriven; nothing is lost or repeated."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from click.testing import Result
from moto.sqs.models import sqs_backends
from typer.testing import CliRunner

from handlers.adapters.orders_table import OrdersTable
from handlers.contract.clock import rfc3339, second_reached
from handlers.contract.events import order_placed
from handlers.contract.names import OpenKind
from orderctl.commands import dlq
from orderctl.dlq.orders import RedrivableOrders
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.queues import read_queues
from orderctl.dlq.redrive import Redrive
from orderctl.main import app
from orderctl.stack import Stack
from tests.backlog import EMAIL, TOKEN, Backlog
from tests.fakes import InterruptedClient

QUEUES = ("inventory", "payment", "notification", "delivery")
CANCELLING = {"cancelRequestedAt": "2026-11-22T14:59:59.000Z", "cancelReason": "CUSTOMER"}
Orderctl = Callable[..., Result]


@pytest.fixture
def backlog(dev_template: dict[str, Any]) -> Iterator[Backlog]:
    with Backlog.in_moto(dev_template) as backlog:
        yield backlog


@pytest.fixture
def orderctl(backlog: Backlog, monkeypatch: pytest.MonkeyPatch) -> Orderctl:
    """Run a command of orderctl, without waiting for further messages."""
    monkeypatch.setattr(dlq, "find_stack", lambda *_: backlog.stack)
    monkeypatch.setattr(dlq, "read_queues", partial(read_queues, wait_seconds=0))
    return lambda *arguments: CliRunner().invoke(app, ["dlq", *arguments], catch_exceptions=True)


def _all_parked(backlog: Backlog) -> list[dict[str, Any]]:
    return [message for queue in QUEUES for message in backlog.parked(queue)]


def _undelivered(order_id: str) -> dict[str, Any]:
    """Return an undelivered event as EventBridge parks it."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "OrderPlaced",
        "source": "ecommerce.orders",
        "account": "123456789012",
        "time": "2026-11-22T15:14:32Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"orderId": order_id, "customerId": "cust-17850"},
    }


def _confirmed(order_id: str) -> dict[str, Any]:
    return _announcement("OrderConfirmed", order_id)


def _announcement(detail_type: str, order_id: str, **detail: str) -> dict[str, Any]:
    return {
        "source": "ecommerce.orders",
        "detail-type": detail_type,
        "detail": {"orderId": order_id, "customerId": "cust-17850", **detail},
    }


def _cancelled(backlog: Backlog) -> str:
    """Store an order that is cancelled, of which everybody was told."""
    order_id = backlog.place(
        "CANCELLED", reason="CUSTOMER", closedAt="2026-11-22T15:00:01.000Z", **CANCELLING
    )
    backlog.record(order_id, "STEP#notification#received", status="SKIPPED")
    backlog.record(order_id, "STEP#notification#cancelled", status="SENT")
    return order_id


def test_a_redriven_order_is_pending_and_emitted_and_its_message_is_deleted(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    order_id = backlog.place("ON_HOLD", reason="payment", attempts=5)
    backlog.park("payment", order_id)

    outcome = orderctl("redrive")

    assert outcome.exit_code == 0
    assert backlog.emitted() == [order_id]
    assert _all_parked(backlog) == []
    order = backlog.order(order_id)
    assert order["status"] == "PENDING"
    assert order["openKey"] == f"IN_PROGRESS#{order['updatedAt']}"
    assert not {"reason", "attempts"} & order.keys()
    assert "1 order emitted again, 1 message deleted" in outcome.output


def test_a_redrive_emits_the_original_event(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = backlog.place("ON_HOLD")
    backlog.park("payment", order_id)
    stored = OrdersTable(backlog.dynamodb, backlog.orders_table).read_order(order_id)

    orderctl("redrive")

    assert backlog.announced() == [("OrderPlaced", order_placed(stored).detail)]


def test_an_order_with_several_messages_is_emitted_once(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = backlog.place("ON_HOLD")
    backlog.park("inventory", order_id, step="ReserveInventory")
    backlog.park("payment", order_id)
    backlog.park("payment", order_id)
    backlog.send("delivery", _undelivered(order_id))

    outcome = orderctl("redrive")

    assert backlog.emitted() == [order_id]
    assert _all_parked(backlog) == []
    assert "1 order emitted again, 4 messages deleted" in outcome.output


def test_a_redrive_of_one_queue_leaves_the_others(backlog: Backlog, orderctl: Orderctl) -> None:
    paid, reserved, silent = (backlog.place("ON_HOLD") for _ in range(3))
    backlog.park("payment", paid)
    backlog.park("inventory", reserved, step="ReserveInventory")

    orderctl("redrive", "payment")

    assert backlog.emitted() == [paid]
    assert [message["orderId"] for message in _all_parked(backlog)] == [reserved]
    assert backlog.order(silent)["status"] == "ON_HOLD"


def test_a_redrive_of_one_order_leaves_the_others(backlog: Backlog, orderctl: Orderctl) -> None:
    wanted, other, silent = (backlog.place("ON_HOLD") for _ in range(3))
    backlog.park("payment", wanted)
    backlog.park("payment", other)

    orderctl("redrive", "--order", wanted)

    assert backlog.emitted() == [wanted]
    assert [message["orderId"] for message in backlog.parked("payment")] == [other]
    assert backlog.order(silent)["status"] == "ON_HOLD"


def test_a_redrive_of_all_includes_orders_on_hold_without_a_message(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    held = {backlog.place("ON_HOLD", reason="workflow") for _ in range(12)}
    backlog.place("PENDING")
    backlog.place("CONFIRMED")

    outcome = orderctl("redrive", "all")

    assert set(backlog.emitted()) == held
    assert "12 orders emitted again, 0 messages deleted" in outcome.output


@pytest.mark.parametrize("status", ["ON_HOLD", "PENDING"])
def test_an_open_order_without_a_message_is_redriven_by_its_id(
    backlog: Backlog, orderctl: Orderctl, status: str
) -> None:
    order_id = backlog.place(status)

    orderctl("redrive", "--order", order_id)

    assert backlog.emitted() == [order_id]
    assert backlog.order(order_id)["status"] == "PENDING"


def test_a_settled_order_is_emitted_for_its_notification_and_stays_settled(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    order_id = backlog.place("CONFIRMED")
    before = backlog.order(order_id)
    backlog.park("notification", order_id, step="NotifyConfirmed")

    orderctl("redrive", "notification")

    assert backlog.emitted() == [order_id]
    order = backlog.order(order_id)
    assert order.pop("openKey").startswith("IN_PROGRESS#")
    assert order.pop("openShard") in "01234567"
    assert order.pop("unannounced")
    assert order.pop("redrivenAt") > "2026"
    assert order == before
    assert _all_parked(backlog) == []


def test_the_time_of_the_redrive_is_that_of_the_latest_message(backlog: Backlog, orderctl: Orderctl) -> None:
    later = "2100-01-01T00:00:00.000Z"
    first, again = backlog.place("CONFIRMED"), backlog.place("CONFIRMED", redrivenAt=later)
    for order_id in (first, again):
        backlog.park("notification", order_id, step="NotifyConfirmed")
        backlog.park("notification", order_id, step="NotifyReceived")
    with read_queues(backlog.stack, ["notification"], wait_seconds=0) as found:
        sent = max(message.sent for message in found.messages if message.order_id == first)

    orderctl("redrive", "notification")

    assert backlog.order(first)["redrivenAt"] == second_reached(sent)
    assert backlog.order(again)["redrivenAt"] == later


@pytest.mark.parametrize("status", ["PENDING", "REJECTED"])
def test_an_order_in_progress_gets_the_time_of_its_redrive(
    backlog: Backlog, orderctl: Orderctl, status: str
) -> None:
    order_id = backlog.place(status, kind=OpenKind.IN_PROGRESS)
    backlog.park("notification", order_id, step="NotifyReceived")

    orderctl("redrive", "notification")

    assert backlog.emitted() == [order_id]
    order = backlog.order(order_id)
    assert order["status"] == status
    assert order["redrivenAt"] > "2026"


def test_a_settled_order_without_attempts_left_is_listed_and_redriven(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    order_id = backlog.place("CONFIRMED", kind=OpenKind.WAITING, attempts=5)

    listed = orderctl("list").output
    orderctl("redrive")

    assert _row(listed.splitlines(), order_id)[:2] == [order_id, "CONFIRMED"]
    assert backlog.emitted() == [order_id]
    order = backlog.order(order_id)
    assert order["status"] == "CONFIRMED"
    assert order["unannounced"]
    assert order["openKey"].startswith("IN_PROGRESS#")
    assert "attempts" not in order


def test_a_parked_announcement_is_published_unchanged(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = backlog.place("CONFIRMED")
    backlog.send("delivery", _confirmed(order_id))

    outcome = orderctl("redrive", "delivery")

    assert backlog.announced() == [("OrderConfirmed", _confirmed(order_id)["detail"])]
    assert _all_parked(backlog) == []
    assert "1 announcement published, 1 message deleted" in outcome.output


@pytest.mark.parametrize("status", ["CONFIRMED", "REJECTED"])
def test_the_messages_of_an_order_that_is_done_are_removed_without_an_event(
    backlog: Backlog, orderctl: Orderctl, status: str
) -> None:
    order_id = backlog.place(status, closedAt="2026-11-22T15:00:01.000Z")
    backlog.record(order_id, "STEP#notification#received", status="SENT")
    before = backlog.order(order_id)
    backlog.park("payment", order_id)
    backlog.park("payment", order_id)
    backlog.park("notification", order_id, step="NotifyReceived")
    backlog.send("delivery", _undelivered(order_id))

    listed, dry = orderctl("list").output, orderctl("redrive", "--dry-run").output
    outcome = orderctl("redrive")

    assert "4 messages of 1 order: 4 already done" in listed
    assert _row(dry.splitlines(), order_id) == [order_id, status, "none: already done", "4"]
    assert outcome.exit_code == 0
    assert "0 orders emitted again, 4 messages deleted. Already done, message only removed: 1 order." in (
        outcome.output
    )
    assert backlog.announced() == []
    assert _all_parked(backlog) == []
    assert backlog.order(order_id) == before


def test_the_redrive_of_an_order_to_be_cancelled_starts_its_cancellation(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    order_id = backlog.place("ON_HOLD", reason="payment", **CANCELLING)
    backlog.park("payment", order_id, step="ReversePayment")

    dry = orderctl("redrive", "--dry-run").output
    outcome = orderctl("redrive")

    assert _row(dry.splitlines(), order_id)[1:] == ["ON_HOLD (payment)", "OrderCancellationRequested", "1"]
    assert outcome.exit_code == 0
    detail = {"orderId": order_id, "customerId": "cust-17850", "reason": "CUSTOMER"}
    assert backlog.announced() == [("OrderCancellationRequested", detail)]
    assert _all_parked(backlog) == []
    order = backlog.order(order_id)
    assert (order["status"], order["cancelReason"]) == ("PENDING", "CUSTOMER")


def test_a_redrive_of_a_cancelled_order_does_nothing_and_removes_its_messages(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    order_id = _cancelled(backlog)
    before = backlog.order(order_id)
    backlog.park("payment", order_id, step="ReversePayment")
    backlog.park("inventory", order_id, step="ReturnStock")
    for step in ("NotifyReceived", "NotifyConfirmed", "NotifyCancelled"):
        backlog.park("notification", order_id, step=step)
    backlog.send("delivery", _undelivered(order_id))
    backlog.send("delivery", _announcement("OrderCancellationRequested", order_id, reason="CUSTOMER"))
    backlog.send("delivery", _confirmed(order_id))

    listed, dry = orderctl("list").output, orderctl("redrive", "--dry-run").output
    outcome = orderctl("redrive")

    assert "8 messages of 1 order: 8 already done" in listed
    rows = [_cells(line) for line in dry.splitlines() if order_id in line]
    removed = [order_id, "CANCELLED (CUSTOMER)", "none: already done"]
    assert rows == [[*removed, "7"], [*removed, "1"]]
    assert outcome.exit_code == 0
    assert "0 orders emitted again, 8 messages deleted. Already done, message only removed: 1 order." in (
        outcome.output
    )
    assert "Removed, because its order is cancelled: 1 announcement." in outcome.output
    assert backlog.announced() == []
    assert _all_parked(backlog) == []
    assert backlog.order(order_id) == before


def test_a_cancelled_order_without_a_message_is_not_announced_again(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    order_id = _cancelled(backlog)
    before = backlog.order(order_id)

    outcome = orderctl("redrive", "--order", order_id)

    assert outcome.exit_code == 0
    assert "Already done, no event emitted: 1 order." in outcome.output
    assert backlog.announced() == []
    assert backlog.order(order_id) == before


def test_a_customer_who_was_not_told_of_the_cancellation_is_told_by_a_redrive(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    order_id = _cancelled(backlog)
    backlog.record(order_id, "STEP#notification#cancelled", status="SENDING")
    backlog.park("notification", order_id, step="NotifyCancelled")

    orderctl("redrive", "notification")

    assert [type_ for type_, _ in backlog.announced()] == ["OrderCancellationRequested"]
    order = backlog.order(order_id)
    assert order["status"] == "CANCELLED"
    # With closedAt, the execution does not announce it again.
    assert order["closedAt"]
    assert order["openKey"].startswith("IN_PROGRESS#")


def test_a_parked_announcement_of_a_cancellation_is_published(backlog: Backlog, orderctl: Orderctl) -> None:
    announcement = _announcement("OrderCancelled", _cancelled(backlog), reason="CUSTOMER")
    backlog.send("delivery", announcement)

    orderctl("redrive", "delivery")

    assert backlog.announced() == [("OrderCancelled", announcement["detail"])]
    assert _all_parked(backlog) == []


def test_a_dry_run_shows_that_an_announcement_of_a_cancelled_order_is_only_removed(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    order_id = _cancelled(backlog)
    backlog.send("delivery", _confirmed(order_id))

    dry = orderctl("redrive", "--dry-run").output

    assert _row(dry.splitlines(), order_id) == [order_id, "CANCELLED (CUSTOMER)", "none: already done", "1"]


def test_an_announcement_is_not_published_when_its_order_is_cancelled_during_the_redrive(
    backlog: Backlog,
) -> None:
    confirmed, other = backlog.place("CONFIRMED"), backlog.place("CONFIRMED")
    backlog.send("delivery", _confirmed(confirmed))
    backlog.send("delivery", _confirmed(other))

    with read_queues(backlog.stack, QUEUES, wait_seconds=0) as found:
        plan = RedrivePlan.from_messages(found.messages)
        backlog.change(confirmed, **CANCELLING)
        *_, result = Redrive(backlog.stack, found, rate=10, now=later).run(plan)

    assert backlog.announced() == [("OrderConfirmed", _confirmed(other)["detail"])]
    assert (result.done, result.published, result.stale, result.deleted) == (2, 1, 1, 2)
    assert _all_parked(backlog) == []


@pytest.mark.parametrize("claimed", [True, False])
def test_a_notification_that_was_not_sent_is_redriven_with_the_other_messages_of_its_order(
    backlog: Backlog, orderctl: Orderctl, *, claimed: bool
) -> None:
    order_id = backlog.place("CONFIRMED", closedAt="2026-11-22T15:00:01.000Z")
    backlog.record(order_id, "STEP#notification#received", status="SENT")
    if claimed:
        backlog.record(order_id, "STEP#notification#confirmed", status="SENDING")
    backlog.park("payment", order_id)
    backlog.park("notification", order_id, step="NotifyConfirmed")

    listed = orderctl("list").output
    outcome = orderctl("redrive")

    assert "2 messages of 1 order: 1 needs redrive, 1 already done" in listed
    assert "1 order emitted again, 2 messages deleted" in outcome.output
    assert backlog.emitted() == [order_id]
    assert _all_parked(backlog) == []


@pytest.mark.parametrize("kind", list(OpenKind))
def test_a_settled_order_that_is_still_open_is_completed(
    backlog: Backlog, orderctl: Orderctl, kind: OpenKind
) -> None:
    order_id = backlog.place("CONFIRMED", kind=kind)
    backlog.park("payment", order_id)

    listed = orderctl("list").output
    orderctl("redrive")

    assert _row(listed.splitlines(), order_id)[-1] == "needs redrive"
    assert backlog.emitted() == [order_id]
    assert backlog.order(order_id)["unannounced"]
    assert _all_parked(backlog) == []


def test_a_message_that_a_killed_redrive_left_is_listed_by_what_became_of_its_order(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place("ON_HOLD")
    backlog.park("payment", order_id)
    backlog.park("payment", order_id)

    def kill() -> None:
        raise KeyboardInterrupt

    verdicts = [orderctl("list").output]
    with monkeypatch.context() as patch:
        _with_clients(patch, sqs=InterruptedClient(backlog.sqs, "delete_message_batch", kill))
        orderctl("redrive")
    _end_visibility_timeout(backlog.queue_url("payment"))
    verdicts.append(orderctl("list").output)
    backlog.settle(order_id)
    verdicts.append(orderctl("list").output)
    orderctl("redrive")

    assert [
        "2 messages of 1 order: 2 " + each in verdicts[number]
        for number, each in enumerate(["needs redrive", "being redriven", "already done"])
    ] == [True, True, True]
    assert backlog.emitted() == [order_id]
    assert "There are no dead letters." in orderctl("list").output


def test_a_redrive_leaves_out_orders_whose_messages_another_command_may_be_reading(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    hidden, named = backlog.place("ON_HOLD"), backlog.place("ON_HOLD")
    backlog.park("payment", hidden)
    backlog.sqs.receive_message(QueueUrl=backlog.queue_url("payment"), VisibilityTimeout=60)

    outcome = orderctl("redrive")
    orderctl("redrive", "--order", named)
    while_hidden = backlog.emitted()
    _end_visibility_timeout(backlog.queue_url("payment"))
    orderctl("redrive")

    assert outcome.exit_code == 0
    assert "There is nothing to redrive that this command can read" in outcome.output
    assert "2 orders without a message not redriven" in outcome.output
    assert while_hidden == [named]
    assert backlog.emitted() == [hidden]
    assert _all_parked(backlog) == []


def test_an_undelivered_event_is_emitted_again(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = backlog.place("PENDING")
    backlog.send("delivery", _undelivered(order_id))

    orderctl("redrive", "delivery")

    assert backlog.emitted() == [order_id]
    assert _all_parked(backlog) == []


def test_a_second_redrive_finds_nothing(backlog: Backlog, orderctl: Orderctl) -> None:
    backlog.park("payment", backlog.place("ON_HOLD"))
    orderctl("redrive")
    backlog.emitted()

    outcome = orderctl("redrive")

    assert outcome.exit_code == 0
    assert "nothing to redrive" in outcome.output
    assert backlog.emitted() == []


def test_a_dry_run_changes_nothing(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id, without = backlog.place("ON_HOLD"), backlog.place("ON_HOLD")
    backlog.park("payment", order_id)

    outcome = orderctl("redrive", "--dry-run")

    assert order_id in outcome.output
    assert without in outcome.output
    assert backlog.announced() == []
    assert len(backlog.parked("payment")) == 1
    assert backlog.order(order_id)["status"] == "ON_HOLD"


class RefusingBus:
    """A bus that refuses the events of these orders."""

    def __init__(self, events: Any, *order_ids: str) -> None:
        self._events = events
        self._order_ids = order_ids

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  boto3's name
        results = []
        for entry in Entries:
            if json.loads(entry["Detail"])["orderId"] in self._order_ids:
                results.append({"ErrorCode": "ThrottlingException", "ErrorMessage": "later"})
            else:
                results += self._events.put_events(Entries=[entry])["Entries"]
        return {"FailedEntryCount": sum("ErrorCode" in result for result in results), "Entries": results}


def _with_clients(monkeypatch: pytest.MonkeyPatch, **clients: Any) -> None:
    """Make orderctl use these clients instead of the real ones."""
    client = Stack.client
    monkeypatch.setattr(
        Stack, "client", lambda stack, service: clients.get(service) or client(stack, service)
    )


def test_a_message_is_deleted_only_after_the_bus_has_accepted_its_event(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, accepted = backlog.place("ON_HOLD"), backlog.place("ON_HOLD")
    backlog.park("payment", refused)
    backlog.park("payment", accepted)
    announced = backlog.place("CONFIRMED")
    backlog.send("delivery", _confirmed(announced))
    _with_clients(monkeypatch, events=RefusingBus(backlog.events, refused, announced))

    outcome = orderctl("redrive")

    assert outcome.exit_code == 1
    assert "2 events could not be emitted" in outcome.output
    assert f"{refused}: the bus did not accept its event" in outcome.output
    assert backlog.emitted() == [accepted]
    assert [message["orderId"] for message in backlog.parked("payment")] == [refused]
    assert backlog.parked("delivery") == [_confirmed(announced)]


def test_an_order_whose_event_was_refused_is_left_to_the_sweeper(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place("ON_HOLD")
    _with_clients(monkeypatch, events=RefusingBus(backlog.events, order_id))

    orderctl("redrive")

    assert backlog.order(order_id)["openKey"].startswith("IN_PROGRESS#")


@pytest.mark.parametrize(
    ("service", "method"),
    [
        ("dynamodb", "batch_get_item"),
        ("dynamodb", "update_item"),
        ("events", "put_events"),
        ("sqs", "receive_message"),
        ("sqs", "delete_message_batch"),
    ],
)
def test_an_interrupted_redrive_loses_nothing(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch, service: str, method: str
) -> None:
    with_message = {backlog.place("ON_HOLD") for _ in range(12)}
    without_message = {backlog.place("ON_HOLD") for _ in range(2)}
    for order_id in with_message:
        backlog.park("payment", order_id)

    def interrupt() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        _with_clients(patch, **{service: InterruptedClient(getattr(backlog, service), method, interrupt)})
        interrupted = orderctl("redrive")
    for url in backlog.stack.dlq_urls.values():
        _end_visibility_timeout(url)
    orderctl("redrive")
    for order_id in without_message:
        if backlog.order(order_id)["status"] == "PENDING":
            orderctl("redrive", "--order", order_id)  # as the sweeper does

    assert interrupted.exit_code != 0
    assert set(backlog.emitted()) == with_message | without_message
    assert _all_parked(backlog) == []


def _end_visibility_timeout(url: str) -> None:
    """End the visibility timeout of messages that an interrupted reader did not release."""
    queue = sqs_backends["123456789012"]["us-east-1"].get_queue(url.rpartition("/")[2])
    for message in queue._messages:
        message.change_visibility(0)


def test_an_interrupted_redrive_reports_its_progress_and_releases_the_other_messages(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(12):
        backlog.park("payment", backlog.place("ON_HOLD"))

    class InterruptedBus:
        """A bus that accepts ten events; then the operator presses Ctrl-C."""

        def put_events(self, **request: Any) -> Any:
            if len(request["Entries"]) < 10:
                raise KeyboardInterrupt
            return backlog.events.put_events(**request)

    _with_clients(monkeypatch, events=InterruptedBus())

    outcome = orderctl("redrive")

    assert outcome.exit_code != 0
    assert "10 orders emitted again, 10 messages deleted" in outcome.output
    assert len(backlog.parked("payment")) == 2


def test_a_message_that_arrives_during_the_redrive_is_kept(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place("ON_HOLD")
    backlog.park("payment", order_id)

    class FailingWorkflow:
        """A bus after which each emitted order fails again at once."""

        def put_events(self, **request: Any) -> Any:
            response = backlog.events.put_events(**request)
            backlog.park("payment", order_id, step="CapturePayment")
            return response

    _with_clients(monkeypatch, events=FailingWorkflow())

    outcome = orderctl("redrive")

    assert "1 order emitted again, 1 message deleted" in outcome.output
    assert [message["step"] for message in backlog.parked("payment")] == ["CapturePayment"]


def test_reading_a_queue_ends_while_new_messages_arrive(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = str(uuid4())
    backlog.park("payment", first)

    class FillingQueue:
        """A queue that gets a new message, sent an hour later, whenever one is received."""

        def __init__(self) -> None:
            self.received = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(backlog.sqs, name)

        def receive_message(self, **request: Any) -> Any:
            self.received += 1
            response = backlog.sqs.receive_message(**request)
            attributes = response["Messages"][0]["Attributes"]
            hours = self.received - 1
            attributes["SentTimestamp"] = str(int(attributes["SentTimestamp"]) + hours * 3_600_000)
            backlog.park("payment", str(uuid4()))
            return response

    filling = FillingQueue()
    _with_clients(monkeypatch, sqs=filling)

    outcome = orderctl("list", "payment")

    assert first in outcome.output
    assert filling.received == 1 + 3


def test_an_order_that_settles_during_the_redrive_stays_settled(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place("ON_HOLD")
    backlog.park("payment", order_id)
    settling = InterruptedClient(backlog.dynamodb, "update_item", lambda: backlog.settle(order_id))
    _with_clients(monkeypatch, dynamodb=settling)

    outcome = orderctl("redrive")

    assert outcome.exit_code == 0
    assert backlog.order(order_id)["status"] == "CONFIRMED"
    assert _all_parked(backlog) == []


def test_a_message_of_an_unknown_order_is_kept_and_reported(backlog: Backlog, orderctl: Orderctl) -> None:
    unknown, broken = str(uuid4()), backlog.place("ON_HOLD", items=None)
    backlog.park("payment", unknown)
    backlog.park("payment", broken)

    outcome = orderctl("redrive")

    assert outcome.exit_code == 1
    assert f"{unknown}: there is no such order" in outcome.output
    assert broken in outcome.output
    assert len(backlog.parked("payment")) == 2


@pytest.mark.parametrize(
    "body",
    [
        "not JSON",
        "[]",
        "{}",
        '{"orderId": 7}',
        '{"orderId": "", "step": "NotifyReceived"}',
        '{"orderId": "4711", "step": "AuthorizePayment"}',
        '{"detail-type": "OrderPlaced", "detail": "text"}',
        '{"detail-type": "Invoice", "detail": {"orderId": "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"}}',
    ],
)
def test_an_unknown_message_is_kept(backlog: Backlog, orderctl: Orderctl, body: str) -> None:
    backlog.send("payment", body)

    listed = orderctl("list", "payment")
    outcome = orderctl("redrive")

    assert listed.exit_code == 0
    assert "payment" in listed.output
    assert "Ignored" in outcome.output
    assert backlog.announced() == []
    found = backlog.sqs.receive_message(QueueUrl=backlog.queue_url("payment"))
    assert [message["Body"] for message in found["Messages"]] == [body]


def test_an_order_that_does_not_exist_cannot_be_redriven(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = str(uuid4())

    outcome = orderctl("redrive", "--order", order_id)

    assert outcome.exit_code == 1
    assert f"nothing to redrive for {order_id}" in outcome.output
    assert backlog.announced() == []


def test_an_order_without_a_message_on_the_named_queue_gets_a_hint(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    order_id = backlog.place("ON_HOLD")
    backlog.park("payment", order_id)

    outcome = orderctl("redrive", "inventory", "--order", order_id)

    assert outcome.exit_code == 1
    assert "on the inventory queue" in outcome.output
    assert f"orderctl dlq redrive --order {order_id}" in outcome.output
    assert "no such order" not in outcome.output


def later() -> datetime:
    """A clock that is in a later second than every message."""
    return datetime.now(UTC) + timedelta(seconds=2)


def test_a_redrive_waits_for_the_second_after_its_messages(backlog: Backlog) -> None:
    backlog.park("payment", backlog.place("ON_HOLD"))
    slept: list[float] = []

    with read_queues(backlog.stack, QUEUES, wait_seconds=0) as found:
        sent = found.messages[0].sent
        work = Redrive(backlog.stack, found, rate=1, sleep=slept.append, now=lambda: sent)
        list(work.run(RedrivePlan.from_messages(found.messages)))

    assert [sent + timedelta(seconds=seconds) for seconds in slept] == [
        datetime.fromisoformat(second_reached(sent)).replace(tzinfo=UTC)
    ]


def test_a_redrive_emits_at_most_its_rate_at_once(backlog: Backlog) -> None:
    for _ in range(3):
        backlog.park("payment", backlog.place("ON_HOLD"))
    time = [100.0]

    def sleep(seconds: float) -> None:
        time[0] += seconds

    with read_queues(backlog.stack, QUEUES, wait_seconds=0) as found:
        work = Redrive(backlog.stack, found, rate=1, clock=lambda: time[0], sleep=sleep, now=later)
        progress = [(result.done, time[0]) for result in work.run(RedrivePlan.from_messages(found.messages))]

    assert progress == [(1, 100.0), (2, 101.0), (3, 102.0)]


def test_a_settled_order_without_a_message_is_redriven_by_its_id(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    order_id = backlog.place("CONFIRMED", closedAt="2026-11-22T15:00:01.000Z")

    outcome = orderctl("redrive", "--order", order_id)

    assert outcome.exit_code == 0
    assert backlog.emitted() == [order_id]
    order = backlog.order(order_id)
    assert order["status"] == "CONFIRMED"
    assert order["unannounced"]
    assert order["openKey"].startswith("IN_PROGRESS#")
    assert "closedAt" not in order


def test_orders_are_redriven_in_batches_at_the_rate(backlog: Backlog) -> None:
    order_ids = {backlog.place("ON_HOLD") for _ in range(25)}
    for order_id in order_ids:
        backlog.park("payment", order_id)
    for _ in range(5):
        backlog.send("delivery", _confirmed(backlog.place("CONFIRMED")))
    time = [100.0]

    def sleep(seconds: float) -> None:
        time[0] += seconds

    with read_queues(backlog.stack, QUEUES, wait_seconds=0) as found:
        work = Redrive(backlog.stack, found, rate=10, clock=lambda: time[0], sleep=sleep, now=later)
        progress = [(result.done, time[0]) for result in work.run(RedrivePlan.from_messages(found.messages))]

    assert progress == [(10, 100.0), (20, 101.0), (25, 102.0), (30, 102.5)]
    assert _all_parked(backlog) == []


def test_a_list_shows_what_is_known_of_a_message_and_its_order(backlog: Backlog, orderctl: Orderctl) -> None:
    held, undelivered, settled = backlog.place("ON_HOLD"), backlog.place(), backlog.place("CONFIRMED")
    backlog.park("payment", held)
    refused = {"ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "not allowed"}
    backlog.send("delivery", _undelivered(undelivered), **refused)
    backlog.send("delivery", _confirmed(settled))

    lines = orderctl("list").output.splitlines()

    rows = [_row(lines, order_id) for order_id in (held, undelivered, settled)]
    todo = "needs redrive"
    assert [[*row[:5], *row[6:]] for row in rows] == [
        [
            "payment",
            held,
            "AuthorizePayment",
            "ON_HOLD",
            "GatewayUnavailable: the gateway is down",
            "1",
            todo,
        ],
        ["delivery", undelivered, "OrderPlaced", "PENDING", "NO_PERMISSIONS: not allowed", "1", todo],
        ["delivery", settled, "OrderConfirmed", "CONFIRMED", "?", "1", todo],
    ]
    assert all(re.fullmatch(r"\d+ (s|min)", row[5]) for row in rows)


def test_a_list_shows_orders_on_hold_that_have_no_message(backlog: Backlog, orderctl: Orderctl) -> None:
    without, with_message = backlog.place("ON_HOLD", reason="workflow"), backlog.place("ON_HOLD")
    backlog.park("payment", with_message)

    output = orderctl("list").output

    assert _row(output.splitlines(), without)[:3] == [without, "ON_HOLD", "workflow"]
    assert output.count(with_message) == 1


def test_no_order_is_said_to_be_without_a_message_while_another_command_reads_some(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    order_id = backlog.place("ON_HOLD", reason="payment")
    backlog.park("payment", order_id)
    backlog.sqs.receive_message(QueueUrl=backlog.queue_url("payment"), VisibilityTimeout=60)

    output = orderctl("list").output

    assert _row(output.splitlines(), order_id)[:3] == [order_id, "ON_HOLD", "payment"]
    assert "without a message" not in output
    assert "Their messages may be among those that another command is reading." in output


def test_an_order_that_is_redriven_while_the_queues_are_read_is_not_listed_as_waiting(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place("ON_HOLD")
    redriven = partial(backlog.change, order_id, status="PENDING", openKey="IN_PROGRESS#2026-11-22T15:59:00Z")
    _with_clients(monkeypatch, sqs=InterruptedClient(backlog.sqs, "receive_message", redriven))

    output = orderctl("list").output

    assert order_id not in output


def test_a_list_deletes_no_message(backlog: Backlog, orderctl: Orderctl) -> None:
    for _ in range(12):
        backlog.park("payment", backlog.place("ON_HOLD"))

    orderctl("list")

    assert len(backlog.parked("payment")) == 12


def test_a_long_list_is_shortened_and_has_a_total(backlog: Backlog, orderctl: Orderctl) -> None:
    for _ in range(12):
        backlog.park("payment", str(uuid4()))

    output = orderctl("list", "--limit", "3").output

    assert output.count("AuthorizePayment") == 4
    assert "12 messages of 12 orders in total" in output
    assert ["12", "payment", "AuthorizePayment", "GatewayUnavailable"] in map(_cells, output.splitlines())


def test_a_list_reports_messages_that_another_reader_has_received(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    backlog.park("payment", backlog.place("ON_HOLD"))
    backlog.sqs.receive_message(QueueUrl=backlog.queue_url("payment"), VisibilityTimeout=60)

    output = orderctl("list", "payment").output

    assert "There are no dead letters that this command can read on the payment queue" in output
    assert "Another command is reading 1 message: run this again in about 30 s." in output


def test_an_order_is_shown_with_all_its_messages(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = backlog.place("ON_HOLD")
    backlog.park("payment", order_id)
    backlog.park("inventory", order_id, step="ReserveInventory")
    backlog.park("inventory", backlog.place("ON_HOLD"))

    output = orderctl("show", order_id).output

    assert output.count('"executionArn"') == 2
    assert "the gateway is down" in output


def test_an_order_without_a_message_is_reported(backlog: Backlog, orderctl: Orderctl) -> None:
    outcome = orderctl("show", backlog.place("ON_HOLD"))

    assert outcome.exit_code == 1
    assert "There is no dead letter of" in outcome.output


def test_output_and_events_have_no_personal_data(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = backlog.place("ON_HOLD", reason="payment")
    backlog.park("payment", order_id)

    shown = orderctl("list").output + orderctl("show", order_id).output + orderctl("redrive").output

    assert EMAIL not in shown
    assert TOKEN not in shown
    assert EMAIL not in json.dumps(backlog.announced())


def _row(lines: list[str], order_id: str) -> list[str]:
    (line,) = (line for line in lines if order_id in line)
    return _cells(line)


def _cells(line: str) -> list[str]:
    return [cell for cell in re.split(r" {2,}", line.strip()) if cell]


def test_orders_without_a_message_are_listed_from_the_longest_waiting(backlog: Backlog) -> None:
    times = [f"2026-11-22T15:{minute:02}:00.000Z" for minute in (9, 3, 7, 1, 5, 8, 2, 6, 4)]
    for since in times:
        backlog.place("ON_HOLD", since=since)

    waiting = RedrivableOrders(backlog.stack).waiting()

    assert [rfc3339(order.since) for order in waiting] == sorted(times)


def test_an_operator_whom_the_bus_refuses_is_told_which_role_to_use(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place()
    backlog.park("payment", order_id)

    def refuse() -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "denied"}}, "PutEvents")

    clients = {"events": InterruptedClient(backlog.stack.client("events"), "put_events", refuse)}
    real = Stack.client
    monkeypatch.setattr(Stack, "client", lambda stack, service: clients.get(service) or real(stack, service))

    result = orderctl("redrive", "all")

    assert result.exit_code == 1
    assert "--role operator" in result.output
    assert [message["orderId"] for message in _all_parked(backlog)] == [order_id]
