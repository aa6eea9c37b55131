"""Changes of records, as Lambda reads them from a stream of DynamoDB."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.adapters.dynamodb import Record, from_item


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A record before and after a write; it is None before it was stored and after it was deleted."""

    before: Record | None
    after: Record | None


def change(record: Mapping[str, Any]) -> Change:
    """Read a record of a stream with both images; raises KeyError, TypeError, ValueError or AttributeError.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
    """
    images = record["dynamodb"]
    before, after = _image(images, "OldImage"), _image(images, "NewImage")
    if before is None and after is None:
        raise KeyError("NewImage")
    return Change(before=before, after=after)


def _image(images: Mapping[str, Any], name: str) -> Record | None:
    return from_item(images[name]) if name in images else None
