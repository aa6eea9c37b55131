"""Divides the stock of a product into counters, while orders take from it.

A transaction moves stock from one counter to others, so the sum stays the same whatever happens. It moves
amounts, and does not care what is left: an order that takes from a counter meanwhile stops it only when the
amount is not there any more. Only a counter that is removed must have just what was read.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from handlers.contract.money import is_unit_price
from handlers.contract.stock_counters import COUNTERS, MAX_COUNTERS, counter_id, counters_of
from orderctl.dynamodb import batch_get, to_item
from orderctl.errors import OperatorError

# Of one transaction; the pauses between them are 8 s together at most.
_ATTEMPTS: Final = 12
_LONGEST_PAUSE_SECONDS: Final = 1.0
# What ends when orders take less; see
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_PASSING: Final = frozenset(
    {"ConditionalCheckFailed", "TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"}
)


class StockChanges(Exception):  # noqa: N818  it is no error for the caller, who tries again
    """Orders changed the counters at the same time, so nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """The counters of a product that exist, by number. `count` is how many its item says."""

    product_id: str
    count: int
    available: Mapping[int, int]

    @property
    def last(self) -> int:
        """The highest number; more than `count` says when another program replaced the product."""
        return max(self.count - 1, *self.available)


def in_transaction(client: Any, updates: Sequence[Mapping[str, Any]]) -> None:
    """Make all of these writes, or raise StockChanges because one of them must wait."""
    try:
        client.transact_write_items(TransactItems=updates)
    except ClientError as error:
        reasons = {reason["Code"] for reason in error.response.get("CancellationReasons", [])} - {"None"}
        if not reasons or reasons - _PASSING:
            raise
        raise StockChanges from error


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCounters:
    """`client` is a boto3 DynamoDB client; `sleep` takes seconds."""

    client: Any
    table: str
    sleep: Callable[[float], None] = time.sleep

    def split(self, product_id: str, into: int) -> None:
        """Divide the stock evenly into this many counters, whatever number it has; raise OperatorError.

        A product in one counter is not split. Each transaction leaves the product whole and on sale. So it
        can be interrupted after any of them, and the same call goes on.
        """
        found = self._read(product_id)
        while found.last >= into:
            found = self._changed(product_id, lambda now: self._without_last(now, into))
        if into > 1:
            self._changed(product_id, lambda now: self._evenly(now, into))

    def attempts(self) -> Iterator[None]:
        """Allow a bounded number of attempts, with random pauses between them."""
        for attempt in range(_ATTEMPTS):
            if attempt:
                self.sleep(random.uniform(0, min(_LONGEST_PAUSE_SECONDS, 0.05 * 2**attempt)))  # noqa: S311  no secret
            yield

    def _changed(
        self, product_id: str, writes: Callable[[Counters], Sequence[Mapping[str, Any]]]
    ) -> Counters:
        """Read the counters, write and return them as they are then; retry when orders were quicker."""
        for _ in self.attempts():
            try:
                if updates := writes(self._read(product_id)):
                    in_transaction(self.client, updates)
            except StockChanges:
                continue
            return self._read(product_id)
        left = self._read(product_id).count
        raise OperatorError(
            f"Orders change the stock of {product_id} too quickly",
            why=f"gave up after {_ATTEMPTS} attempts",
            what_to_do=f"Its whole stock is on sale, in {left} counter{'s' if left > 1 else ''}. "
            "Run the same command again to go on, or later, when fewer orders come.",
        )

    def _read(self, product_id: str) -> Counters:
        """Read all counters that there can be; raise OperatorError for what is not sold."""
        numbers = {counter_id(product_id, number): number for number in range(MAX_COUNTERS)}
        keys = ({"productId": key} for key in numbers)
        attributes = ("productId", "unitPrice", "available", COUNTERS)
        items = {
            numbers[item["productId"]]: item for item in batch_get(self.client, self.table, keys, attributes)
        }
        if not is_unit_price(items.get(0, {}).get("unitPrice")):
            raise OperatorError(
                f"There is no product {product_id}",
                what_to_do="List all with `orderctl stock show`, or add one with `orderctl stock set`.",
            )
        return Counters(
            product_id=product_id,
            count=counters_of(items[0]),
            available={number: int(item.get("available", 0)) for number, item in items.items()},
        )

    def _without_last(self, now: Counters, into: int) -> list[Mapping[str, Any]]:
        """Give the stock of the last counter to counter 0, and remove it."""
        last = now.last
        if last < into:
            return []
        left = now.available.get(last)
        updates = [self._product(now, counters=min(now.count, last), change=left or 0)]
        if left is not None:
            updates.append(
                {
                    "Delete": {
                        "TableName": self.table,
                        "Key": to_item({"productId": counter_id(now.product_id, last)}),
                        "ConditionExpression": "available = :available",
                        "ExpressionAttributeValues": to_item({":available": left}),
                    }
                }
            )
        return updates

    def _evenly(self, now: Counters, into: int) -> list[Mapping[str, Any]]:
        if now.last >= into:
            # Another operator splits it at this moment.
            raise StockChanges
        shares = even_shares(sum(now.available.values()), into)
        return [
            self._product(now, counters=into, change=shares[0] - now.available[0]),
            *(
                self._counter(now, number, share)
                for number, share in enumerate(shares)
                if number and now.available.get(number) != share
            ),
        ]

    def _product(self, now: Counters, *, counters: int, change: int) -> Mapping[str, Any]:
        """Change the stock of counter 0, and how many counters there are."""
        count = f"SET {COUNTERS} = :counters," if counters > 1 else f"REMOVE {COUNTERS} SET"
        as_read = f"{COUNTERS} = :now" if now.count > 1 else f"attribute_not_exists({COUNTERS})"
        values = {":change": change, ":least": max(0, -change)}
        values |= {":counters": counters} if counters > 1 else {}
        values |= {":now": now.count} if now.count > 1 else {}
        return self._update(
            counter_id(now.product_id, 0),
            f"{count} available = available + :change",
            f"{as_read} AND available >= :least",
            values,
        )

    def _counter(self, now: Counters, number: int, share: int) -> Mapping[str, Any]:
        key = counter_id(now.product_id, number)
        if number not in now.available:
            missing = "attribute_not_exists(productId)"
            return self._update(key, "SET available = :share", missing, {":share": share})
        change = share - now.available[number]
        return self._update(
            key,
            "SET available = available + :change",
            "available >= :least",
            {":change": change, ":least": max(0, -change)},
        )

    def _update(
        self, key: str, expression: str, condition: str, values: Mapping[str, int]
    ) -> Mapping[str, Any]:
        return {
            "Update": {
                "TableName": self.table,
                "Key": to_item({"productId": key}),
                "UpdateExpression": expression,
                "ConditionExpression": condition,
                "ExpressionAttributeValues": to_item(values),
            }
        }


def even_shares(total: int, counters: int) -> list[int]:
    """Divide a stock so that no share has more than one more than another."""
    share, rest = divmod(total, counters)
    return [share + (number < rest) for number in range(counters)]
