"""What `orderctl bench` measures, and where it refuses to."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from typer.testing import CliRunner

from handlers.contract.names import OrderStatus
from orderctl.api_client import Response
from orderctl.bench import LINES, Percentiles, Run, result_of
from orderctl.commands import bench
from orderctl.files.order_file import FileOrder
from orderctl.main import app
from orderctl.order_import import Placement
from orderctl.settlement import OrderState
from orderctl.stack import QUEUES, Stack

AT: Final = datetime(2026, 11, 26, 12, tzinfo=UTC)
STACK: Final = Stack(
    endpoint_url=None,
    region="us-east-1",
    api_url="https://example.com/prod/",
    api_key="key",
    console_url=None,
    state_machine_arn="",
    orders_table="orders",
    inventory_table="inventory",
    bus_name="ecommerce",
    dlq_urls=dict.fromkeys(QUEUES, ""),
)


def _placement(number: int, *, status: int = 202, seconds: float = 0.1) -> Placement:
    order = FileOrder(invoice=str(number), customer_id="c", items=())
    body = {"orderId": f"order-{number}"}
    return Placement(order=order, response=Response(status=status, headers={}, body=body, seconds=seconds))


def _state(number: int, status: OrderStatus, *, after: float) -> OrderState:
    created = AT + timedelta(seconds=number)
    at = created + timedelta(seconds=after)
    return OrderState(
        order_id=f"order-{number}",
        status=status,
        reason="",
        created_at=created,
        updated_at=at,
        settled_at=at if status.is_settled else None,
    )


def test_percentiles_are_values_that_were_measured() -> None:
    assert Percentiles.of([number / 100 for number in range(100, 0, -1)]) == Percentiles(
        p50=0.5, p95=0.95, p99=0.99
    )
    assert Percentiles.of([2.0]) == Percentiles(p50=2.0, p95=2.0, p99=2.0)
    assert Percentiles.of([]) is None


def test_every_run_has_products_of_its_own_with_enough_stock() -> None:
    run, other = Run.of(40), Run.of(40)
    ordered = [item for order in run.file().orders for item in order.items]

    stocked = {product.product_id: product.available for product in run.products}

    assert stocked.keys() & {product.product_id for product in other.products} == set()
    assert {product_id for product_id, _ in ordered} == set(stocked)
    assert all(len(dict(order.items)) == LINES for order in run.file().orders)
    for product_id, available in stocked.items():
        assert sum(quantity for id_, quantity in ordered if id_ == product_id) <= available


def test_rates_are_of_the_placing_and_of_the_time_until_the_last_order_was_settled() -> None:
    placements = [_placement(number, seconds=0.1 * (number + 1)) for number in range(4)]
    states = [_state(number, OrderStatus.CONFIRMED, after=2) for number in range(4)]

    result = result_of(placements, states, concurrency=2, seconds=0.5)

    assert (result.accepted, result.settled) == (4, 4)
    assert result.accepted_per_second == 8
    assert result.settled_per_second == 4 / 5  # the last is created after 3 s and settled 2 s later
    assert result.accept == Percentiles(p50=0.2, p95=0.4, p99=0.4)
    assert result.settle == Percentiles(p50=2, p95=2, p99=2)


def test_orders_that_are_refused_held_or_pending_are_not_measured() -> None:
    placements = [_placement(0), _placement(1), _placement(2), _placement(3, status=503)]
    states = [
        _state(0, OrderStatus.CONFIRMED, after=2),
        _state(1, OrderStatus.ON_HOLD, after=9),
        _state(2, OrderStatus.PENDING, after=0),
    ]

    result = result_of(placements, states, concurrency=2, seconds=1)

    assert (result.orders, result.accepted, result.settled) == (4, 3, 1)
    assert result.settle == Percentiles(p50=2, p95=2, p99=2)


def test_without_any_response_nothing_is_measured() -> None:
    result = result_of([_placement(0, status=503)], [], concurrency=1, seconds=1)

    assert (result.accepted_per_second, result.settled_per_second) == (None, None)
    assert (result.accept, result.settle) == (None, None)


@pytest.mark.parametrize("stage", ["prod", "OrderProcessing-prod"])
def test_the_stage_prod_is_refused_even_with_the_costs_accepted(stage: str) -> None:
    outcome = CliRunner().invoke(app, ["bench", "--stage", stage, "--accept-cost"])

    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("error: The stage prod is not for benchmarks")


def test_on_aws_it_says_what_it_costs_and_places_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "find_stack", lambda *_: STACK)

    outcome = CliRunner().invoke(app, ["bench", "--orders", "10000", "--stage", "dev"])

    assert outcome.exit_code == 1
    assert outcome.stderr.startswith("error: 10000 orders on AWS cost about 0.4")
    assert "--accept-cost" in outcome.stderr
