"""How one order and its cancellation are shown."""

import io
from typing import Any

import pytest
from rich.console import Console

from handlers.contract.names import OrderStatus
from orderctl.display.layout import status_text
from orderctl.display.order_view import order_view

ORDER_ID = "23ac301d-e113-400f-8d5a-f406e39d870a"
TIME = "2026-11-22T15:14:31.123Z"
CANCELLATION = {"reason": "CUSTOMER", "requestedAt": TIME}


def shown(**fields: Any) -> list[str]:
    order = {
        "orderId": ORDER_ID,
        "customerId": "cust-17850",
        "status": "CANCELLED",
        "reason": "CUSTOMER",
        "total": {"amount": 1530, "currency": "USD"},
        "items": [{"productId": "85123A", "quantity": 6, "unitPrice": 255}],
        "steps": {"payment": {"status": "REFUNDED", "at": TIME}},
        "createdAt": TIME,
        "updatedAt": TIME,
        **fields,
    }
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(order_view(order))
    return [" ".join(line.split()) for line in console.export_text().splitlines()]


def test_a_cancelled_order_is_shown_with_its_reason_and_its_refund() -> None:
    lines = shown(cancellation=CANCELLATION | {"comment": "[bold]wrong size"})

    assert "status CANCELLED (CUSTOMER)" in lines
    assert f"cancellation requested at {TIME} (CUSTOMER)" in lines
    assert "in their words [bold]wrong size" in lines
    assert f"payment REFUNDED {TIME}" in lines


def test_a_request_is_shown_before_the_order_is_cancelled() -> None:
    lines = shown(status="ON_HOLD", reason="payment", cancellation=CANCELLATION)

    assert "status ON_HOLD (payment)" in lines
    assert f"cancellation requested at {TIME} (CUSTOMER)" in lines
    assert not any("in their words" in line for line in lines)


@pytest.mark.parametrize("fields", [{}, {"cancellation": None}], ids=["earlier version", "no request"])
def test_an_order_without_a_request_is_shown_without_one(fields: dict[str, Any]) -> None:
    assert not any("cancellation" in line for line in shown(status="CONFIRMED", reason=None, **fields))


@pytest.mark.parametrize("status", OrderStatus)
def test_every_status_has_a_colour_of_its_own(status: OrderStatus) -> None:
    styles = [status_text(each).style for each in OrderStatus]

    assert status_text(status).style
    assert styles.count(status_text(status).style) == 1
