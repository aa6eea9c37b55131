"""The idempotency key: the order's id is derived from it, so that one conditional write detects a replay."""

from typing import Final
from uuid import UUID, uuid5

_NAMESPACE: Final = UUID("7e1418a4-1ca1-48d6-b7b5-b131fcb814a8")


def derived_order_id(idempotency_key: str, *, api_key: str) -> str:
    """Return the order id of a key: one per API key and idempotency key. The key itself is not stored."""
    return str(uuid5(uuid5(_NAMESPACE, api_key), idempotency_key))
