"""The idempotency key: the order's id is derived from it, so that one conditional write detects a replay."""

import re
from typing import Final
from uuid import UUID, uuid5

from handlers.domain.errors import InvalidRequest

_PRINTABLE_ASCII: Final = re.compile(r"[ -~]{1,255}\Z")
_NAMESPACE: Final = UUID("7e1418a4-1ca1-48d6-b7b5-b131fcb814a8")


def derived_order_id(idempotency_key: str, *, api_key: str) -> str:
    """Return the one order id of a key, another one for every API key; raises InvalidRequest.

    The key itself is stored nowhere.
    """
    if not _PRINTABLE_ASCII.match(idempotency_key):
        raise InvalidRequest("Idempotency-Key must have 1 to 255 printable ASCII characters.")
    return str(uuid5(uuid5(_NAMESPACE, api_key), idempotency_key))
