"""The demo notices when an order does not end as it should."""

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
def test_an_order_that_ended_as_it_should_has_no_differences(order: DemoOrder) -> None:
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
def test_each_difference_is_named(difference: Mapping[str, Any], message: str) -> None:
    redriven = next(order for order in DEMO_ORDERS if order.outage)

    assert redriven.differences(ended_as_expected(redriven) | difference) == [message]


def test_a_step_that_should_not_have_happened_is_named() -> None:
    order = replace(DEMO_ORDERS[0], steps={})

    assert order.differences(
        {"status": "CONFIRMED", "reason": None, "steps": {"payment": {"status": "CAPTURED"}}}
    ) == ["payment is CAPTURED, not None"]


def test_only_orders_that_were_not_rejected_keep_stock() -> None:
    assert stock_after(DEMO_ORDERS) == {"DEMO-MUG": 100 - 6 - 2, "DEMO-LANTERN": 5 - 1}
