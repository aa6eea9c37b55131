"""Converts plain values to DynamoDB items and back."""

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

_to_attribute = TypeSerializer().serialize
_from_attribute = TypeDeserializer().deserialize


def to_item(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _to_attribute(value) for name, value in values.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values; numbers are Decimals, which equal ints."""
    return {name: _from_attribute(value) for name, value in item.items()}
