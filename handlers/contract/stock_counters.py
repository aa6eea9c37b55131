"""The counters of a product: how its stock is divided into several items of the Inventory table.

DynamoDB makes 1,000 writes a second in a partition, and a write of a transaction counts twice. So one item
sells at most 500 times a second, and some 60 times before its transactions refuse each other too often
(docs/scaling.md). Counter 0 is the product's own item, and only it says how many there are,
in `counters`. The others have nothing but their part of the stock, so that nobody can order one.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

COUNTERS: Final = "counters"
# One transaction changes or reads all counters of a product: it may have 100 actions.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
MAX_COUNTERS: Final = 50
# No product id has it.
_MARK: Final = "#"


def counter_id(product_id: str, number: int) -> str:
    """Return the key of a counter in the Inventory table."""
    return f"{product_id}{_MARK}{number}" if number else product_id


def counters_of(product: Mapping[str, object]) -> int:
    """Return how many counters the item of a product says: 1 for a product that is not split.

    Another program can store an impossible number; that is none.
    """
    stored = product.get(COUNTERS)
    if isinstance(stored, Decimal) and 1 <= stored <= MAX_COUNTERS and stored % 1 == 0:
        return int(stored)
    return 1
