"""What an order leaves in the tables when it is at its end."""

from collections.abc import Iterable

from devtools.cost.capacity import Item, stored_bytes
from devtools.cost.notes import Tables

_ORDERS = "Orders"


def stored_after(changes: Iterable[tuple[Item | None, Item]], tables: Tables) -> int:
    """Return the bytes of the order's last records, those of the indexes included."""
    last = {after["record"]["S"]: after for _, after in changes if "record" in after}
    return sum(stored_bytes(item, tables.indexes[_ORDERS]) for item in last.values())
