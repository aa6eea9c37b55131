"""Prices are read from the deployed Inventory table, also in several batches."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from handlers.adapters.catalogue import Catalogue
from handlers.adapters.time_budget import TimeBudget
from handlers.contract.money import MAX_UNIT_PRICE
from handlers.domain.errors import DependencyUnavailable
from handlers.domain.pricing import Offer
from tests.dynamodb_items import to_item
from tests.moto_clients import client
from tests.order_tables import OrderTables

ENOUGH_TIME = TimeBudget(remaining_millis=lambda: 15_000, sleep=lambda _: None)


def product(product_id: str, unit_price: int) -> dict[str, Any]:
    return to_item({"productId": product_id, "unitPrice": unit_price})


def response(*products: dict[str, Any], unread: tuple[str, ...] = ()) -> dict[str, Any]:
    keys = [to_item({"productId": product_id}) for product_id in unread]
    return {
        "Responses": {"inventory": list(products)},
        "UnprocessedKeys": {"inventory": {"Keys": keys}} if keys else {},
    }


@pytest.fixture
def stubber() -> Iterator[Stubber]:
    with Stubber(client("dynamodb")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_the_catalogue_has_the_price_of_each_product(tables: OrderTables) -> None:
    catalogue = Catalogue(tables.dynamodb, tables.names.inventory)
    tables.stock("85123A", 10)
    tables.stock("71053", 0)

    offers = catalogue.offers(["85123A", "71053", "unknown"], ENOUGH_TIME)

    assert offers == {"85123A": Offer(unit_price=255), "71053": Offer(unit_price=255)}


def test_the_products_of_the_largest_order_are_read_in_one_call(tables: OrderTables) -> None:
    catalogue = Catalogue(tables.dynamodb, tables.names.inventory)
    product_ids = [f"P{number}" for number in range(98)]
    for product_id in product_ids:
        tables.stock(product_id, 1)

    offers = catalogue.offers(product_ids, ENOUGH_TIME)

    assert offers.keys() == set(product_ids)


def test_a_deleted_product_with_released_stock_has_no_price(tables: OrderTables) -> None:
    catalogue = Catalogue(tables.dynamodb, tables.names.inventory)
    item = to_item({"productId": "deleted", "available": 3})
    tables.dynamodb.put_item(TableName=tables.names.inventory, Item=item)

    assert catalogue.offers(["deleted"], ENOUGH_TIME) == {}


@pytest.mark.parametrize(
    "stored", [{"N": "9" * 38}, {"N": "1000000000"}, {"N": "0"}, {"N": "-5"}, {"N": "2.55"}, {"S": "255"}]
)
def test_a_product_with_an_impossible_price_is_not_sold(tables: OrderTables, stored: dict[str, str]) -> None:
    catalogue = Catalogue(tables.dynamodb, tables.names.inventory)
    item = {**to_item({"productId": "odd", "available": 3}), "unitPrice": stored}
    tables.dynamodb.put_item(TableName=tables.names.inventory, Item=item)

    assert catalogue.offers(["odd"], ENOUGH_TIME) == {}


def test_the_highest_price_is_sold(tables: OrderTables) -> None:
    catalogue = Catalogue(tables.dynamodb, tables.names.inventory)
    item = to_item({"productId": "jewel", "unitPrice": MAX_UNIT_PRICE, "available": 3})
    tables.dynamodb.put_item(TableName=tables.names.inventory, Item=item)

    assert catalogue.offers(["jewel"], ENOUGH_TIME) == {"jewel": Offer(unit_price=MAX_UNIT_PRICE)}


def test_unprocessed_keys_are_read_again(stubber: Stubber) -> None:
    stubber.add_response("batch_get_item", response(product("A", 1), unread=("B", "C")))
    stubber.add_response("batch_get_item", response(product("C", 3), unread=("B",)))
    stubber.add_response("batch_get_item", response(product("B", 2)))

    offers = Catalogue(stubber.client, "inventory").offers(["A", "B", "C"], ENOUGH_TIME)

    assert {product_id: offer.unit_price for product_id, offer in offers.items()} == {"A": 1, "B": 2, "C": 3}


def test_retries_have_pauses_and_end_when_the_time_is_over(stubber: Stubber) -> None:
    pauses: list[float] = []
    budget = TimeBudget(
        remaining_millis=lambda: 7_600 - 500 * len(pauses),
        sleep=pauses.append,
        jitter=lambda ceiling: ceiling,
    )
    for _ in range(3):
        stubber.add_response("batch_get_item", response(unread=("A",)))

    with pytest.raises(DependencyUnavailable, match="1 products could not be read"):
        Catalogue(stubber.client, "inventory").offers(["A"], budget)

    assert pauses == [0.025, 0.05]


def test_a_throttled_table_is_unavailable(stubber: Stubber) -> None:
    stubber.add_client_error("batch_get_item", "ProvisionedThroughputExceededException")

    with pytest.raises(DependencyUnavailable, match="Inventory table: Provisioned"):
        Catalogue(stubber.client, "inventory").offers(["A"], ENOUGH_TIME)


def test_a_split_product_is_read_with_its_counters(tables: OrderTables) -> None:
    item = to_item({"productId": "lamp", "unitPrice": 255, "available": 3, "counters": 10})
    tables.dynamodb.put_item(TableName=tables.names.inventory, Item=item)
    tables.dynamodb.put_item(
        TableName=tables.names.inventory, Item=to_item({"productId": "lamp#1", "available": 3})
    )

    offers = Catalogue(tables.dynamodb, tables.names.inventory).offers(["lamp", "lamp#1"], ENOUGH_TIME)

    assert offers == {"lamp": Offer(unit_price=255, counters=10)}


@pytest.mark.parametrize("stored", [{"N": "0"}, {"N": "-2"}, {"N": "51"}, {"N": "2.5"}, {"S": "3"}])
def test_an_impossible_number_of_counters_is_one(tables: OrderTables, stored: dict[str, str]) -> None:
    item = {**to_item({"productId": "odd", "unitPrice": 255, "available": 3}), "counters": stored}
    tables.dynamodb.put_item(TableName=tables.names.inventory, Item=item)

    assert Catalogue(tables.dynamodb, tables.names.inventory).offers(["odd"], ENOUGH_TIME) == {
        "odd": Offer(unit_price=255)
    }
