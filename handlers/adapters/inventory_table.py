"""Reservations: one transaction moves stock between the catalogue and an order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from handlers.adapters.dynamodb import Record, record_key, to_item
from handlers.adapters.step_records import StepRecords
from handlers.adapters.stock_counters import StockCounters
from handlers.adapters.time_budget import TimeBudget
from handlers.adapters.transactions import retry_conflicts, transact
from handlers.contract.names import INVENTORY_STEP, InventoryStatus
from handlers.domain.errors import DependencyUnavailable
from handlers.domain.reservation import InventoryStep, ReservedItem, Share, out_of_stock

# The step's record is the first action of every transaction. A recorded decision wins over a shortage.
_STEP: Final = 0
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
_MAX_ACTIONS: Final = 100
_NONE_SPLIT: Final[Mapping[str, int]] = MappingProxyType({})


class InventoryTable:
    """`client` is a boto3 DynamoDB client. Every method may raise DependencyUnavailable."""

    def __init__(self, client: Any, *, orders_table: str, inventory_table: str) -> None:
        self._client = client
        self._orders_table = orders_table
        self._counters = StockCounters(client, inventory_table)
        self._steps = StepRecords(client, orders_table)

    def reserve(
        self, wanted: InventoryStep, budget: TimeBudget, split: Mapping[str, int] = _NONE_SPLIT
    ) -> InventoryStep:
        """Take all the items or none; return the recorded decision, also when another execution made it.

        `split` has how many counters each product had that was split when the order was placed. The order
        takes from one of them. When that one is short or gone, it takes from those that have enough.
        """
        choice = self._counters.choice(wanted.order_id, split)
        step = replace(wanted, items=tuple(map(choice.first, wanted.items)))
        for _ in budget.attempts():
            takes = [(item, share) for item in step.items for share in item.taken()]
            failed = self._take_all(step, takes, budget)
            if not failed:
                return step
            if _STEP in failed:
                return _step(failed[_STEP])
            choice.missed([(*takes[position - 1], found) for position, found in failed.items()])
            items = tuple(map(choice.again, step.items))
            if choice.short:
                return self._record_if_absent(out_of_stock(wanted, choice.short), budget)
            step = self._fitting(replace(step, items=items), budget)
        raise DependencyUnavailable("Inventory table: other orders take from the same counters")

    def release(self, wanted: InventoryStep, budget: TimeBudget) -> InventoryStep:
        """Give back what is reserved, once. Without a reservation, record RELEASED to block a late one."""
        recorded = self._steps.read(wanted.order_id, INVENTORY_STEP)
        step = _step(recorded) if recorded else self._record_if_absent(wanted, budget)
        if step.status is InventoryStatus.RESERVED:
            return self._give_back(step, wanted, budget)
        return step

    def _take_all(
        self, step: InventoryStep, takes: Sequence[tuple[ReservedItem, Share]], budget: TimeBudget
    ) -> dict[int, Record]:
        actions = [self._put_step(step)]
        actions += [self._counters.take(item.product_id, share) for item, share in takes]
        return transact(self._client, actions, budget)

    def _fitting(self, step: InventoryStep, budget: TimeBudget) -> InventoryStep:
        """Return a step that one transaction can make: first move together what is in several counters."""
        if 1 + sum(len(item.taken()) for item in step.items) <= _MAX_ACTIONS:
            return step
        return replace(step, items=tuple(self._moved_together(item, budget) for item in step.items))

    def _moved_together(self, item: ReservedItem, budget: TimeBudget) -> ReservedItem:
        if len(item.shares) <= 1:
            return item
        # When a condition fails, nothing is moved. The reservation finds that out by itself.
        transact(self._client, self._counters.move_together(item), budget)
        return replace(item, shares=(Share(counter=item.shares[0].counter, quantity=item.quantity),))

    def _give_back(self, held: InventoryStep, wanted: InventoryStep, budget: TimeBudget) -> InventoryStep:
        back = {
            (item.product_id, share.counter): share.quantity for item in held.items for share in item.taken()
        }
        while True:
            actions = [self._change_step(held, wanted)]
            actions += [
                self._counters.put_back(product_id, Share(counter=counter, quantity=quantity))
                for (product_id, counter), quantity in back.items()
            ]
            failed = transact(self._client, actions, budget)
            if _STEP in failed or not failed:
                return _step(failed[_STEP]) if failed else wanted
            # These counters were merged meanwhile. Counter 0 takes everything, so this ends.
            for product_id, counter in [list(back)[position - 1] for position in failed]:
                quantity = back.pop((product_id, counter))
                back[product_id, 0] = back.get((product_id, 0), 0) + quantity

    def _record_if_absent(self, step: InventoryStep, budget: TimeBudget) -> InventoryStep:
        return _step(retry_conflicts(lambda: self._steps.put_if_absent(_record(step)), budget))

    def _put_step(self, step: InventoryStep) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self._orders_table,
                "Item": to_item(_record(step)),
                "ConditionExpression": "attribute_not_exists(orderId)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def _change_step(self, held: InventoryStep, wanted: InventoryStep) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._orders_table,
                "Key": record_key(held.order_id, INVENTORY_STEP),
                "UpdateExpression": "SET #status = :status, #at = :at, executionArn = :executionArn",
                "ConditionExpression": "#status = :held",
                "ExpressionAttributeNames": {"#status": "status", "#at": "at"},
                "ExpressionAttributeValues": to_item(
                    {
                        ":status": wanted.status.value,
                        ":at": wanted.at,
                        ":executionArn": wanted.execution_arn,
                        ":held": held.status.value,
                    }
                ),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def _record(step: InventoryStep) -> Record:
    record: Record = {
        "orderId": step.order_id,
        "record": INVENTORY_STEP,
        "status": step.status.value,
        "at": step.at,
        "executionArn": step.execution_arn,
    }
    if step.status is InventoryStatus.RESERVED:
        record["items"] = [_stored(item) for item in step.items]
    if step.status is InventoryStatus.OUT_OF_STOCK:
        record["products"] = list(step.short_products)
    return record


def _step(record: Mapping[str, Any]) -> InventoryStep:
    return InventoryStep(
        order_id=record["orderId"],
        status=InventoryStatus(record["status"]),
        at=record["at"],
        execution_arn=record["executionArn"],
        items=tuple(_item(item) for item in record.get("items", [])),
        short_products=tuple(record.get("products", [])),
    )


def _stored(item: ReservedItem) -> Record:
    """Write an item; the release before this one reads its quantity and gives it back to counter 0."""
    taken = {str(share.counter): share.quantity for share in item.taken()}
    from_others = {} if taken.keys() == {"0"} else {"takenFrom": taken}
    return {"productId": item.product_id, "quantity": item.quantity, **from_others}


def _item(item: Mapping[str, Any]) -> ReservedItem:
    return ReservedItem(
        product_id=item["productId"],
        quantity=int(item["quantity"]),
        shares=tuple(
            Share(counter=int(counter), quantity=int(quantity))
            for counter, quantity in item.get("takenFrom", {}).items()
        ),
    )
