"""The idempotency key: the order's id is derived from it, so that one conditional write detects a replay."""

from uuid import UUID, uuid5


def derived_order_id(idempotency_key: str, *, api_key: str, namespace: UUID) -> str:
    """Return the order id of a key: one per API key and idempotency key. The key itself is not stored.

    Only who knows the `namespace`, which no answer and no output of the stack tells, can compute such an id.
    """
    return str(uuid5(uuid5(namespace, api_key), idempotency_key))
