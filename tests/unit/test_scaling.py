"""The simulation of quotas agrees with closed formulas, and with what infrastructure and handlers set."""

from dataclasses import replace
from typing import Any, Final

import pytest

from devtools.scaling import hot_product, limits, workflow_retries
from devtools.scaling.document import (
    DOCUMENT,
    assumption_rows,
    flash_rows,
    limit_rows,
    rate_rows,
    source_rows,
    stated_rows,
    table_of,
    with_table,
)
from devtools.scaling.figures import LINES, LoadCase, assumptions, flash_sales, steady_rate
from devtools.scaling.hot_product import HotProduct, Sale, Sold
from devtools.scaling.limits import Kind, binding
from devtools.scaling.order_path import Resource, order_path
from devtools.scaling.quotas import quotas
from devtools.scaling.ramp import Ramp
from handlers.adapters.time_budget import MARGIN_MILLIS, TimeBudget
from handlers.contract.names import INVOCATIONS_PER_ORDER, Stage
from infrastructure.config import StageConfig
from infrastructure.storage import INVENTORY_WRITES_PER_ORDER, ORDERS_WRITES_PER_ORDER
from orderctl.cost.measured import Measured, Outcome

_ENOUGH: Final = 1_000_000


def sell(**changed: Any) -> Sold:
    return HotProduct(replace(Sale(counters=1, rate=50, seconds=4, stock=_ENOUGH), **changed)).run()


def test_a_rising_rate_finds_each_limit_where_the_formula_has_it() -> None:
    path = order_path(lines=LINES)
    watched = [limit for limit in binding(path) if limit.orders_per_second(path) < 1_800]

    found = Ramp(path, watched).run(800, 2_000)

    assert len(watched) >= 5
    assert found == {limit.name: pytest.approx(limit.orders_per_second(path), rel=0.06) for limit in watched}


def test_a_limit_of_executions_binds_at_the_rate_times_their_seconds() -> None:
    path = order_path(stripe=True)
    (watched,) = [limit for limit in binding(path) if limit.resource is Resource.EXECUTIONS]

    found = Ramp(path, [watched]).run(700, 1_300)

    assert found == {watched.name: pytest.approx(1_000 / path.units()[Resource.EXECUTIONS], rel=0.06)}


def test_an_order_takes_what_was_counted() -> None:
    for lines in (1, 3):
        taken, used = order_path(lines=lines).units(), Measured.read().of(Outcome.CONFIRMED, lines)

        assert taken[Resource.REQUESTS] == used.api_requests
        assert taken[Resource.ORDERS_WRITES] == used.write_units["Orders"]
        assert taken[Resource.OPEN_INDEX_WRITES] == used.write_units["open-orders"]
        assert taken[Resource.CUSTOMER_INDEX_WRITES] == used.write_units["customer-orders"]
        assert taken[Resource.INVENTORY_WRITES] == used.write_units["Inventory"]
        assert taken[Resource.ORDERS_READS] == used.read_units["Orders"]
        assert taken[Resource.INVENTORY_READS] == used.read_units["Inventory"]
        assert taken[Resource.EVENTS] == sum(used.events.values())
        assert taken[Resource.PUBLISHES] == used.publishes
        assert taken[Resource.INVOCATIONS] == INVOCATIONS_PER_ORDER


def test_the_limits_of_this_app_are_those_that_infrastructure_sets() -> None:
    prod = StageConfig.for_stage(Stage.PROD, payment_gateway="simulated")
    warmed = prod.prewarmed_for_orders_per_second or 0
    ours = {limit.name: limit for limit in limits.limits(Stage.PROD)}
    key = ours["rate of the API key"]

    assert (key.per_second, key.burst) == (prod.throttle.requests_per_second, prod.throttle.burst)
    assert prod.throttle.requests_per_day == limits.REQUESTS_PER_DAY
    assert {name: each.per_second for name, each in ours.items() if name.endswith("warm writes")} == {
        "Orders, warm writes": warmed * ORDERS_WRITES_PER_ORDER,
        "Inventory, warm writes": warmed * INVENTORY_WRITES_PER_ORDER,
        "open-orders, warm writes": 4_000,
        "customer-orders, warm writes": 4_000,
    }
    assert (prod.payment_concurrency, prod.sweeper_concurrency) == (None, None)


def test_dev_has_the_rate_of_its_key_and_no_warm_tables() -> None:
    ours = {limit.name: limit.per_second for limit in limits.limits(Stage.DEV)}

    assert ours["rate of the API key"] == StageConfig.for_stage(Stage.DEV).throttle.requests_per_second
    assert {each for name, each in ours.items() if name.endswith("warm writes")} == {4_000}


def test_reservations_pause_and_give_up_like_those_of_the_handler() -> None:
    pauses: list[float] = []
    left = [8_000.0]

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        left[0] -= 1000 * seconds

    budget = TimeBudget(remaining_millis=lambda: int(left[0]), sleep=sleep, jitter=lambda ceiling: ceiling)
    tries = list(budget.attempts())

    assert pauses[0] == hot_product.FIRST_PAUSE_SECONDS
    assert max(pauses) == hot_product.LONGEST_PAUSE_SECONDS
    assert 8 - MARGIN_MILLIS / 1000 == hot_product.RETRIES_SECONDS
    assert sum(pauses) <= hot_product.RETRIES_SECONDS
    assert len(tries) == len(pauses) + 1


def test_the_pauses_of_the_workflow_are_read_from_its_definition() -> None:
    assert workflow_retries.ceilings(workflow_retries.UNAVAILABLE) == (1, 2, 4)
    assert workflow_retries.ceilings(workflow_retries.THROTTLED_FUNCTION) == (1, 2, 4, 8, 8, 8)


def test_the_same_seed_gives_the_same_sale() -> None:
    sale = Sale(counters=3, rate=300, seconds=2, stock=400)

    assert HotProduct(sale, seed=7).run() == HotProduct(sale, seed=7).run()
    assert HotProduct(sale, seed=7).run() != HotProduct(sale, seed=8).run()


def test_more_counters_sell_more() -> None:
    one, three, ten = (sell(counters=counters, rate=400, seconds=2) for counters in (1, 3, 10))

    assert 2 * one.per_second < three.per_second
    assert 1.5 * three.per_second < ten.per_second
    assert one.held > three.held >= ten.held


@pytest.mark.parametrize("counters", [1, 4])
def test_every_order_has_one_outcome_and_nothing_is_sold_twice(counters: int) -> None:
    result = sell(counters=counters, rate=100, stock=150)

    assert result.sold == 150
    assert result.out_of_stock > 0
    assert result.sold + result.out_of_stock + result.held == result.orders


def test_few_orders_conflict_as_often_as_another_one_holds_the_counter() -> None:
    result = sell(rate=4, seconds=400)

    assert result.conflicts / result.attempts == pytest.approx(4 * 0.010, rel=0.3)
    assert result.gave_up == 0


def test_no_counter_sells_more_than_one_transaction_after_the_other() -> None:
    for millis in (5, 20):
        result = sell(rate=300, hold_millis=millis)

        assert result.per_second <= 1000 / millis


def test_no_partition_writes_more_than_its_units() -> None:
    result = sell(counters=40, rate=1_500, seconds=2, partitions=1, hold_millis=1)

    assert result.throttled_writes > 0
    assert result.per_second <= (1 + 1 / 2) * quotas().value("partitionWrites") / 2


def test_prod_confirms_the_rate_that_it_is_made_for() -> None:
    outcomes = LoadCase(rate=1_000).run(seconds=3)

    assert outcomes.confirmed == outcomes.offered
    assert outcomes.first_refusal == {}


def test_a_failed_notification_holds_no_order() -> None:
    path = order_path()

    holding = [step.name for step in path.steps() if step.decides]

    assert holding == ["ReserveInventory", "AuthorizePayment", "CapturePayment", "ConfirmOrder"]


def test_lambda_is_the_first_quota_when_the_key_allows_more() -> None:
    outcomes = LoadCase(rate=2_200, raised=frozenset({Kind.OURS, Kind.WARM})).run(seconds=3)

    assert outcomes.refused > 0
    assert set(outcomes.first_refusal) == {"Lambda, requests a second"}


def test_every_quota_has_a_page_and_every_assumption_a_reason() -> None:
    allowed = ("https://docs.aws.amazon.com/", "https://docs.stripe.com/")

    assert all(quota.source.startswith(allowed) for quota in quotas().quotas.values())
    assert all(len(each.reason) > 50 for each in quotas().stated.values())


def test_the_document_has_the_tables_that_need_no_simulation() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    assert table_of(text, "rates") == rate_rows()
    assert table_of(text, "sources") == source_rows()
    assert table_of(text, "stated") == stated_rows()


def test_the_document_has_the_formulas_of_today() -> None:
    without_simulated = [row.split(" | ")[:4] for row in limit_rows({})]

    found = table_of(DOCUMENT.read_text(encoding="utf-8"), "limits")

    assert [row.split(" | ")[:4] for row in found] == without_simulated


def test_the_document_has_what_the_simulation_gives_today() -> None:
    sales = [sale for sale in assumptions() if sale.hold_millis == 20]
    text = DOCUMENT.read_text(encoding="utf-8")

    steady = assumption_rows([(sale, steady_rate(sale)) for sale in sales])
    flash_sale = flash_rows([HotProduct(flash_sales()[0]).run()])

    assert set(steady) <= set(table_of(text, "assumptions"))
    assert set(flash_sale) <= set(table_of(text, "flash"))


def test_a_document_without_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="0 tables rates"):
        with_table("nothing", "rates", [])
