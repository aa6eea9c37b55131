"""The products in the Inventory table: name, price and stock."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from handlers.contract.money import MAX_UNIT_PRICE, is_unit_price
from handlers.contract.stock_counters import COUNTERS, counter_id, counters_of
from orderctl.dynamodb import batch_get, batch_put, is_condition_failed, to_item, to_plain
from orderctl.errors import OperatorError
from orderctl.product_counters import ProductCounters, StockChanges, even_shares, in_transaction
from orderctl.stack import Stack

# The digest of the order file that a product was stocked from: the same file must not stock it again.
_STOCKED_FROM: Final = "stockedFrom"
_ATTRIBUTES: Final = ("productId", "name", "unitPrice", "available", COUNTERS, _STOCKED_FROM)
# So many names fit into an error.
_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What can be ordered; `unit_price` is in minor units, `available` is in all its counters together."""

    product_id: str
    name: str
    unit_price: int
    available: int
    counters: int = 1


class ProductsTable:
    """The products of one deployed stack."""

    def __init__(self, stack: Stack) -> None:
        self._table = stack.inventory_table
        self._dynamodb = stack.client("dynamodb")

    def all(self) -> list[Product]:
        """Read every product, sorted by its id."""
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        items = [to_plain(item) for page in pages for item in page["Items"]]
        return sorted(_products(items), key=lambda product: product.product_id)

    def find(self, product_ids: Iterable[str]) -> dict[str, Product]:
        """Read these products; those that don't exist are left out.

        The counters of a product are read one after the other. What moves between them in that moment can be
        counted twice or not at all.
        """
        items = list(self._get(product_ids))
        others = [
            {"productId": counter_id(item["productId"], number)}
            for item in items
            for number in range(1, counters_of(item))
        ]
        items += batch_get(self._dynamodb, self._table, others, ("productId", "available"))
        return {product.product_id: product for product in _products(items)}

    def split(self, product_id: str, into: int) -> Product:
        """Divide the stock of a product evenly into so many counters, 1 or more; raise OperatorError."""
        ProductCounters(client=self._dynamodb, table=self._table).split(product_id, into)
        return self.find([product_id])[product_id]

    def stock(self, products: Iterable[Product], *, source: str = "") -> Iterator[int]:
        """Write the products and replace existing ones; yield the number of products after each batch.

        `source` is the digest of the order file that they come from. Nothing is written when one of them is
        split: its other counters would be lost, and OperatorError says so.
        """
        products = list(products)
        self._require_in_one_counter(product.product_id for product in products)
        return batch_put(
            self._dynamodb,
            self._table,
            (
                {
                    "productId": product.product_id,
                    "name": product.name,
                    "unitPrice": product.unit_price,
                    "available": product.available,
                    **({_STOCKED_FROM: source} if source else {}),
                }
                for product in products
            ),
        )

    def not_stocked_from(self, source: str, products: Iterable[Product]) -> list[Product]:
        """Return the products that were not yet stocked from this source."""
        by_id = {product.product_id: product for product in products}
        stocked = {item["productId"] for item in self._get(by_id) if item.get(_STOCKED_FROM) == source}
        return [product for product_id, product in by_id.items() if product_id not in stocked]

    def set(
        self, product_id: str, *, available: int, unit_price: int | None = None, name: str | None = None
    ) -> Product:
        """Set the stock of a product, and its price and name where given; a new product needs a price.

        The stock of a split product is spread over its counters.
        """
        change, counters = _set_of(product_id, unit_price=unit_price, name=name), 1
        for _ in ProductCounters(client=self._dynamodb, table=self._table).attempts():
            try:
                if counters > 1:
                    self._set_split(change, product_id, even_shares(available, counters))
                    return self.find([product_id])[product_id]
                return self._set_whole(change, product_id, available)
            except StockChanges:
                found = next(self._get([product_id]), {})
                counters = counters_of(found)
                if counters == 1 and not is_unit_price(found.get("unitPrice")):
                    raise OperatorError(
                        f"There is no product {product_id}",
                        what_to_do="Add it with --price (in minor units).",
                    ) from None
        raise OperatorError(
            f"The stock of {product_id} is as it was: orders change it too quickly",
            what_to_do="Run the same command again.",
        )

    def _set_whole(self, change: "_Change", product_id: str, available: int) -> Product:
        try:
            response = self._dynamodb.update_item(
                ReturnValues="ALL_NEW", **self._setting(change, product_id, available)
            )
        except ClientError as error:
            if not is_condition_failed(error):
                raise
            raise StockChanges from error
        return _product(to_plain(response["Attributes"]), available)

    def _set_split(self, change: "_Change", product_id: str, shares: Sequence[int]) -> None:
        updates = [
            self._setting(_OF_A_COUNTER, counter_id(product_id, number), share)
            for number, share in enumerate(shares)
        ]
        updates[0] = self._setting(change, product_id, shares[0], counters=len(shares))
        in_transaction(self._dynamodb, [{"Update": update} for update in updates])

    def _setting(self, change: "_Change", key: str, available: int, *, counters: int = 1) -> dict[str, Any]:
        """Return the arguments that set a counter; counter 0 must say that there are so many."""
        is_as_read = f"{COUNTERS} = :counters" if counters > 1 else f"attribute_not_exists({COUNTERS})"
        values = {
            **change.values,
            ":available": available,
            **({":counters": counters} if counters > 1 else {}),
        }
        return {
            "TableName": self._table,
            "Key": to_item({"productId": key}),
            "UpdateExpression": ", ".join(["SET available = :available", *change.assignments]),
            "ConditionExpression": " AND ".join([is_as_read, *change.conditions]),
            "ExpressionAttributeValues": to_item(values),
            **({"ExpressionAttributeNames": change.names} if change.names else {}),
        }

    def _require_in_one_counter(self, product_ids: Iterable[str]) -> None:
        keys = ({"productId": product_id} for product_id in product_ids)
        found = batch_get(self._dynamodb, self._table, keys, ("productId", COUNTERS))
        split = sorted(item["productId"] for item in found if counters_of(item) > 1)
        if split:
            named = ", ".join(split[:_NAMED]) + (", ..." if split[_NAMED:] else "")
            raise OperatorError(
                f"Split into counters: {named}",
                why="their stock is not replaced, so nothing was written",
                what_to_do=f"Merge each first: `orderctl stock merge {split[0]}`.",
            )

    def _get(self, product_ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        keys = ({"productId": product_id} for product_id in product_ids)
        return batch_get(self._dynamodb, self._table, keys, _ATTRIBUTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What is set beside the stock, and on which conditions."""

    assignments: Sequence[str] = ()
    conditions: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


_OF_A_COUNTER: Final = _Change(conditions=("attribute_exists(productId)",))


def _set_of(product_id: str, *, unit_price: int | None, name: str | None) -> _Change:
    named = "#name = :name" if name else "#name = if_not_exists(#name, :name)"
    values: dict[str, Any] = {":name": name or product_id}
    if unit_price is None:
        return _Change(
            assignments=(named,),
            conditions=("unitPrice BETWEEN :least AND :most",),
            names={"#name": "name"},
            values=values | {":least": 1, ":most": MAX_UNIT_PRICE},
        )
    return _Change(
        assignments=(named, "unitPrice = :unitPrice"),
        names={"#name": "name"},
        values=values | {":unitPrice": unit_price},
    )


def _products(items: Sequence[Mapping[str, Any]]) -> Iterator[Product]:
    # A released reservation can write stock of a product that was deleted. Such an item has no price. Another
    # program can store an impossible price. The API sells neither. A counter has no price either.
    available = {item["productId"]: int(item.get("available", 0)) for item in items}
    for item in items:
        if is_unit_price(item.get("unitPrice")):
            keys = (counter_id(item["productId"], number) for number in range(counters_of(item)))
            yield _product(item, sum(available.get(key, 0) for key in keys))


def _product(item: Mapping[str, Any], available: int) -> Product:
    return Product(
        product_id=item["productId"],
        name=item.get("name", item["productId"]),
        unit_price=int(item["unitPrice"]),
        available=available,
        counters=counters_of(item),
    )
