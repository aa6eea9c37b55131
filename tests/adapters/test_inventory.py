"""Reservations on the deployed tables: nothing is sold twice, and everything comes back once."""

from collections.abc import Callable
from typing import Any

import pytest

from handlers.adapters.inventory_table import InventoryTable
from handlers.adapters.orders_table import OrdersTable
from handlers.adapters.time_budget import TimeBudget
from handlers.contract.names import INVENTORY_STEP, MAX_ITEMS_PER_ORDER
from handlers.domain.errors import OrderNotFound
from handlers.domain.reservation import InventoryOperation
from handlers.domain.step_request import StepRequest
from handlers.inventory import InventoryService
from tests.fakes import Interrupted
from tests.order_tables import EXECUTION, ORDER, OTHER_EXECUTION, OrderTables

Ask = Callable[..., str]


@pytest.fixture
def ask(tables: OrderTables) -> Ask:
    """Ask for "reserve" or "release"; the answer is the status."""

    def ask(
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

    return ask


def test_a_reservation_takes_the_pieces_of_every_product(tables: OrderTables, ask: Ask) -> None:
    tables.stock("85123A", 10)
    tables.stock("71053", 3)
    tables.place({"85123A": 6, "71053": 3})

    status = ask("reserve")

    assert status == "RESERVED"
    assert (tables.available("85123A"), tables.available("71053")) == (4, 0)


def test_a_reservation_records_what_it_holds_and_who_made_it(tables: OrderTables, ask: Ask) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6})

    ask("reserve")

    step = tables.step(INVENTORY_STEP)
    assert step is not None
    assert step["items"] == [{"productId": "85123A", "quantity": 6}]
    assert step["executionArn"] == EXECUTION


def test_reserving_twice_takes_the_pieces_once(tables: OrderTables, ask: Ask) -> None:
    tables.stock("85123A", 20)
    tables.place({"85123A": 6})

    statuses = [ask("reserve"), ask("reserve", execution=OTHER_EXECUTION)]

    assert statuses == ["RESERVED", "RESERVED"]
    assert tables.available("85123A") == 14


def test_the_last_pieces_stay_reserved_however_often_the_order_asks(tables: OrderTables, ask: Ask) -> None:
    tables.stock("85123A", 6)
    tables.place({"85123A": 6})
    ask("reserve")

    assert ask("reserve") == "RESERVED"


def test_one_short_product_leaves_all_products_untouched(tables: OrderTables, ask: Ask) -> None:
    tables.stock("85123A", 10)
    tables.stock("71053", 2)
    tables.place({"85123A": 6, "71053": 3})

    status = ask("reserve")

    assert status == "OUT_OF_STOCK"
    assert (tables.available("85123A"), tables.available("71053")) == (10, 2)


def test_a_refusal_names_every_product_that_was_short(tables: OrderTables, ask: Ask) -> None:
    tables.stock("85123A", 10)
    tables.stock("71053", 2)
    tables.stock("84406B", 0)
    tables.place({"85123A": 6, "71053": 3, "84406B": 1})

    ask("reserve")

    step = tables.step(INVENTORY_STEP)
    assert step is not None
    assert step["products"] == ["71053", "84406B"]


def test_a_product_that_left_the_catalogue_is_out_of_stock(tables: OrderTables, ask: Ask) -> None:
    tables.place({"85123A": 6})

    assert ask("reserve") == "OUT_OF_STOCK"


def test_new_stock_does_not_change_a_refusal(tables: OrderTables, ask: Ask) -> None:
    tables.stock("85123A", 5)
    tables.place({"85123A": 6})
    ask("reserve")
    tables.stock("85123A", 50)

    status = ask("reserve")

    assert status == "OUT_OF_STOCK"
    assert tables.available("85123A") == 50


def test_the_last_pieces_go_to_one_order_only(tables: OrderTables, ask: Ask) -> None:
    tables.stock("85123A", 6)
    tables.place({"85123A": 6})
    tables.place({"85123A": 6}, order_id="other")

    statuses = [ask("reserve"), ask("reserve", order_id="other")]

    assert statuses == ["RESERVED", "OUT_OF_STOCK"]
    assert tables.available("85123A") == 0


def test_the_largest_order_is_reserved_and_released_in_one_transaction_each(
    tables: OrderTables, ask: Ask
) -> None:
    products = [f"product-{number}" for number in range(MAX_ITEMS_PER_ORDER)]
    for product in products:
        tables.stock(product, 2)
    tables.place(dict.fromkeys(products, 2))

    reserved = ask("reserve")
    left = sum(tables.available(product) for product in products)
    released = ask("release")

    assert (reserved, left, released) == ("RESERVED", 0, "RELEASED")
    assert {tables.available(product) for product in products} == {2}


def test_an_unknown_order_leaves_no_record(tables: OrderTables, ask: Ask) -> None:
    with pytest.raises(OrderNotFound, match=ORDER):
        ask("reserve")

    assert tables.step(INVENTORY_STEP) is None


def test_a_release_gives_everything_back_once(tables: OrderTables, ask: Ask) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6})
    ask("reserve")

    statuses = [ask("release"), ask("release", execution=OTHER_EXECUTION)]

    assert statuses == ["RELEASED", "RELEASED"]
    assert tables.available("85123A") == 10


def test_a_released_order_is_not_reserved_again(tables: OrderTables, ask: Ask) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6})
    ask("reserve")
    ask("release")

    assert ask("reserve") == "RELEASED"
    assert tables.available("85123A") == 10


def test_a_release_that_comes_first_blocks_the_late_reservation(tables: OrderTables, ask: Ask) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6})

    statuses = [ask("release"), ask("reserve")]

    assert statuses == ["RELEASED", "RELEASED"]
    assert tables.available("85123A") == 10


def test_a_release_of_a_refused_order_changes_nothing(tables: OrderTables, ask: Ask) -> None:
    tables.stock("85123A", 5)
    tables.place({"85123A": 6})
    ask("reserve")

    assert ask("release") == "OUT_OF_STOCK"
    assert tables.available("85123A") == 5


def test_a_reservation_made_while_the_release_looks_is_given_back(tables: OrderTables, ask: Ask) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6})
    interrupted = Interrupted(tables.dynamodb, "put_item", lambda: ask("reserve"))

    status = ask("release", dynamodb=interrupted)

    assert status == "RELEASED"
    assert tables.available("85123A") == 10


def test_two_releases_at_once_give_back_once(tables: OrderTables, ask: Ask) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6})
    ask("reserve")
    interrupted = Interrupted(tables.dynamodb, "transact_write_items", lambda: ask("release"))

    status = ask("release", dynamodb=interrupted)

    assert status == "RELEASED"
    assert tables.available("85123A") == 10


def test_a_refusal_yields_to_the_reservation_that_was_recorded_meanwhile(
    tables: OrderTables, ask: Ask
) -> None:
    tables.stock("85123A", 5)
    tables.place({"85123A": 6})

    def restock_and_reserve() -> None:
        tables.stock("85123A", 6)
        ask("reserve", execution=OTHER_EXECUTION)

    interrupted = Interrupted(tables.dynamodb, "put_item", restock_and_reserve)

    status = ask("reserve", dynamodb=interrupted)

    assert status == "RESERVED"
    assert tables.available("85123A") == 0


def test_two_reservations_at_once_take_once(tables: OrderTables, ask: Ask) -> None:
    tables.stock("85123A", 20)
    tables.place({"85123A": 6})
    interrupted = Interrupted(tables.dynamodb, "transact_write_items", lambda: ask("reserve"))

    status = ask("reserve", dynamodb=interrupted, execution=OTHER_EXECUTION)

    assert status == "RESERVED"
    assert tables.available("85123A") == 14
