"""The products in the Inventory table: name, price and stock."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from handlers.contract.money import MAX_UNIT_PRICE, is_unit_price
from orderctl.dynamodb import batch_get, batch_put, is_condition_failed, to_item, to_plain
from orderctl.errors import OperatorError
from orderctl.stack import Stack

# The digest of the order file that a product was stocked from: the same file must not stock it again.
_STOCKED_FROM: Final = "stockedFrom"
_ATTRIBUTES: Final = ("productId", "name", "unitPrice", "available", _STOCKED_FROM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What can be ordered; `unit_price` is in minor units."""

    product_id: str
    name: str
    unit_price: int
    available: int


class ProductsTable:
    """The products of one deployed stack."""

    def __init__(self, stack: Stack) -> None:
        self._table = stack.inventory_table
        self._dynamodb = stack.client("dynamodb")

    def all(self) -> list[Product]:
        """Read every product, sorted by its id."""
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        items = (to_plain(item) for page in pages for item in page["Items"])
        return sorted(_products(items), key=lambda product: product.product_id)

    def find(self, product_ids: Iterable[str]) -> dict[str, Product]:
        """Read these products; those that don't exist are left out."""
        return {product.product_id: product for product in _products(self._get(product_ids))}

    def stock(self, products: Iterable[Product], *, source: str = "") -> Iterator[int]:
        """Write the products and replace existing ones; yield the number of products after each batch.

        `source` is the digest of the order file that they come from.
        """
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
        """Set the stock of a product, and its price and name where given; a new product needs a price."""
        update = "SET available = :available, #name = "
        update += ":name" if name else "if_not_exists(#name, :name)"
        values: dict[str, Any] = {":available": available, ":name": name or product_id}
        condition = {"ConditionExpression": "unitPrice BETWEEN :least AND :most"}
        limits = {":least": 1, ":most": MAX_UNIT_PRICE}
        if unit_price is not None:
            update += ", unitPrice = :unitPrice"
            values[":unitPrice"] = unit_price
            condition = {}
            limits = {}
        try:
            response = self._dynamodb.update_item(
                TableName=self._table,
                Key=to_item({"productId": product_id}),
                UpdateExpression=update,
                ExpressionAttributeNames={"#name": "name"},
                ExpressionAttributeValues=to_item(values | limits),
                ReturnValues="ALL_NEW",
                **condition,
            )
        except ClientError as error:
            if not is_condition_failed(error):
                raise
            raise OperatorError(
                f"There is no product {product_id}",
                what_to_do="Add it with --price (in minor units).",
            ) from None
        return _product(to_plain(response["Attributes"]))

    def _get(self, product_ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        keys = ({"productId": product_id} for product_id in product_ids)
        return batch_get(self._dynamodb, self._table, keys, _ATTRIBUTES)


def _products(items: Iterable[Mapping[str, Any]]) -> Iterator[Product]:
    # A released reservation can write stock of a product that was deleted. Such an item has no price. Another
    # program can store an impossible price. The API sells neither.
    return (_product(item) for item in items if is_unit_price(item.get("unitPrice")))


def _product(item: Mapping[str, Any]) -> Product:
    return Product(
        product_id=item["productId"],
        name=item.get("name", item["productId"]),
        unit_price=int(item["unitPrice"]),
        available=int(item.get("available", 0)),
    )
