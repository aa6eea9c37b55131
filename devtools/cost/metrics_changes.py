"""The changes of the Orders table that reach the metrics function, by the filters of its stream."""

from collections.abc import Mapping
from typing import Any, Final

from devtools.cost.capacity import Item
from infrastructure.metrics_function import FILTERS

_KEYS: Final = ("orderId", "record")


def record_of(before: Item | None, after: Item) -> dict[str, Any]:
    """Return a change as a record of the stream.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
    """
    images = {"OldImage": before, "NewImage": after, "Keys": {key: after[key] for key in _KEYS}}
    return {
        "eventID": "1",
        "eventName": "MODIFY" if before else "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {name: image for name, image in images.items() if image is not None},
    }


def is_counted(before: Item | None, after: Item) -> bool:
    """Tell whether a filter lets the change through."""
    if "record" not in after:
        return False
    record = record_of(before, after)
    return any(_matches(pattern, record) for pattern in FILTERS)


def _matches(pattern: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """Tell whether a value matches a pattern, of the two kinds that FILTERS has.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
    """
    return all(
        name in value
        and (
            _matches(expected, value[name])
            if isinstance(expected, Mapping)
            else any(_is(each, value[name]) for each in expected)
        )
        for name, expected in pattern.items()
    )


def _is(expected: Any, value: Any) -> bool:
    if isinstance(expected, Mapping):
        return value not in expected["anything-but"]
    return bool(value == expected)
