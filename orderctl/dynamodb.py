"""Converts DynamoDB items, reads and writes them in batches, and recognises failed conditions."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from orderctl.chunks import chunks

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
_MAX_GETS: Final = 100
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
_MAX_PUTS: Final = 25

_from_attribute = TypeDeserializer().deserialize
_to_attribute = TypeSerializer().serialize


def to_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """Convert plain values to DynamoDB attributes."""
    return {name: _to_attribute(value) for name, value in values.items()}


def to_plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Convert DynamoDB attributes to plain values; numbers are Decimal."""
    return {name: _from_attribute(value) for name, value in item.items()}


def is_condition_failed(error: ClientError) -> bool:
    """Tell whether a write was refused because its condition is not true."""
    return bool(error.response["Error"]["Code"] == "ConditionalCheckFailedException")


def batch_get(
    client: Any, table: str, keys: Iterable[Mapping[str, str]], attributes: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Read these attributes of the items with these keys; items that don't exist are left out."""
    placeholders = {f"#{attribute}": attribute for attribute in attributes}
    projection = {
        "ProjectionExpression": ", ".join(placeholders),
        "ExpressionAttributeNames": placeholders,
    }
    for chunk in chunks(keys, _MAX_GETS):
        request = {table: {"Keys": [to_item(key) for key in chunk], "ConsistentRead": True, **projection}}
        for attempt in count():
            response = client.batch_get_item(RequestItems=request)
            yield from map(to_plain, response["Responses"].get(table, []))
            request = response.get("UnprocessedKeys") or {}
            if not request:
                break
            time.sleep(_backoff(attempt))


def batch_put(client: Any, table: str, items: Iterable[Mapping[str, Any]]) -> Iterator[int]:
    """Write the items and replace existing ones; yield the number of items after each batch."""
    for chunk in chunks(items, _MAX_PUTS):
        request = {table: [{"PutRequest": {"Item": to_item(item)}} for item in chunk]}
        for attempt in count():
            request = client.batch_write_item(RequestItems=request).get("UnprocessedItems") or {}
            if not request:
                break
            time.sleep(_backoff(attempt))
        yield len(chunk)


def _backoff(attempt: int) -> float:
    return min(5.0, 0.1 * 2.0**attempt)
