"""Reservations: one transaction moves stock between the catalogue and an order."""

from collections.abc import Mapping
from typing import Any, Final

from handlers.adapters.dynamodb import Record, record_key, to_item
from handlers.adapters.step_records import StepRecords
from handlers.adapters.time_budget import TimeBudget
from handlers.adapters.transactions import retry_conflicts, transact
from handlers.contract.names import INVENTORY_STEP, InventoryStatus
from handlers.domain.reservation import InventoryStep, ReservedItem, out_of_stock

# The step's record is the first action of every transaction. A recorded decision wins over a shortage.
_STEP: Final = 0


class InventoryTable:
    """`client` is a boto3 DynamoDB client. Every method may raise DependencyUnavailable."""

    def __init__(self, client: Any, *, orders_table: str, inventory_table: str) -> None:
        self._client = client
        self._orders_table = orders_table
        self._inventory_table = inventory_table
        self._steps = StepRecords(client, orders_table)

    def reserve(self, wanted: InventoryStep, budget: TimeBudget) -> InventoryStep:
        """Take all the items or none; return the recorded decision, also when another execution made it."""
        actions = [self._put_step(wanted), *(self._take(item) for item in wanted.items)]
        failed = transact(self._client, actions, budget)
        if not failed:
            return wanted
        if _STEP in failed:
            return _step(failed[_STEP])
        short = [item.product_id for position, item in enumerate(wanted.items, 1) if position in failed]
        return self._record_if_absent(out_of_stock(wanted, short), budget)

    def release(self, wanted: InventoryStep, budget: TimeBudget) -> InventoryStep:
        """Give back what is reserved, once. Without a reservation, record RELEASED to block a late one."""
        recorded = self._steps.read(wanted.order_id, INVENTORY_STEP)
        step = _step(recorded) if recorded else self._record_if_absent(wanted, budget)
        if step.status is InventoryStatus.RESERVED:
            return self._give_back(step, wanted, budget)
        return step

    def _give_back(self, held: InventoryStep, wanted: InventoryStep, budget: TimeBudget) -> InventoryStep:
        actions = [self._change_step(held, wanted), *(self._return(item) for item in held.items)]
        failed = transact(self._client, actions, budget)
        return _step(failed[_STEP]) if failed else wanted

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

    def _take(self, item: ReservedItem) -> dict[str, Any]:
        return self._count(
            item, "SET available = available - :quantity", ConditionExpression="available >= :quantity"
        )

    def _return(self, item: ReservedItem) -> dict[str, Any]:
        return self._count(item, "ADD available :quantity")

    def _count(self, item: ReservedItem, expression: str, **condition: str) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._inventory_table,
                "Key": to_item({"productId": item.product_id}),
                "UpdateExpression": expression,
                "ExpressionAttributeValues": to_item({":quantity": item.quantity}),
                **condition,
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
        record["items"] = [{"productId": item.product_id, "quantity": item.quantity} for item in step.items]
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


def _item(item: Mapping[str, Any]) -> ReservedItem:
    return ReservedItem(product_id=item["productId"], quantity=int(item["quantity"]))
