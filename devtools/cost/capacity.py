"""The units that DynamoDB charges for a call, by its documented rules.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

Item = Mapping[str, Mapping[str, Any]]
"""An item as the API has it: {"orderId": {"S": "..."}}."""

_WRITE_BYTES: Final = 1024
_READ_BYTES: Final = 4096
# A list or a map costs 3 bytes, and one more for each of its elements.
_DOCUMENT_BYTES: Final = 3
# What the table and each index store of an item besides its attributes.
STORED_BYTES_PER_ITEM: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A secondary index: its key attributes, and all attributes that it has of an item."""

    name: str
    keys: frozenset[str]
    attributes: frozenset[str]

    def entry(self, item: Item | None) -> dict[str, Mapping[str, Any]] | None:
        """Return what the index has of an item; None when the item has not all keys of the index."""
        if item is None or not self.keys <= item.keys():
            return None
        return {name: value for name, value in item.items() if name in self.attributes}


def item_bytes(item: Item | None) -> int:
    """Return the size of an item: the names of its attributes, and their values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in (item or {}).items())


def stored_bytes(item: Item | None, indexes: Iterable[Index]) -> int:
    """Return what is stored of an item, in the table and in its indexes."""
    kept = [entry for entry in (item, *(index.entry(item) for index in indexes)) if entry]
    return sum(item_bytes(each) + STORED_BYTES_PER_ITEM for each in kept)


def write_units(before: Item | None, after: Item | None, *, transaction: bool = False) -> int:
    """Return the units of one write of the table. A write whose condition fails costs the same."""
    larger = max(item_bytes(before), item_bytes(after))
    return _units(larger, _WRITE_BYTES) * (2 if transaction else 1)


def index_write_units(index: Index, before: Item | None, after: Item | None) -> int:
    """Return the units of an index: a changed key costs two writes, an unchanged entry none."""
    old, new = index.entry(before), index.entry(after)
    if old == new:
        return 0
    if old and new and all(old[key] == new[key] for key in index.keys):
        return _units(max(item_bytes(old), item_bytes(new)), _WRITE_BYTES)
    return sum(_units(item_bytes(entry), _WRITE_BYTES) for entry in (old, new) if entry)


def read_units(item: Item | None, *, consistent: bool) -> float:
    """Return the units of reading one item; an item that is not there costs the least."""
    return _of_reads(item_bytes(item), consistent=consistent)


def query_units(items: Iterable[Item], *, consistent: bool) -> float:
    """Return the units of a query: the sizes of its items are added before they are rounded up."""
    return _of_reads(sum(map(item_bytes, items)), consistent=consistent)


def _of_reads(size: int, *, consistent: bool) -> float:
    return _units(size, _READ_BYTES) * (1 if consistent else 0.5)


def _units(size: int, unit: int) -> int:
    return max(1, ceil(size / unit))


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_bytes(content)
        case "M":
            nested = sum(len(name.encode()) + _value_bytes(each) + 1 for name, each in content.items())
            return _DOCUMENT_BYTES + nested
        case "L":
            return _DOCUMENT_BYTES + sum(_value_bytes(each) + 1 for each in content)
        case "BOOL" | "NULL":
            return 1
        case _:
            raise ValueError(f"the size of {kind} is not known")


def _number_bytes(text: str) -> int:
    """Return about one byte for two significant digits, and one more; a sign costs one too."""
    digits = text.lstrip("-").replace(".", "").strip("0") or "0"
    return ceil(len(digits) / 2) + 1 + text.startswith("-")
