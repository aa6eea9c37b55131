"""What a dead letter says, what it still asks for, and how it is listed."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from handlers.contract.money import Money
from handlers.contract.names import CancelReason, OrderStatus
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.orders import KnownOrder
from orderctl.dlq.tables import messages_view
from orderctl.dlq.verdict import verdict

ORDER_ID = "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"
SENT = datetime(2026, 11, 22, 15, 14, 31, 123_000, tzinfo=UTC)
TAKEN, TAKEN_BEFORE = "2026-11-22T15:14:32", "2026-11-22T15:14:31"
CANCELLING = {"cancel_reason": CancelReason.CUSTOMER}
IN_PROGRESS, WAITING = "IN_PROGRESS#2026-11-22T15:20:00.000Z", "WAITING#2026-11-22T15:20:00.000Z"


def _letter(step: str = "AuthorizePayment", **fields: Any) -> DeadLetter:
    return _message({"orderId": ORDER_ID, "step": step, "error": "GatewayUnavailable", **fields})


def _event(detail_type: str) -> DeadLetter:
    return _message({"detail-type": detail_type, "detail": {"orderId": ORDER_ID}})


def _message(body: dict[str, Any]) -> DeadLetter:
    return DeadLetter(queue="payment", message_id="1", receipt="r", sent=SENT, body=body)


def _order(status: str, open_key: str | None, **fields: Any) -> KnownOrder:
    return KnownOrder(
        order_id=ORDER_ID,
        customer_id="cust-17850",
        items=(),
        total=Money(amount=1530, currency="USD"),
        status=OrderStatus(status),
        open_key=open_key,
        **{"redriven_at": None, **fields},
    )


@pytest.mark.parametrize(
    ("message", "order", "expected"),
    [
        pytest.param(_letter(), _order("ON_HOLD", WAITING), "needs redrive", id="held"),
        pytest.param(
            _letter(), _order("ON_HOLD", WAITING, redriven_at=TAKEN), "needs redrive", id="held again"
        ),
        pytest.param(_letter(), _order("PENDING", IN_PROGRESS), "needs redrive", id="not redriven yet"),
        pytest.param(
            _letter(), _order("PENDING", IN_PROGRESS, redriven_at=TAKEN), "being redriven", id="redriven"
        ),
        pytest.param(
            _letter(),
            _order("PENDING", IN_PROGRESS, redriven_at=TAKEN_BEFORE),
            "needs redrive",
            id="sent after the redrive",
        ),
        pytest.param(
            _letter(),
            _order("CONFIRMED", IN_PROGRESS, redriven_at=TAKEN),
            "being redriven",
            id="redriven and settled, and not everybody was told",
        ),
        pytest.param(
            _letter(), _order("CONFIRMED", WAITING), "needs redrive", id="settled, and waits for an operator"
        ),
        pytest.param(_letter(), _order("CONFIRMED", None), "already done", id="confirmed"),
        pytest.param(_letter("VoidPayment"), _order("REJECTED", None), "already done", id="rejected"),
        pytest.param(_event("OrderPlaced"), _order("CONFIRMED", None), "already done", id="undelivered"),
        pytest.param(
            _letter("NotifyConfirmed"), _order("CONFIRMED", None), "needs redrive", id="customer not told"
        ),
        pytest.param(
            _letter("NotifyConfirmed"),
            _order("CONFIRMED", None, notified=frozenset({"received"})),
            "needs redrive",
            id="customer told something else",
        ),
        pytest.param(
            _letter("NotifyConfirmed"),
            _order("CONFIRMED", None, notified=frozenset({"received", "confirmed"})),
            "already done",
            id="customer told",
        ),
        pytest.param(_event("OrderConfirmed"), _order("CONFIRMED", None), "needs redrive", id="announcement"),
        pytest.param(_event("OrderConfirmed"), None, "needs redrive", id="announcement of an unread order"),
        pytest.param(
            _letter("ReversePayment"),
            _order("ON_HOLD", WAITING, **CANCELLING),
            "needs redrive",
            id="not refunded",
        ),
        pytest.param(
            _letter("ReturnStock"), _order("CANCELLED", None, **CANCELLING), "already done", id="cancelled"
        ),
        pytest.param(
            _letter("NotifyConfirmed"),
            _order("CANCELLED", None, **CANCELLING),
            "already done",
            id="cancelled before its customer was told that it is confirmed",
        ),
        pytest.param(
            _letter("NotifyCancelled"),
            _order("CANCELLED", None, **CANCELLING),
            "needs redrive",
            id="cancelled, and its customer not told",
        ),
        pytest.param(
            _letter("NotifyCancelled"),
            _order("CANCELLED", None, notified=frozenset({"cancelled"}), **CANCELLING),
            "already done",
            id="cancelled, and its customer told",
        ),
        pytest.param(
            _letter("NotifyReceived"),
            _order("CANCELLED", WAITING, **CANCELLING),
            "needs redrive",
            id="cancelled, and waits for an operator",
        ),
        pytest.param(
            _event("OrderCancellationRequested"),
            _order("CANCELLED", None, **CANCELLING),
            "already done",
            id="undelivered request",
        ),
        pytest.param(
            _event("OrderCancellationRequested"),
            _order("PENDING", IN_PROGRESS, **CANCELLING),
            "needs redrive",
            id="undelivered request that is not carried out",
        ),
        pytest.param(
            _event("OrderCancelled"),
            _order("CANCELLED", None, **CANCELLING),
            "needs redrive",
            id="announcement of a cancelled order",
        ),
        pytest.param(
            _event("OrderConfirmed"),
            _order("CONFIRMED", IN_PROGRESS, **CANCELLING),
            "already done",
            id="announcement of an order that is to be cancelled",
        ),
        pytest.param(
            _event("OrderHeld"),
            _order("ON_HOLD", WAITING, **CANCELLING),
            "needs redrive",
            id="announcement that a cancellation waits",
        ),
        pytest.param(
            _event("OrderHeld"),
            _order("ON_HOLD", IN_PROGRESS, **CANCELLING),
            "already done",
            id="announcement of a hold that a cancellation ends",
        ),
        pytest.param(_letter(), None, "unknown", id="no such order"),
        pytest.param(_event("Invoice"), _order("CONFIRMED", None), "unknown", id="not from this system"),
    ],
)
def test_a_message_has_a_verdict(message: DeadLetter, order: KnownOrder | None, expected: str) -> None:
    assert verdict(message, order) == expected


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        ("", "GatewayUnavailable"),
        ("the gateway is down", "GatewayUnavailable: the gateway is down"),
        ("first line\nsecond line", "GatewayUnavailable: first line"),
        (
            json.dumps({"errorMessage": "the gateway is down", "stackTrace": ["line 1"]}),
            "GatewayUnavailable: the gateway is down",
        ),
        ("word " * 30, f"GatewayUnavailable: {'word ' * 15}..."),
    ],
)
def test_a_cause_is_the_error_and_a_short_first_line(cause: str, expected: str) -> None:
    assert _letter(cause=cause).cause == expected


@pytest.mark.parametrize("width", [60, 80, 139, 140, 240])
def test_an_order_id_and_a_verdict_are_whole_at_every_width(width: int) -> None:
    console = Console(width=width, file=io.StringIO(), record=True)
    held, cause = {ORDER_ID: _order("ON_HOLD", WAITING)}, "Rate Exceeded. " * 5

    parts = messages_view(
        [_letter(cause=cause)], held, SENT + timedelta(minutes=3), limit=50, width=console.width
    )
    for part in parts:
        console.print(part)
    lines = console.export_text().splitlines()

    assert [ORDER_ID in line for line in lines].count(True) == 1
    assert any("needs redrive" in line for line in lines[1:-1])
    assert any("ON_HOLD" in line for line in lines)
    assert lines[-1] == "1 message of 1 order: 1 needs redrive"
