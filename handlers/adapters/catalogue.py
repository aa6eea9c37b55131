"""The prices in the Inventory table."""

from collections.abc import Iterable
from typing import Any

from handlers.adapters.aws import translated
from handlers.adapters.dynamodb import from_item, to_item
from handlers.adapters.time_budget import LONGEST_CALL_MILLIS, TimeBudget
from handlers.contract.money import is_unit_price
from handlers.domain.errors import DependencyUnavailable


class Catalogue:
    """`client` is a boto3 DynamoDB client."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def unit_prices(self, product_ids: Iterable[str], budget: TimeBudget) -> dict[str, int]:
        """Return the price in minor units of each product that has one; raises DependencyUnavailable.

        Takes up to 100 products. A release may create the item of a deleted product again. That item has
        stock but no price, and is not sold. Neither is a product whose stored price is none: not a number,
        or not a whole number of minor units from 1 to MAX_UNIT_PRICE.
        """
        prices: dict[str, int] = {}
        wanted: list[Any] = [to_item({"productId": product_id}) for product_id in product_ids]
        for _ in budget.attempts(LONGEST_CALL_MILLIS):
            found, wanted = self._read(wanted)
            prices |= found
            if not wanted:
                return prices
        raise DependencyUnavailable(f"Inventory table: {len(wanted)} products could not be read")

    def _read(self, keys: list[Any]) -> tuple[dict[str, int], list[Any]]:
        request = {"Keys": keys, "ProjectionExpression": "productId, unitPrice"}
        with translated("Inventory table"):
            response = self._client.batch_get_item(RequestItems={self._table_name: request})
        found = response.get("Responses", {}).get(self._table_name, [])
        products = [from_item(item) for item in found]
        prices = {
            product["productId"]: int(product["unitPrice"])
            for product in products
            if is_unit_price(product.get("unitPrice"))
        }
        unread = response.get("UnprocessedKeys", {}).get(self._table_name, {}).get("Keys", [])
        return prices, unread
