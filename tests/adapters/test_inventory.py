"""Reservations in the deployed tables: no stock is sold twice, and all stock is released once."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from handlers.adapters.inventory_table import InventoryTable
from handlers.adapters.orders_table import OrdersTable
from handlers.adapters.time_budget import TimeBudget
from handlers.api.step_request import StepRequest
from handlers.contract.names import INVENTORY_STEP, MAX_ITEMS_PER_ORDER
from handlers.domain.errors import OrderNotFound
from handlers.domain.reservation import InventoryOperation
from handlers.inventory import InventoryService
from tests.fakes import InterruptedClient
from tests.order_tables import EXECUTION, ORDER, OTHER_EXECUTION, OrderTables

Perform = Callable[..., str]
TO_BE_CANCELLED: Final = {"cancelRequestedAt": "2026-11-22T15:20:00.000Z", "cancelReason": "CUSTOMER"}


@pytest.fixture
def perform(tables: OrderTables) -> Perform:
    """Perform "reserve" or "release", and return the status."""

    def perform(
        operation: str, *, order_id: str = ORDER, execution: str = EXECUTION, dynamodb: Any = tables.dynamodb
    ) -> str:
        service = InventoryService(
            orders=OrdersTable(dynamodb, tables.names.orders),
            inventory=InventoryTable(
                dynamodb, orders_table=tables.names.orders, inventory_table=tables.names.inventory
            ),
        )
        request = StepRequest(
            operation=InventoryOperation(operation), order_id=order_id, execution_arn=execution
        )
        return service.perform(request, TimeBudget(remaining_millis=lambda: 8_000))

    return perform


def test_a_reservation_takes_the_stock_of_every_product(tables: OrderTables, perform: Perform) -> None:
    tables.stock("85123A", 10)
    tables.stock("71053", 3)
    tables.place({"85123A": 6, "71053": 3})

    status = perform("reserve")

    assert status == "RESERVED"
    assert (tables.available("85123A"), tables.available("71053")) == (4, 0)


def test_a_reservation_records_its_items_and_its_execution(tables: OrderTables, perform: Perform) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6})

    perform("reserve")

    step = tables.step(INVENTORY_STEP)
    assert step is not None
    assert step["items"] == [{"productId": "85123A", "quantity": 6}]
    assert step["executionArn"] == EXECUTION


def test_a_repeated_reservation_takes_the_stock_once(tables: OrderTables, perform: Perform) -> None:
    tables.stock("85123A", 20)
    tables.place({"85123A": 6})

    statuses = [perform("reserve"), perform("reserve", execution=OTHER_EXECUTION)]

    assert statuses == ["RESERVED", "RESERVED"]
    assert tables.available("85123A") == 14


def test_a_repeated_reservation_of_the_last_stock_stays_reserved(
    tables: OrderTables, perform: Perform
) -> None:
    tables.stock("85123A", 6)
    tables.place({"85123A": 6})
    perform("reserve")

    assert perform("reserve") == "RESERVED"


def test_one_product_out_of_stock_leaves_the_stock_of_all_products(
    tables: OrderTables, perform: Perform
) -> None:
    tables.stock("85123A", 10)
    tables.stock("71053", 2)
    tables.place({"85123A": 6, "71053": 3})

    status = perform("reserve")

    assert status == "OUT_OF_STOCK"
    assert (tables.available("85123A"), tables.available("71053")) == (10, 2)


def test_a_refusal_records_every_product_out_of_stock(tables: OrderTables, perform: Perform) -> None:
    tables.stock("85123A", 10)
    tables.stock("71053", 2)
    tables.stock("84406B", 0)
    tables.place({"85123A": 6, "71053": 3, "84406B": 1})

    perform("reserve")

    step = tables.step(INVENTORY_STEP)
    assert step is not None
    assert step["products"] == ["71053", "84406B"]


def test_a_product_that_was_deleted_is_out_of_stock(tables: OrderTables, perform: Perform) -> None:
    tables.place({"85123A": 6})

    assert perform("reserve") == "OUT_OF_STOCK"


def test_new_stock_does_not_change_a_refusal(tables: OrderTables, perform: Perform) -> None:
    tables.stock("85123A", 5)
    tables.place({"85123A": 6})
    perform("reserve")
    tables.stock("85123A", 50)

    status = perform("reserve")

    assert status == "OUT_OF_STOCK"
    assert tables.available("85123A") == 50


def test_the_last_stock_is_reserved_for_one_order(tables: OrderTables, perform: Perform) -> None:
    tables.stock("85123A", 6)
    tables.place({"85123A": 6})
    tables.place({"85123A": 6}, order_id="other")

    statuses = [perform("reserve"), perform("reserve", order_id="other")]

    assert statuses == ["RESERVED", "OUT_OF_STOCK"]
    assert tables.available("85123A") == 0


def test_the_largest_order_is_reserved_and_released_in_one_transaction_each(
    tables: OrderTables, perform: Perform
) -> None:
    products = [f"product-{number}" for number in range(MAX_ITEMS_PER_ORDER)]
    for product in products:
        tables.stock(product, 2)
    tables.place(dict.fromkeys(products, 2))

    reserved = perform("reserve")
    left = sum(tables.available(product) for product in products)
    released = perform("release")

    assert (reserved, left, released) == ("RESERVED", 0, "RELEASED")
    assert {tables.available(product) for product in products} == {2}


def test_an_unknown_order_leaves_no_record(tables: OrderTables, perform: Perform) -> None:
    with pytest.raises(OrderNotFound, match=ORDER):
        perform("reserve")

    assert tables.step(INVENTORY_STEP) is None


def test_a_release_returns_the_stock_once(tables: OrderTables, perform: Perform) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6})
    perform("reserve")

    statuses = [perform("release"), perform("release", execution=OTHER_EXECUTION)]

    assert statuses == ["RELEASED", "RELEASED"]
    assert tables.available("85123A") == 10


def test_a_released_order_is_not_reserved_again(tables: OrderTables, perform: Perform) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6})
    perform("reserve")
    perform("release")

    assert perform("reserve") == "RELEASED"
    assert tables.available("85123A") == 10


def test_a_release_before_the_reservation_blocks_the_reservation(
    tables: OrderTables, perform: Perform
) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6})

    statuses = [perform("release"), perform("reserve")]

    assert statuses == ["RELEASED", "RELEASED"]
    assert tables.available("85123A") == 10


def test_a_release_of_a_refused_order_changes_nothing(tables: OrderTables, perform: Perform) -> None:
    tables.stock("85123A", 5)
    tables.place({"85123A": 6})
    perform("reserve")

    assert perform("release") == "OUT_OF_STOCK"
    assert tables.available("85123A") == 5


def test_a_reservation_that_is_made_during_the_release_is_released(
    tables: OrderTables, perform: Perform
) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6})
    interrupted = InterruptedClient(tables.dynamodb, "put_item", lambda: perform("reserve"))

    status = perform("release", dynamodb=interrupted)

    assert status == "RELEASED"
    assert tables.available("85123A") == 10


def test_two_releases_at_the_same_time_return_the_stock_once(tables: OrderTables, perform: Perform) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6})
    perform("reserve")
    interrupted = InterruptedClient(tables.dynamodb, "transact_write_items", lambda: perform("release"))

    status = perform("release", dynamodb=interrupted)

    assert status == "RELEASED"
    assert tables.available("85123A") == 10


def test_a_reservation_that_was_recorded_first_is_not_replaced_by_a_refusal(
    tables: OrderTables, perform: Perform
) -> None:
    tables.stock("85123A", 5)
    tables.place({"85123A": 6})

    def restock_and_reserve() -> None:
        tables.stock("85123A", 6)
        perform("reserve", execution=OTHER_EXECUTION)

    interrupted = InterruptedClient(tables.dynamodb, "put_item", restock_and_reserve)

    status = perform("reserve", dynamodb=interrupted)

    assert status == "RESERVED"
    assert tables.available("85123A") == 0


def test_two_reservations_at_the_same_time_take_the_stock_once(tables: OrderTables, perform: Perform) -> None:
    tables.stock("85123A", 20)
    tables.place({"85123A": 6})
    interrupted = InterruptedClient(tables.dynamodb, "transact_write_items", lambda: perform("reserve"))

    status = perform("reserve", dynamodb=interrupted, execution=OTHER_EXECUTION)

    assert status == "RESERVED"
    assert tables.available("85123A") == 14


def test_an_order_that_is_to_be_cancelled_is_not_reserved(tables: OrderTables, perform: Perform) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6}, **TO_BE_CANCELLED)

    assert perform("reserve") == "CANCELLED"
    assert tables.available("85123A") == 10
    assert tables.step(INVENTORY_STEP) is None


def test_a_reservation_that_a_cancellation_overtakes_takes_no_stock(
    tables: OrderTables, perform: Perform
) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6})

    def cancel() -> None:
        tables.change(**TO_BE_CANCELLED)
        perform("release", execution=OTHER_EXECUTION)

    interrupted = InterruptedClient(tables.dynamodb, "transact_write_items", cancel)

    assert perform("reserve", dynamodb=interrupted) == "RELEASED"
    assert tables.available("85123A") == 10


def test_a_reservation_that_was_in_time_stands_until_the_cancellation_releases_it(
    tables: OrderTables, perform: Perform
) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6})
    interrupted = InterruptedClient(
        tables.dynamodb, "transact_write_items", lambda: tables.change(**TO_BE_CANCELLED)
    )

    statuses = [perform("reserve", dynamodb=interrupted), perform("release", execution=OTHER_EXECUTION)]

    assert statuses == ["RESERVED", "RELEASED"]
    assert tables.available("85123A") == 10
