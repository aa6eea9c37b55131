"""That the demo notices when an order does not end as it should."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from devtools.demo.orders import DEMO_ORDERS, DemoOrder, stock_after


def as_it_should(scenario: DemoOrder) -> dict[str, Any]:
    return {
        "status": scenario.status,
        "reason": scenario.reason,
        "steps": {name: {"status": status} for name, status in scenario.steps.items()},
    }


@pytest.mark.parametrize("scenario", DEMO_ORDERS, ids=lambda scenario: scenario.title)
def test_an_order_that_ended_as_it_should_has_no_differences(scenario: DemoOrder) -> None:
    assert scenario.differences(as_it_should(scenario)) == []


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        ({"status": "ON_HOLD"}, "status is ON_HOLD, not CONFIRMED"),
        ({"reason": "payment"}, "reason is payment, not None"),
        (
            {"steps": {"inventory": {"status": "RESERVED"}, "payment": {"status": "CAPTURED"}}},
            "notification is None, not SENT",
        ),
    ],
)
def test_what_is_not_as_it_should_be_is_said(difference: Mapping[str, Any], said: str) -> None:
    redriven = next(scenario for scenario in DEMO_ORDERS if scenario.outage)

    assert redriven.differences(as_it_should(redriven) | difference) == [said]


def test_a_step_that_should_not_have_happened_is_said() -> None:
    scenario = replace(DEMO_ORDERS[0], steps={})

    assert scenario.differences(
        {"status": "CONFIRMED", "reason": None, "steps": {"payment": {"status": "CAPTURED"}}}
    ) == ["payment is CAPTURED, not None"]


def test_only_orders_that_were_not_rejected_keep_stock() -> None:
    assert stock_after(DEMO_ORDERS) == {"DEMO-MUG": 100 - 6 - 2, "DEMO-LANTERN": 5 - 1}
