"""What the Inventory table offers: prices, and how many counters a product has."""

from collections.abc import Iterable
from typing import Any

from handlers.adapters.aws import translated
from handlers.adapters.dynamodb import from_item, to_item
from handlers.adapters.time_budget import LONGEST_CALL_MILLIS, TimeBudget
from handlers.contract.money import is_unit_price
from handlers.contract.stock_counters import COUNTERS, counters_of
from handlers.domain.errors import DependencyUnavailable
from handlers.domain.pricing import Offer


class Catalogue:
    """`client` is a boto3 DynamoDB client."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def offers(self, product_ids: Iterable[str], budget: TimeBudget) -> dict[str, Offer]:
        """Return price and counters of each product that has a price; raises DependencyUnavailable.

        Takes up to 100 products. A release may create the item of a deleted product again. That item has
        stock but no price, and is not sold. Neither is a product whose stored price is none: not a number,
        or not a whole number of minor units from 1 to MAX_UNIT_PRICE.
        """
        offers: dict[str, Offer] = {}
        wanted: list[Any] = [to_item({"productId": product_id}) for product_id in product_ids]
        for _ in budget.attempts(LONGEST_CALL_MILLIS):
            found, wanted = self._read(wanted)
            offers |= found
            if not wanted:
                return offers
        raise DependencyUnavailable(f"Inventory table: {len(wanted)} products could not be read")

    def _read(self, keys: list[Any]) -> tuple[dict[str, Offer], list[Any]]:
        request = {"Keys": keys, "ProjectionExpression": f"productId, unitPrice, {COUNTERS}"}
        with translated("Inventory table"):
            response = self._client.batch_get_item(RequestItems={self._table_name: request})
        found = response.get("Responses", {}).get(self._table_name, [])
        products = [from_item(item) for item in found]
        offers = {
            product["productId"]: Offer(unit_price=int(product["unitPrice"]), counters=counters_of(product))
            for product in products
            if is_unit_price(product.get("unitPrice"))
        }
        unread = response.get("UnprocessedKeys", {}).get(self._table_name, {}).get("Keys", [])
        return offers, unread
