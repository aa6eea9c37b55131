"""DynamoDB items as plain values, and conditional writes whose condition failed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import ClientError

from handlers.adapters.attributes import from_attribute, to_attribute
from handlers.adapters.aws import error_code, translated

Record = dict[str, Any]

# A single write fails with this exception, an action of a transaction with this code.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_CONDITION_FAILED_EXCEPTION: Final = "ConditionalCheckFailedException"
CONDITION_FAILED: Final = "ConditionalCheckFailed"


class ConditionFailedError(Exception):
    """The condition of a write failed. `stored` is the item in the table, if the write asked for it."""

    def __init__(self, stored: Record) -> None:
        super().__init__(_CONDITION_FAILED_EXCEPTION)
        self.stored = stored


def to_item(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values as DynamoDB attributes."""
    return {name: to_attribute(value) for name, value in record.items()}


def from_item(item: Mapping[str, Any]) -> Record:
    """Return DynamoDB attributes as plain values; numbers are Decimal."""
    return {name: from_attribute(value) for name, value in item.items()}


def record_key(order_id: str, record: str) -> dict[str, Any]:
    """Return the key of a record of the Orders table."""
    return to_item({"orderId": order_id, "record": record})


@contextmanager
def conditional_write(table: str) -> Iterator[None]:
    """Make one write; raises ConditionFailedError or DependencyUnavailable. `table` is for the message."""
    try:
        with translated(table):
            yield
    except ClientError as error:
        if error_code(error) != _CONDITION_FAILED_EXCEPTION:
            raise
        raise ConditionFailedError(from_item(error.response.get("Item", {}))) from error


def failed_conditions(error: ClientError) -> dict[int, Record]:
    """Return the item in the table for each action of a transaction whose condition failed, by position."""
    return {
        position: from_item(reason.get("Item", {}))
        for position, reason in enumerate(error.response.get("CancellationReasons", []))
        if reason["Code"] == CONDITION_FAILED
    }
