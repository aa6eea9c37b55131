"""Reservations of products whose stock is split into counters, in the deployed tables."""

from collections import Counter
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final

import pytest

from handlers.adapters.inventory_table import InventoryTable
from handlers.adapters.orders_table import OrdersTable
from handlers.adapters.stock_counters import StockCounters
from handlers.adapters.time_budget import TimeBudget
from handlers.adapters.transactions import transact
from handlers.api.step_request import StepRequest
from handlers.contract.names import INVENTORY_STEP, MAX_ITEMS_PER_ORDER
from handlers.contract.stock_counters import counter_id
from handlers.domain.reservation import InventoryOperation, ReservedItem, Share
from handlers.inventory import InventoryService
from orderctl.products import ProductsTable
from tests.fakes import InterruptedClient
from tests.order_tables import EXECUTION, ORDER, OTHER_EXECUTION, OrderTables

LAMP: Final = "85123A"
BELL: Final = "71053"


class CountedClient:
    """Passes every call to `target` and counts it."""

    def __init__(self, target: Any) -> None:
        self._target = target
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] += 1
        return getattr(self._target, name)


def perform(
    tables: OrderTables,
    operation: str,
    *,
    order_id: str = ORDER,
    execution: str = EXECUTION,
    dynamodb: Any = None,
) -> str:
    """Reserve or release an order, and return the status."""
    client = dynamodb or tables.dynamodb
    service = InventoryService(
        orders=OrdersTable(client, tables.names.orders),
        inventory=InventoryTable(
            client, orders_table=tables.names.orders, inventory_table=tables.names.inventory
        ),
    )
    request = StepRequest(operation=InventoryOperation(operation), order_id=order_id, execution_arn=execution)
    budget = TimeBudget(remaining_millis=lambda: 8_000, sleep=lambda _: None)
    return service.perform(request, budget)


def products(tables: OrderTables) -> ProductsTable:
    stack: Any = SimpleNamespace(client=lambda _: tables.dynamodb, inventory_table=tables.names.inventory)
    return ProductsTable(stack)


def stock(tables: OrderTables, product_id: str, counters: Mapping[int, int]) -> None:
    """Stock a product with this much in each of its counters."""
    tables.stock(product_id, 100)
    products(tables).split(product_id, len(counters))
    for number, available in counters.items():
        tables.dynamodb.update_item(
            TableName=tables.names.inventory,
            Key={"productId": {"S": counter_id(product_id, number)}},
            UpdateExpression="SET available = :available",
            ExpressionAttributeValues={":available": {"N": str(available)}},
        )


def left(tables: OrderTables, product_id: str, counters: int) -> list[int]:
    return [tables.available(counter_id(product_id, number)) for number in range(counters)]


def taken(tables: OrderTables, order_id: str = ORDER) -> list[dict[str, int]]:
    """Return what an order took from which counter, for each of its items."""
    step = tables.step(INVENTORY_STEP, order_id=order_id)
    assert step is not None
    return [dict(item.get("takenFrom", {})) for item in step["items"]]


def test_an_order_takes_from_one_counter_and_records_which(tables: OrderTables) -> None:
    stock(tables, LAMP, {0: 10, 1: 10, 2: 10})
    tables.place({LAMP: 6}, counters={LAMP: 3})

    status = perform(tables, "reserve")

    ((counter, quantity),) = taken(tables)[0].items()
    assert (status, quantity) == ("RESERVED", 6)
    assert left(tables, LAMP, 3) == [4 if str(number) == counter else 10 for number in range(3)]


def test_orders_spread_over_all_counters(tables: OrderTables) -> None:
    stock(tables, LAMP, {0: 10, 1: 10, 2: 10})
    for number in range(18):
        tables.place({LAMP: 1}, counters={LAMP: 3}, order_id=f"order-{number}")
        perform(tables, "reserve", order_id=f"order-{number}")

    assert sum(left(tables, LAMP, 3)) == 12
    assert max(left(tables, LAMP, 3)) < 10


def test_an_order_takes_from_another_counter_when_its_own_is_short(tables: OrderTables) -> None:
    stock(tables, LAMP, {0: 0, 1: 0, 2: 0, 3: 5})
    for number in range(4):
        tables.place({LAMP: 1}, counters={LAMP: 4}, order_id=f"order-{number}")

    statuses = [perform(tables, "reserve", order_id=f"order-{number}") for number in range(4)]

    assert statuses == ["RESERVED"] * 4
    assert left(tables, LAMP, 4) == [0, 0, 0, 1]


def test_an_order_takes_from_several_counters_when_none_has_enough(tables: OrderTables) -> None:
    stock(tables, LAMP, {0: 1, 1: 4, 2: 3})
    tables.place({LAMP: 7}, counters={LAMP: 3})

    status = perform(tables, "reserve")

    assert status == "RESERVED"
    assert taken(tables) == [{"1": 4, "2": 3}]
    assert left(tables, LAMP, 3) == [1, 0, 0]


def test_the_record_has_one_entry_a_product_which_the_release_before_can_give_back(
    tables: OrderTables,
) -> None:
    stock(tables, LAMP, {0: 1, 1: 4, 2: 3})
    tables.place({LAMP: 8}, counters={LAMP: 3})

    perform(tables, "reserve")

    step = tables.step(INVENTORY_STEP)
    assert step is not None
    assert [(item["productId"], item["quantity"]) for item in step["items"]] == [(LAMP, 8)]


def test_an_order_is_refused_when_all_counters_together_have_too_little(tables: OrderTables) -> None:
    stock(tables, LAMP, {0: 2, 1: 3})
    tables.stock(BELL, 10)
    tables.place({LAMP: 6, BELL: 1}, counters={LAMP: 2})

    status = perform(tables, "reserve")

    step = tables.step(INVENTORY_STEP)
    assert step is not None
    assert (status, step["products"]) == ("OUT_OF_STOCK", [LAMP])
    assert (left(tables, LAMP, 2), tables.available(BELL)) == ([2, 3], 10)


def test_a_refusal_names_only_the_products_whose_whole_stock_is_short(tables: OrderTables) -> None:
    stock(tables, LAMP, {0: 3, 1: 3})
    tables.stock(BELL, 0)
    tables.place({LAMP: 6, BELL: 1}, counters={LAMP: 2})

    perform(tables, "reserve")

    step = tables.step(INVENTORY_STEP)
    assert step is not None
    assert step["products"] == [BELL]


@pytest.mark.parametrize("counters", [1, 2, 5])
def test_an_order_that_was_placed_before_a_split_or_merge_is_reserved(
    tables: OrderTables, counters: int
) -> None:
    stock(tables, LAMP, dict.fromkeys(range(4), 2))
    tables.place({LAMP: 8}, counters={LAMP: 4})
    products(tables).split(LAMP, counters)

    assert perform(tables, "reserve") == "RESERVED"
    assert left(tables, LAMP, counters) == [0] * counters


def test_an_order_of_a_product_that_was_split_meanwhile_is_reserved(tables: OrderTables) -> None:
    stock(tables, LAMP, {0: 2, 1: 2, 2: 2})
    tables.place({LAMP: 5})

    assert perform(tables, "reserve") == "RESERVED"
    assert sum(left(tables, LAMP, 3)) == 1


def test_stock_that_a_merge_moves_at_that_moment_is_found(tables: OrderTables) -> None:
    stock(tables, LAMP, {0: 0, 1: 4})
    tables.place({LAMP: 4}, counters={LAMP: 2})
    interrupted = InterruptedClient(
        tables.dynamodb, "transact_get_items", lambda: products(tables).split(LAMP, 1)
    )

    assert perform(tables, "reserve", dynamodb=interrupted) == "RESERVED"
    assert tables.available(LAMP) == 0


def test_a_shortage_of_a_product_that_is_not_split_costs_no_read(tables: OrderTables) -> None:
    tables.stock(LAMP, 5)
    tables.place({LAMP: 6})
    counted = CountedClient(tables.dynamodb)

    perform(tables, "reserve", dynamodb=counted)

    assert counted.calls == {"get_item": 1, "transact_write_items": 1, "put_item": 1}


def test_a_release_returns_each_part_to_its_counter_once(tables: OrderTables) -> None:
    stock(tables, LAMP, {0: 1, 1: 4, 2: 3})
    tables.place({LAMP: 8}, counters={LAMP: 3})
    perform(tables, "reserve")

    statuses = [perform(tables, "release"), perform(tables, "release", execution=OTHER_EXECUTION)]

    assert statuses == ["RELEASED", "RELEASED"]
    assert left(tables, LAMP, 3) == [1, 4, 3]


def test_a_release_after_a_merge_returns_everything_to_the_product_once(tables: OrderTables) -> None:
    stock(tables, LAMP, {0: 1, 1: 4, 2: 3})
    tables.place({LAMP: 8}, counters={LAMP: 3})
    perform(tables, "reserve")
    products(tables).split(LAMP, 1)

    statuses = [perform(tables, "release"), perform(tables, "release", execution=OTHER_EXECUTION)]

    assert statuses == ["RELEASED", "RELEASED"]
    assert products(tables).all() == [products(tables).find([LAMP])[LAMP]]
    assert tables.available(LAMP) == 8


def test_a_merge_during_the_release_loses_nothing(tables: OrderTables) -> None:
    stock(tables, LAMP, {0: 1, 1: 4, 2: 3})
    tables.place({LAMP: 8}, counters={LAMP: 3})
    perform(tables, "reserve")
    interrupted = InterruptedClient(
        tables.dynamodb, "transact_write_items", lambda: products(tables).split(LAMP, 2)
    )

    assert perform(tables, "release", dynamodb=interrupted) == "RELEASED"
    assert sum(left(tables, LAMP, 2)) == 8


def test_the_largest_order_of_split_products_fits_into_one_transaction(tables: OrderTables) -> None:
    product_ids = [f"product-{number}" for number in range(MAX_ITEMS_PER_ORDER)]
    split = product_ids[:3]
    for product_id in product_ids[3:]:
        tables.stock(product_id, 2)
    for product_id in split:
        stock(tables, product_id, {0: 1, 1: 1})
    tables.place(dict.fromkeys(product_ids, 2), counters=dict.fromkeys(split, 2))

    reserved = perform(tables, "reserve")
    gone = sum(sum(left(tables, product_id, 2)) for product_id in split)
    released = perform(tables, "release")

    assert (reserved, gone, released) == ("RESERVED", 0, "RELEASED")
    assert [sum(left(tables, product_id, 2)) for product_id in split] == [2, 2, 2]


def test_nothing_is_moved_into_a_counter_that_was_merged(tables: OrderTables) -> None:
    stock(tables, LAMP, {0: 2, 1: 4})
    shares = (Share(counter=1, quantity=4), Share(counter=0, quantity=2))
    item = ReservedItem(product_id=LAMP, quantity=6, shares=shares)
    products(tables).split(LAMP, 1)
    budget = TimeBudget(remaining_millis=lambda: 8_000)

    failed = transact(
        tables.dynamodb, StockCounters(tables.dynamodb, tables.names.inventory).move_together(item), budget
    )

    assert failed
    assert tables.available(LAMP) == 6
    assert tables.dynamodb.scan(TableName=tables.names.inventory)["Count"] == 1
