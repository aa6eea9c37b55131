"""The counters of products in the Inventory table: what an order takes from which, and puts back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from handlers.adapters.dynamodb import Record, to_item
from handlers.adapters.transactions import read_together
from handlers.contract.stock_counters import counter_id, counters_of
from handlers.domain.counter_choice import shares_of, spread
from handlers.domain.reservation import ReservedItem, Share


class StockCounters:
    """`client` is a boto3 DynamoDB client."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def choice(self, order_id: str, split: Mapping[str, int]) -> "Choice":
        """Return where an order takes from; `split` has the number of counters of the split products."""
        return Choice(order_id=order_id, counters=dict(split), stock=self)

    def read(self, product_id: str, counters: int) -> list[int] | None:
        """Return what each counter has at one moment; None while a write of one of them is under way.

        Stock that is moved between two counters is in one of them. Reads one after the other could miss it,
        and an order would be refused although there is enough. `counters` is how many there were.
        """
        keys = [to_item({"productId": counter_id(product_id, number)}) for number in range(counters)]
        items = read_together(self._client, self._table_name, keys)
        if items is None:
            return None
        now = counters_of(items[0])
        if now > counters:
            return self.read(product_id, now)
        return [int(item.get("available", 0)) for item in items[:now]]

    def take(self, product_id: str, share: Share) -> dict[str, Any]:
        """Take from a counter that has enough. When it has not, the error has its item, at no cost.

        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Update.html
        """
        return self._count(
            product_id,
            share,
            "SET available = available - :quantity",
            ConditionExpression="available >= :quantity",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )

    def put_back(self, product_id: str, share: Share) -> dict[str, Any]:
        """Put back into a counter that exists. Counter 0 is made anew for a product that was deleted."""
        exists = {"ConditionExpression": "attribute_exists(productId)"} if share.counter else {}
        return self._count(product_id, share, "ADD available :quantity", **exists)

    def move_together(self, item: ReservedItem) -> list[dict[str, Any]]:
        """Move all shares of an item to the counter of the first one."""
        into, *others = item.shares
        moved = Share(counter=into.counter, quantity=sum(share.quantity for share in others))
        takes = [self.take(item.product_id, share) for share in others]
        target = self._count(
            item.product_id,
            moved,
            "ADD available :quantity",
            ConditionExpression="attribute_exists(productId)",
        )
        return [target, *takes]

    def _count(self, product_id: str, share: Share, expression: str, **condition: str) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._table_name,
                "Key": to_item({"productId": counter_id(product_id, share.counter)}),
                "UpdateExpression": expression,
                "ExpressionAttributeValues": to_item({":quantity": share.quantity}),
                **condition,
            }
        }


@dataclass(slots=True, kw_only=True)
class Choice:
    """Where an order takes from, in one attempt after the other.

    `counters` is how many each split product has, as far as is known. `short` are the products whose whole
    stock was too small at one moment.
    """

    order_id: str
    counters: dict[str, int]
    stock: StockCounters
    short: list[str] = field(default_factory=list)
    _missed: set[str] = field(default_factory=set)
    _certain: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=count)

    def first(self, item: ReservedItem) -> ReservedItem:
        """Choose a counter without a read."""
        return self._all_from_one(item)

    def missed(self, failures: Iterable[tuple[ReservedItem, Share, Record]]) -> None:
        """Note which shares could not be taken, and what their counter was then."""
        self._missed.clear()
        for item, share, found in failures:
            self._missed.add(item.product_id)
            if share.counter == 0:
                self.counters[item.product_id] = counters_of(found)
                if self.counters[item.product_id] == 1:
                    # This one counter was the whole stock.
                    self._certain.add(item.product_id)

    def again(self, item: ReservedItem) -> ReservedItem:
        """Choose anew where an item was missed; `short` gets it if there is not enough in all counters."""
        if item.product_id not in self._missed:
            return item
        if item.product_id in self._certain:
            self.short.append(item.product_id)
            return item
        available = self.stock.read(item.product_id, self.counters[item.product_id])
        if available is None:
            # They are being written: another one probably has stock too.
            return self._all_from_one(item)
        self.counters[item.product_id] = len(available)
        shares = shares_of(item.quantity, available, self._number(len(available)))
        if not shares:
            self.short.append(item.product_id)
        return replace(item, shares=shares)

    def _all_from_one(self, item: ReservedItem) -> ReservedItem:
        counters = self.counters.get(item.product_id, 1)
        if counters == 1:
            return replace(item, shares=())
        return replace(item, shares=(Share(counter=self._number(counters), quantity=item.quantity),))

    def _number(self, among: int) -> int:
        return spread(self.order_id, next(self._numbers), among)
