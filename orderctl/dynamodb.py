"""Reads and writes many items of a DynamoDB table at once, as plain values."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Any, Final, TypeVar

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
_GETS_AT_ONCE: Final = 100
_PUTS_AT_ONCE: Final = 25
_T = TypeVar("_T")

_from_attribute = TypeDeserializer().deserialize
_to_attribute = TypeSerializer().serialize


def to_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """Write plain values as DynamoDB attributes."""
    return {name: _to_attribute(value) for name, value in values.items()}


def to_plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Read DynamoDB attributes as plain values; numbers are Decimal."""
    return {name: _from_attribute(value) for name, value in item.items()}


def batch_get(
    client: Any, table: str, keys: Iterable[Mapping[str, str]], attributes: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Read these attributes of the items with these keys; items that don't exist are left out."""
    placeholders = {f"#{attribute}": attribute for attribute in attributes}
    projection = {
        "ProjectionExpression": ", ".join(placeholders),
        "ExpressionAttributeNames": placeholders,
    }
    for chunk in _chunks(keys, _GETS_AT_ONCE):
        request = {table: {"Keys": [to_item(key) for key in chunk], "ConsistentRead": True, **projection}}
        for attempt in count():
            answer = client.batch_get_item(RequestItems=request)
            yield from map(to_plain, answer["Responses"].get(table, []))
            request = answer.get("UnprocessedKeys") or {}
            if not request:
                break
            time.sleep(_backoff(attempt))


def batch_put(client: Any, table: str, items: Iterable[Mapping[str, Any]]) -> Iterator[int]:
    """Write the items over what is there; yield how many more are written, as they are."""
    for chunk in _chunks(items, _PUTS_AT_ONCE):
        request = {table: [{"PutRequest": {"Item": to_item(item)}} for item in chunk]}
        for attempt in count():
            request = client.batch_write_item(RequestItems=request).get("UnprocessedItems") or {}
            if not request:
                break
            time.sleep(_backoff(attempt))
        yield len(chunk)


def _chunks(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    remaining = iter(values)
    while chunk := list(islice(remaining, size)):
        yield chunk


def _backoff(attempt: int) -> float:
    return min(5.0, 0.1 * 2.0**attempt)
