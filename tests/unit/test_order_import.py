"""The summary of an import."""

from datetime import UTC, datetime, timedelta

import pytest

from handlers.contract.names import OrderStatus
from orderctl.api_client import Response
from orderctl.display.import_summary import ranges
from orderctl.files.order_file import FileOrder
from orderctl.order_import import Latency, Placement, order_request, summarise
from orderctl.settlement import OrderState

START = datetime(2026, 11, 22, 15, 14, 31, tzinfo=UTC)


def placement(order_id: str, *, status: int = 202, replayed: bool = False) -> Placement:
    return Placement(
        order=FileOrder(invoice=order_id, customer_id="cust-1", items=(("MUG", 1),)),
        response=Response(
            status=status,
            headers={"Idempotency-Replayed": "true"} if replayed else {},
            body={"orderId": order_id},
            seconds=0.02,
        ),
    )


def state(
    order_id: str, status: OrderStatus, *, reason: str = "", placed: float = 0, took: float = 1
) -> OrderState:
    created = START + timedelta(seconds=placed)
    return OrderState(
        order_id=order_id,
        status=status,
        reason=reason,
        created_at=created,
        updated_at=created + timedelta(seconds=took),
    )


def test_orders_are_counted_by_status_and_reason() -> None:
    summary = summarise(
        [placement("a"), placement("b"), placement("c"), placement("d", status=422)],
        [
            state("a", OrderStatus.CONFIRMED),
            state("b", OrderStatus.CONFIRMED),
            state("c", OrderStatus.REJECTED, reason="OUT_OF_STOCK"),
        ],
    )

    assert summary.by_status == {
        (OrderStatus.CONFIRMED, ""): 2,
        (OrderStatus.REJECTED, "OUT_OF_STOCK"): 1,
    }
    assert [failed.order.invoice for failed in summary.failed] == ["d"]
    assert summary.unsettled == 0


@pytest.mark.parametrize("status", [OrderStatus.PENDING, OrderStatus.ON_HOLD])
def test_an_order_that_is_pending_or_on_hold_is_not_settled(status: OrderStatus) -> None:
    assert summarise([placement("a")], [state("a", status)]).unsettled == 1


def test_speed_and_latency_include_only_newly_placed_orders() -> None:
    summary = summarise(
        [placement("now"), placement("later"), placement("before", replayed=True)],
        [
            state("now", OrderStatus.CONFIRMED, placed=0, took=1),
            state("later", OrderStatus.CONFIRMED, placed=1, took=3),
            state("before", OrderStatus.CONFIRMED, placed=-1000, took=60),
        ],
    )

    assert summary.replayed == 1
    assert summary.orders_per_second == pytest.approx(2 / 4)
    assert summary.settlement_latency == Latency(p50=1, p99=3)


def test_an_import_that_placed_nothing_new_has_no_speed() -> None:
    summary = summarise([placement("a", replayed=True)], [state("a", OrderStatus.CONFIRMED)])

    assert (summary.orders_per_second, summary.settlement_latency) == (None, None)


def test_latency_percentiles_use_the_nearest_rank() -> None:
    assert Latency.from_seconds([*range(100, 0, -1)]) == Latency(p50=50, p99=99)
    assert Latency.from_seconds([7]) == Latency(p50=7, p99=7)


def test_an_order_of_the_file_becomes_a_valid_request() -> None:
    order = FileOrder(invoice="1001", customer_id="guest-1001", items=(("MUG", 6), ("POT", 2)))

    assert order_request(order) == {
        "customerId": "guest-1001",
        "customerEmail": "guest-1001@example.com",
        "paymentMethod": "pm_card_visa",
        "items": [{"productId": "MUG", "quantity": 6}, {"productId": "POT", "quantity": 2}],
    }


@pytest.mark.parametrize(
    ("numbers", "short"), [([3], "3"), ([3, 7, 8, 9], "3, 7-9"), ([1, 2, 4, 6, 7], "1-2, 4, 6-7")]
)
def test_consecutive_line_numbers_are_written_as_ranges(numbers: list[int], short: str) -> None:
    assert ranges(numbers) == short
