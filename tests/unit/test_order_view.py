"""How one order is explained: where it stands, how it came there, and what comes next."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from handlers.contract.names import OrderStatus
from orderctl.display.layout import status_text
from orderctl.display.report_json import report_json
from orderctl.display.report_view import report_view
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.verdict import Verdict
from orderctl.fault_switch import Service
from orderctl.order_report import OrderReport, ParkedMessage, described
from orderctl.order_words import next_step, status_words
from tests.execution_logs import RecordedLog

ORDER_ID = "23ac301d-e113-400f-8d5a-f406e39d870a"
TIME = "2026-11-22T15:14:31.123Z"
NOW = datetime(2026, 11, 22, 15, 20, tzinfo=UTC)
CANCELLATION = {"reason": "CUSTOMER", "requestedAt": TIME}
WAITING = {"openKey": f"WAITING#{TIME}"}
IN_PROGRESS = {"openKey": f"IN_PROGRESS#{TIME}"}
REQUESTED = {"cancelRequestedAt": TIME, "cancelReason": "CUSTOMER"}
HELD = RecordedLog.read("held_redriven_cancelled").traces[:1]
REDRIVE, CANCEL = f"orderctl dlq redrive --order {ORDER_ID}", f"orderctl cancel {ORDER_ID}"


def report(status: str, reason: str = "", **fields: Any) -> OrderReport:
    """Return what is known of an order; fields of the record, of the API's order, or of the report."""
    record = {"status": status, "updatedAt": TIME, **({"reason": reason} if reason else {})}
    parts = {name: fields.pop(name, ()) for name in ("parked", "traces", "faults")}
    hold_expires = fields.pop("hold_expires", None)
    order = {
        "orderId": ORDER_ID,
        "customerId": "cust-17850",
        "status": status,
        "total": {"amount": 1530, "currency": "USD"},
        "items": [{"productId": "85123A", "quantity": 6, "unitPrice": 255}],
        "steps": fields.pop("steps", {"payment": {"status": "REFUNDED", "at": TIME}}),
        "createdAt": TIME,
        "updatedAt": TIME,
        "cancellation": fields.pop("cancellation", None),
    }
    notifications = fields.pop("notifications", {})
    return OrderReport(
        order=order,
        record=record | fields,
        notifications={kind: {"status": each, "at": TIME} for kind, each in notifications.items()},
        executions=described(record | fields, parts["traces"]),
        parked=parts["parked"],
        notes=[],
        faults=parts["faults"],
        hold_expires=hold_expires,
    )


def parked(step: str, verdict: Verdict = Verdict.NEEDS_REDRIVE) -> ParkedMessage:
    body = {"orderId": ORDER_ID, "step": step, "error": "DependencyUnavailable", "cause": "throttled"}
    letter = DeadLetter(queue="notification", message_id="1", receipt="r", sent=NOW, body=body)
    return ParkedMessage(letter=letter, verdict=verdict)


def shown(status: str, reason: str = "", **fields: Any) -> list[str]:
    console = Console(width=160, file=io.StringIO(), record=True)
    console.print(report_view(report(status, reason, **fields), NOW))
    return [" ".join(line.split()) for line in console.export_text().splitlines()]


def test_a_cancelled_order_is_shown_with_its_reason_and_its_refund() -> None:
    lines = shown("CANCELLED", "CUSTOMER", cancellation=CANCELLATION | {"comment": "[bold]wrong size"})

    assert "status CANCELLED (CUSTOMER)" in lines
    assert f"cancellation requested at {TIME} (CUSTOMER)" in lines
    assert "in their words [bold]wrong size" in lines
    assert "payment REFUNDED 2026-11-22 15:14:31" in lines


def test_a_request_is_shown_before_the_order_is_cancelled() -> None:
    lines = shown("ON_HOLD", "payment", cancellation=CANCELLATION)

    assert "status ON_HOLD (payment)" in lines
    assert f"cancellation requested at {TIME} (CUSTOMER)" in lines
    assert not any("in their words" in line for line in lines)


@pytest.mark.parametrize(
    ("status", "fields", "expected"),
    [
        ("ON_HOLD", WAITING, "2026-11-22T15:29:31.123Z"),
        ("ON_HOLD", IN_PROGRESS, None),
        ("ON_HOLD", WAITING | REQUESTED, None),
        ("CONFIRMED", WAITING, None),
    ],
)
def test_a_held_order_says_when_its_hold_expires(
    status: str, fields: dict[str, str], expected: str | None
) -> None:
    found = report(status, hold_expires=timedelta(minutes=15), **fields)
    of_an_earlier_version = report(status, **fields)
    lines = shown(status, hold_expires=timedelta(minutes=15), **fields)

    assert report_json(found, next_step(found, NOW), NOW)["holdExpiresAt"] == expected
    assert of_an_earlier_version.hold_expires_at is None
    assert [line for line in lines if line.startswith("expires")] == (
        [f"expires {expected}: if it is still on hold, the sweeper cancels it"] if expected else []
    )


def test_a_fault_is_turned_off_before_a_redrive() -> None:
    held = report("ON_HOLD", "payment", faults=[Service.PAYMENT], **WAITING)
    settled = report("CONFIRMED", faults=[Service.NOTIFICATION], parked=[parked("NotifyConfirmed")])

    assert next_step(held, NOW, options=" --stage dev").commands == (
        "orderctl fault payment off --stage dev",
        f"{REDRIVE} --stage dev",
        f"{CANCEL} --stage dev",
    )
    assert next_step(held, NOW).text == (
        "A fault of the payment service is switched on: turn it off, then run it again. Or cancel it."
    )
    assert next_step(settled, NOW).commands == ("orderctl fault notification off", REDRIVE)


def test_an_order_without_a_request_is_shown_without_one() -> None:
    assert not any("cancellation" in line for line in shown("CONFIRMED"))


def test_every_notification_is_shown() -> None:
    lines = shown("CANCELLED", "CUSTOMER", notifications={"received": "SENT", "confirmed": "SKIPPED"})

    assert "notification (received) SENT 2026-11-22 15:14:31" in lines
    assert "notification (confirmed) SKIPPED 2026-11-22 15:14:31" in lines


def test_a_held_order_is_shown_with_its_broken_steps_and_its_messages() -> None:
    lines = shown("ON_HOLD", "inventory", traces=HELD, parked=[parked("ReserveInventory")], **WAITING)

    text = "\n".join(lines)
    assert "Held: ReserveInventory and AuthorizePayment failed. Nothing is lost, and it has waited" in text
    assert "held the order: ReserveInventory and AuthorizePayment failed" in text
    assert "attempts at 14:21:46, 14:21:49, 14:21:49, 14:21:50 UTC, waits of 0.6, 0.1, 0.3 s" in text
    assert "ReserveInventory on the notification queue, needs redrive: DependencyUnavailable" in text
    assert "SUCCEEDED" not in text


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            report("ON_HOLD", "payment", **WAITING),
            f"Held: the payment could not be made or given back. Nothing is lost, and it has waited for an "
            f"operator since {TIME} (5 min).",
            id="held, and its log is gone",
        ),
        pytest.param(
            report("ON_HOLD", "payment", parked=[parked("AuthorizePayment")], **WAITING),
            "Held: AuthorizePayment failed. Nothing is lost",
            id="held, and only its message is left",
        ),
        pytest.param(
            report("ON_HOLD", "payment", **WAITING, **REQUESTED),
            "It is to be cancelled: its customer asked for it.",
            id="held while it is cancelled",
        ),
        pytest.param(
            report("PENDING", **IN_PROGRESS), "In progress: the log has no execution of it so far.", id="new"
        ),
        pytest.param(
            report("PENDING", traces=HELD, **IN_PROGRESS),
            "In progress, and no execution runs: the last one held the order: ",
            id="redriven, and not started yet",
        ),
        pytest.param(
            report("CONFIRMED"),
            "Confirmed: the stock is reserved and the payment is taken. Everything is done.",
            id="confirmed",
        ),
        pytest.param(
            report("CONFIRMED", **IN_PROGRESS), "Not everybody was told yet.", id="confirmed just now"
        ),
        pytest.param(
            report("CONFIRMED", parked=[parked("NotifyConfirmed")]),
            "But not everybody was told: NotifyConfirmed failed.",
            id="confirmed, and its customer not told",
        ),
        pytest.param(
            report("CONFIRMED", parked=[parked("OrderConfirmed")], **WAITING),
            "But not everybody was told: OrderConfirmed failed, and the sweeper has stopped trying.",
            id="confirmed, and the sweeper gave up",
        ),
        pytest.param(
            report("REJECTED", "OUT_OF_STOCK"),
            "Rejected: a product is out of stock. Nothing was charged. Everything is done.",
            id="rejected",
        ),
        pytest.param(
            report("CANCELLED", "CUSTOMER"),
            "Cancelled: its customer asked for it. The stock is back and the payment is refunded. "
            "Everything is done.",
            id="cancelled",
        ),
    ],
)
def test_the_status_is_said_in_words(found: OrderReport, expected: str) -> None:
    assert expected in status_words(found, NOW)


@pytest.mark.parametrize(
    ("found", "text", "commands"),
    [
        pytest.param(report("ON_HOLD", "payment", **WAITING), "Fix the cause", [REDRIVE, CANCEL], id="held"),
        pytest.param(
            report("ON_HOLD", "payment", **WAITING, **REQUESTED),
            "run the cancellation again",
            [REDRIVE],
            id="held while it is cancelled",
        ),
        pytest.param(report("CONFIRMED", **WAITING), "be told", [REDRIVE], id="the sweeper gave up"),
        pytest.param(
            report("PENDING", **IN_PROGRESS),
            "an execution is at work",
            [f"orderctl trace {ORDER_ID}"],
            id="in progress since a moment ago",
        ),
        pytest.param(
            report("PENDING", openKey="IN_PROGRESS#2026-11-22T15:00:00.000Z"),
            "the sweeper starts an execution",
            [REDRIVE],
            id="no execution runs",
        ),
        pytest.param(
            report("PENDING", parked=[parked("A", Verdict.BEING_REDRIVEN)], **IN_PROGRESS),
            "a redrive has taken it",
            [f"orderctl trace {ORDER_ID}"],
            id="being redriven",
        ),
        pytest.param(
            report("CONFIRMED", parked=[parked("NotifyConfirmed")]), "Fix", [REDRIVE], id="not told"
        ),
        pytest.param(
            report("REJECTED", parked=[parked("A", Verdict.ALREADY_DONE)]),
            "A redrive removes what is parked",
            [REDRIVE],
            id="a message that says nothing any more",
        ),
        pytest.param(report("REJECTED", "OUT_OF_STOCK"), "Nothing to do.", [], id="rejected"),
        pytest.param(report("CONFIRMED"), "it can be cancelled", [CANCEL], id="confirmed"),
    ],
)
def test_what_comes_next_is_said_with_its_commands(
    found: OrderReport, text: str, commands: list[str]
) -> None:
    next_ = next_step(found, NOW, cancel_confirmed_seconds=3600)

    assert text in next_.text
    assert list(next_.commands) == commands


def test_a_confirmed_order_can_be_cancelled_only_for_a_time() -> None:
    late = next_step(report("CONFIRMED"), NOW + timedelta(hours=1), cancel_confirmed_seconds=3600)

    assert (late.text, late.commands) == ("Nothing to do.", ())


def test_the_commands_have_the_options_of_the_stack() -> None:
    next_ = next_step(report("ON_HOLD", **WAITING), NOW, options=" --stack prod")

    assert all(command.endswith(f"{ORDER_ID} --stack prod") for command in next_.commands)


@pytest.mark.parametrize("status", OrderStatus)
def test_every_status_has_a_colour_of_its_own(status: OrderStatus) -> None:
    styles = [status_text(each).style for each in OrderStatus]

    assert status_text(status).style
    assert styles.count(status_text(status).style) == 1
