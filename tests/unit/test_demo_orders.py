"""The demo reports an order that does not end as expected."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from devtools.demo.orders import DEMO_ORDERS, DemoOrder, stock_after


def ended_as_expected(order: DemoOrder) -> dict[str, Any]:
    return {
        "status": order.status,
        "reason": order.reason,
        "steps": {name: {"status": status} for name, status in order.steps.items()},
    }


@pytest.mark.parametrize("order", DEMO_ORDERS, ids=lambda order: order.title)
def test_an_order_that_ended_as_expected_has_no_differences(order: DemoOrder) -> None:
    assert order.differences(ended_as_expected(order)) == []


@pytest.mark.parametrize(
    ("difference", "message"),
    [
        ({"status": "ON_HOLD"}, "status is ON_HOLD, not CONFIRMED"),
        ({"reason": "payment"}, "reason is payment, not None"),
        (
            {"steps": {"inventory": {"status": "RESERVED"}, "payment": {"status": "CAPTURED"}}},
            "notification is None, not SENT",
        ),
    ],
)
def test_each_difference_is_reported(difference: Mapping[str, Any], message: str) -> None:
    redriven = next(order for order in DEMO_ORDERS if order.outage)

    assert redriven.differences(ended_as_expected(redriven) | difference) == [message]


def test_an_unexpected_step_is_reported() -> None:
    order = replace(DEMO_ORDERS[0], steps={})

    assert order.differences(
        {"status": "CONFIRMED", "reason": None, "steps": {"payment": {"status": "CAPTURED"}}}
    ) == ["payment is CAPTURED, not None"]


def test_all_orders_except_rejected_ones_keep_their_stock() -> None:
    assert stock_after(DEMO_ORDERS) == {"DEMO-MUG": 100 - 6 - 2, "DEMO-LANTERN": 5 - 1}
