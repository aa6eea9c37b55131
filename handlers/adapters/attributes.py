"""Plain values as DynamoDB attributes, and back, as boto3 converts them: `import boto3` costs too much.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

Attribute = Mapping[str, Any]


def to_attribute(value: object) -> dict[str, Any]:
    """Write a value of the types that the tables have; raises TypeError for any other, as a float is."""
    match value:
        case str():
            return {"S": value}
        case bool():  # before int: a bool is one
            return {"BOOL": value}
        case int() | Decimal():
            return {"N": str(value)}
        case None:
            return {"NULL": True}
        case list() | tuple():
            return {"L": [to_attribute(each) for each in value]}
        case Mapping():
            return {"M": {name: to_attribute(each) for name, each in value.items()}}
        case _:
            raise TypeError(f"a {type(value).__name__} is not stored")


def from_attribute(attribute: Attribute) -> Any:
    """Read a value of any type, as somebody may have added it by hand; numbers are Decimal."""
    ((type_, value),) = attribute.items()
    return _READERS[type_](value)


def _same(value: Any) -> Any:
    return value


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "S": _same,
    "N": Decimal,
    "BOOL": _same,
    "NULL": lambda _: None,
    "L": lambda values: [from_attribute(each) for each in values],
    "M": lambda values: {name: from_attribute(each) for name, each in values.items()},
    "B": _same,
    "SS": set,
    "NS": lambda values: set(map(Decimal, values)),
    "BS": set,
}
