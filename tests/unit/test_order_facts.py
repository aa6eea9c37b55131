"""What a change of a record means for the business."""

from typing import Any

import pytest

from handlers.contract.metrics import MetricName
from handlers.domain.order_facts import facts

ORDER = {
    "record": "ORDER",
    "status": "PENDING",
    "createdAt": "2026-11-22T15:14:31.123Z",
    "updatedAt": "2026-11-22T15:14:31.123Z",
    "total": {"amount": 765, "currency": "USD"},
}
PAYMENT = {"record": "STEP#payment", "status": "CAPTURED"}


def _seconds(updated_at: str, **changes: Any) -> float:
    after = ORDER | {"status": "CONFIRMED", "updatedAt": updated_at} | changes
    return dict(facts(ORDER, after))[MetricName.SETTLE_SECONDS]


@pytest.mark.parametrize(
    ("settled_at", "seconds"),
    [
        ("2026-11-22T15:14:33.500Z", 2.377),
        # Step Functions leaves out a fraction that is zero.
        ("2026-11-22T15:14:33Z", 1.877),
        # Its clock may be behind that of the API.
        ("2026-11-22T15:14:31.100Z", 0),
    ],
)
def test_an_order_is_settled_so_many_seconds_after_it_was_accepted(settled_at: str, seconds: float) -> None:
    assert _seconds(settled_at) == seconds


def test_the_settlement_of_a_refused_order_is_timed_too() -> None:
    seconds = _seconds("2026-11-22T15:14:32.123Z", status="REJECTED", reason="OUT_OF_STOCK")

    assert seconds == 1


@pytest.mark.parametrize("status", ["PENDING", "CONFIRMED", "REJECTED", "ON_HOLD", "CANCELLED"])
def test_a_write_that_leaves_the_status_is_no_fact(status: str) -> None:
    stored = ORDER | {"status": status}

    assert list(facts(stored, stored | {"closedAt": "2026-11-22T15:14:34.000Z"})) == []


def test_a_resumed_order_is_neither_accepted_again_nor_settled() -> None:
    assert list(facts(ORDER | {"status": "ON_HOLD"}, ORDER)) == []


@pytest.mark.parametrize("status", ["PENDING", "CONFIRMED"])
def test_an_order_that_is_new_in_the_table_is_accepted_and_no_more(status: str) -> None:
    assert list(facts(None, ORDER | {"status": status})) == [(MetricName.ORDERS_ACCEPTED, 1)]


@pytest.mark.parametrize("before", [ORDER, PAYMENT])
def test_a_deleted_record_is_no_fact(before: dict[str, Any]) -> None:
    assert list(facts(before, None)) == []


@pytest.mark.parametrize("status", ["AUTHORIZED", "VOIDED", "DECLINED"])
def test_of_payments_only_refunds_are_counted(status: str) -> None:
    assert list(facts(PAYMENT, PAYMENT | {"status": status})) == []
    assert list(facts(PAYMENT, PAYMENT | {"status": "REFUNDED", "amount": 765})) == [
        (MetricName.REVENUE_REFUNDED, 765)
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "LOST"},
        {"status": "REJECTED", "reason": "WEATHER"},
        {"status": "REJECTED"},
        {"status": "CONFIRMED", "total": None},
        {"status": "CONFIRMED", "updatedAt": "yesterday"},
    ],
)
def test_a_record_that_this_system_did_not_write_is_an_error(changes: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        list(facts(ORDER, ORDER | changes))
