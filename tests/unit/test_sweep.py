"""Which orders a sweep emits again, and which it holds."""

from datetime import UTC, datetime, timedelta

import pytest

from handlers.contract.events import order_held
from handlers.contract.names import DetailType, OrderStatus
from handlers.domain.sweep import OverdueOrder, SweepPolicy

POLICY = SweepPolicy(after=timedelta(minutes=6), max_attempts=5, hold_expires_after=timedelta(days=6))


def _waiting(attempts: int) -> OverdueOrder:
    return OverdueOrder(
        order_id="6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11",
        customer_id="cust-17850",
        status=OrderStatus.PENDING,
        reason=None,
        open_key="IN_PROGRESS#2026-11-22T15:14:31.123Z",
        attempts=attempts,
    )


def test_an_order_is_overdue_when_it_has_waited_longer_than_the_policy_allows() -> None:
    now = datetime(2026, 11, 22, 15, 20, 31, 123_000, tzinfo=UTC)

    assert POLICY.overdue_before(now) == "2026-11-22T15:14:31.123Z"


def test_a_hold_has_expired_when_it_lasts_longer_than_the_policy_allows() -> None:
    now = datetime(2026, 11, 28, 15, 14, 31, 123_000, tzinfo=UTC)

    assert POLICY.expired_before(now) == "2026-11-22T15:14:31.123Z"


@pytest.mark.parametrize(("attempts", "given_up"), [(0, False), (4, False), (5, True), (6, True)])
def test_an_order_is_emitted_again_five_times(attempts: int, *, given_up: bool) -> None:
    assert POLICY.gives_up_on(_waiting(attempts)) is given_up


def test_a_held_order_is_announced_with_its_reason() -> None:
    event = order_held("6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11", "cust-17850", "workflow")

    assert event.detail_type is DetailType.ORDER_HELD
    assert event.detail == {
        "orderId": "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11",
        "customerId": "cust-17850",
        "reason": "workflow",
    }
