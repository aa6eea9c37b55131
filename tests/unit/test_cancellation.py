"""Which orders a client can cancel, and what the others are told."""

from datetime import UTC, datetime, timedelta

import pytest

from handlers.contract.money import Money, OrderLine
from handlers.contract.names import CancelReason, OrderStatus
from handlers.domain.cancellation import CancellationPolicy
from handlers.domain.errors import CancelLater, NotCancellable
from handlers.domain.order import Cancellation, Order

NOW = datetime(2026, 11, 23, 15, 14, 31, 123_000, tzinfo=UTC)
A_DAY = CancellationPolicy(after_confirmation=timedelta(days=1))
NEVER = CancellationPolicy(after_confirmation=timedelta(0))
REQUEST = Cancellation(requested_at="2026-11-22T15:14:33.000Z", reason=CancelReason.CUSTOMER, comment=None)


def _refused(
    status: OrderStatus, *, at: str = "2026-11-23T15:00:00.000Z", request: Cancellation | None = None
) -> Order:
    """Return an order whose cancellation the table has refused."""
    return Order(
        order_id="6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11",
        customer_id="cust-17850",
        customer_email="ada@example.com",
        payment_method="pm_card_visa",
        status=status,
        items=(OrderLine(product_id="85123A", quantity=6, unit_price=255),),
        total=Money(amount=1530, currency="USD"),
        created_at="2026-11-22T15:14:31.123Z",
        updated_at=at,
        request_hash="0" * 64,
        cancellation=request,
    )


def test_an_order_must_have_been_confirmed_within_the_time() -> None:
    assert A_DAY.confirmed_since(NOW) == "2026-11-22T15:14:31.123Z"


def test_no_confirmation_qualifies_where_it_is_switched_off() -> None:
    assert NEVER.confirmed_since(NOW) is None


@pytest.mark.parametrize("policy", [A_DAY, NEVER])
@pytest.mark.parametrize("status", OrderStatus)
def test_a_request_that_is_there_already_is_accepted(status: OrderStatus, policy: CancellationPolicy) -> None:
    order = _refused(status, at="2026-11-01T00:00:00.000Z", request=REQUEST)

    policy.require_requested(order, NOW)


@pytest.mark.parametrize("policy", [A_DAY, NEVER])
def test_the_client_of_a_rejected_order_is_told_so(policy: CancellationPolicy) -> None:
    with pytest.raises(NotCancellable, match=r"^The order was rejected"):
        policy.require_requested(_refused(OrderStatus.REJECTED), NOW)


def test_the_client_of_a_confirmed_order_is_told_that_it_is_switched_off() -> None:
    with pytest.raises(NotCancellable, match="takes no confirmed order back"):
        NEVER.require_requested(_refused(OrderStatus.CONFIRMED), NOW)


def test_the_time_ends_a_day_after_the_confirmation() -> None:
    with pytest.raises(CancelLater):
        A_DAY.require_requested(_refused(OrderStatus.CONFIRMED, at="2026-11-22T15:14:31.123Z"), NOW)
    with pytest.raises(NotCancellable, match=r"confirmed at 2026-11-22T15:14:31\.122Z"):
        A_DAY.require_requested(_refused(OrderStatus.CONFIRMED, at="2026-11-22T15:14:31.122Z"), NOW)


@pytest.mark.parametrize(
    ("span", "said"), [(timedelta(days=7), "for 168 hours"), (timedelta(minutes=90), "for 1.5 hours")]
)
def test_the_client_is_told_how_long_an_order_can_be_cancelled(span: timedelta, said: str) -> None:
    policy = CancellationPolicy(after_confirmation=span)

    with pytest.raises(NotCancellable, match=said):
        policy.require_requested(_refused(OrderStatus.CONFIRMED, at="2026-11-01T00:00:00.000Z"), NOW)
