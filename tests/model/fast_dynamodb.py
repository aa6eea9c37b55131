"""An in-memory DynamoDB client for the model-based tests: 20 microseconds a call.

moto takes 1 to 9 ms a call. `test_fast_dynamodb.py` compares the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from devtools.asl.quick_copy import quick_copy
from tests.model.expressions import Item, Operands, holds, set_names, updated

Key = tuple[str, ...]


@dataclass(kw_only=True)
class Table:
    """`key` and the keys of the indexes are attribute names, partition key first.

    `included` are the further attributes of an index.
    """

    key: tuple[str, ...]
    indexes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    included: Mapping[str, frozenset[str]] = field(default_factory=dict)
    items: dict[Key, Item] = field(default_factory=dict)


def empty_tables() -> Mapping[str, Table]:
    """Return the two empty tables; a test compares their keys with the template."""
    return {
        "Orders": Table(
            key=("orderId", "record"),
            indexes={"open-orders": ("openShard", "openKey"), "customer-orders": ("customerId", "createdAt")},
            included={
                "open-orders": frozenset({"status", "customerId", "updatedAt", "attempts", "reason"}),
                "customer-orders": frozenset({"status", "reason", "total", "updatedAt"}),
            },
        ),
        "Inventory": Table(key=("productId",)),
    }


class FastDynamoDB:
    """Behaves like `boto3.client("dynamodb")`; an operation that is missing here raises AttributeError."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self.tables = tables

    def get_item(self, *, TableName: str, Key: Item, **_: Any) -> Item:  # noqa: N803  boto3's names
        item = self._find(TableName, Key)
        return {} if item is None else {"Item": quick_copy(item)}

    def put_item(self, *, TableName: str, Item: Item, **request: Any) -> Item:  # noqa: N803
        self._check(self._find(TableName, Item), request, "PutItem")
        self._store(TableName, Item)
        return {}

    def update_item(self, *, TableName: str, Key: Item, **request: Any) -> Item:  # noqa: N803
        before = self._find(TableName, Key)
        self._check(before, request, "UpdateItem")
        after = updated(request["UpdateExpression"], before or Key, _operands(request))
        self._store(TableName, after)
        shown = _shown(request, after)
        return {"Attributes": quick_copy(shown)} if shown else {}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> Item:  # noqa: N803
        found = {
            table: [
                _projected(item, request)
                for key in request["Keys"]
                if (item := self._find(table, key)) is not None
            ]
            for table, request in RequestItems.items()
        }
        return {"Responses": found, "UnprocessedKeys": {}}

    def query(self, *, TableName: str, KeyConditionExpression: str, **request: Any) -> Item:  # noqa: N803
        table = self.tables[TableName]
        index = request.get("IndexName")
        key = table.indexes[index] if index else table.key
        found = [
            item
            for item in table.items.values()
            if all(name in item for name in key) and holds(KeyConditionExpression, item, _operands(request))
        ]
        found.sort(key=lambda item: [item[name]["S"] for name in key])
        if not request.get("ScanIndexForward", True):
            found.reverse()
        found = found[: request.get("Limit")]
        if index:
            shown = {*table.key, *key, *table.included[index]}
            found = [{name: value for name, value in item.items() if name in shown} for item in found]
        return {"Items": quick_copy(found), "Count": len(found)}

    def get_paginator(self, operation: str) -> Any:
        """Return a paginator that has one page."""
        return SimpleNamespace(paginate=lambda **request: [getattr(self, operation)(**request)])

    def scan(self, *, TableName: str) -> Item:  # noqa: N803
        return {"Items": quick_copy(list(self.tables[TableName].items.values()))}

    def transact_write_items(self, *, TransactItems: Sequence[Item], **_: Any) -> Item:  # noqa: N803
        reasons = [self._cancellation_reason(action) for action in TransactItems]
        if any(reason["Code"] != "None" for reason in reasons):
            raise _error("TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons)
        for action in TransactItems:
            ((kind, request),) = action.items()
            unconditional = {name: value for name, value in request.items() if name != "ConditionExpression"}
            if kind == "Delete":
                self._remove(request["TableName"], request["Key"])
            else:
                self.put_item(**unconditional) if kind == "Put" else self.update_item(**unconditional)
        return {}

    def transact_get_items(self, *, TransactItems: Sequence[Item]) -> Item:  # noqa: N803
        found = [self._find(get["Get"]["TableName"], get["Get"]["Key"]) for get in TransactItems]
        return {"Responses": [{} if item is None else {"Item": quick_copy(item)} for item in found]}

    def _cancellation_reason(self, action: Item) -> Item:
        ((kind, request),) = action.items()
        if kind not in {"Put", "Update", "Delete"}:
            raise NotImplementedError(kind)
        item = self._find(request["TableName"], request["Item" if kind == "Put" else "Key"])
        if holds(request.get("ConditionExpression"), item, _operands(request)):
            return {"Code": "None"}
        reason = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
        return {**reason, **_old_item(item, request)}

    def _check(self, item: Item | None, request: Item, operation: str) -> None:
        if not holds(request.get("ConditionExpression"), item, _operands(request)):
            raise _error("ConditionalCheckFailedException", operation, **_old_item(item, request))

    def _find(self, table: str, item: Item) -> Item | None:
        return self.tables[table].items.get(self._key(table, item))

    def _store(self, table: str, item: Item) -> None:
        self.tables[table].items[self._key(table, item)] = quick_copy(item)

    def _remove(self, table: str, key: Item) -> None:
        self.tables[table].items.pop(self._key(table, key), None)

    def _key(self, table: str, item: Item) -> Key:
        return tuple(item[name]["S"] for name in self.tables[table].key)


def _shown(request: Mapping[str, Any], after: Item) -> Item:
    if request.get("ReturnValues") == "UPDATED_NEW":
        names = set_names(request["UpdateExpression"], request.get("ExpressionAttributeNames", {}))
        return {name: value for name, value in after.items() if name in names}
    return after if request.get("ReturnValues") == "ALL_NEW" else {}


def _operands(request: Item) -> Operands:
    return Operands(
        names=request.get("ExpressionAttributeNames", {}), values=request.get("ExpressionAttributeValues", {})
    )


def _projected(item: Item, request: Item) -> Item:
    names = [
        _operands(request).names.get(name, name)
        for name in request.get("ProjectionExpression", "").split(", ")
    ]
    return quick_copy({name: item[name] for name in names if name in item} if names != [""] else item)


def _old_item(item: Item | None, request: Item) -> Item:
    wanted = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    return {"Item": quick_copy(item)} if wanted and item is not None else {}


def _error(code: str, operation: str, **details: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}, **details}, operation)
