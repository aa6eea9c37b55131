"""The STEP records of the Orders table: the first recorded decision stays."""

from collections.abc import Mapping
from typing import Any, Final

from handlers.adapters.aws import translated
from handlers.adapters.dynamodb import (
    ConditionFailedError,
    Record,
    conditional_write,
    from_item,
    record_key,
    to_item,
)

_SERVICE: Final = "Orders table"


class StepRecords:
    """`client` is a boto3 DynamoDB client. Every method may raise DependencyUnavailable."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def read(self, order_id: str, record: str) -> Record | None:
        with translated(_SERVICE):
            response = self._client.get_item(
                TableName=self._table_name, Key=record_key(order_id, record), ConsistentRead=True
            )
        return from_item(response["Item"]) if "Item" in response else None

    def put_if_absent(self, record: Record) -> Record:
        """Return what is in the table now: this record, or the one that was there before."""
        try:
            with conditional_write(_SERVICE):
                self._client.put_item(
                    TableName=self._table_name,
                    Item=to_item(record),
                    ConditionExpression="attribute_not_exists(orderId)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailedError as failed:
            return failed.stored
        return record

    def update_if(
        self,
        key: tuple[str, str],
        changes: Mapping[str, Any],
        *,
        condition: str,
        operands: Mapping[str, Any] | None = None,
    ) -> Record:
        """Return what is in the table now: with the changes, or unchanged because the condition failed.

        `key` is (order id, record). In the condition, `#name` is an attribute that changes, `:new_name` is
        its new value, and `:name` is one of the operands.
        """
        values = {f":new_{name}": value for name, value in changes.items()}
        values |= {f":{name}": value for name, value in (operands or {}).items()}
        try:
            with conditional_write(_SERVICE):
                response = self._client.update_item(
                    TableName=self._table_name,
                    Key=record_key(*key),
                    UpdateExpression="SET " + ", ".join(f"#{name} = :new_{name}" for name in changes),
                    ConditionExpression=condition,
                    ExpressionAttributeNames={f"#{name}": name for name in changes},
                    ExpressionAttributeValues=to_item(values),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailedError as failed:
            return failed.stored
        return from_item(response["Attributes"])
