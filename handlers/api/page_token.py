"""Page tokens: where the next page of a customer's orders begins, as opaque text."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Final
from uuid import UUID

from handlers.api.errors import InvalidRequest
from handlers.domain.order import ListPosition

_LONGEST: Final = 128
_DECODED: Final = re.compile(
    r"(?P<created_at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?P<order_id>[0-9a-f-]{36}) [0-9a-f]{16}\Z",
    re.ASCII,
)


def page_token(position: ListPosition, customer_id: str) -> str:
    """Write a position as a token that can be read again only for the same customer."""
    place = f"{position.created_at} {position.order_id}"
    checksum = sha256(f"{place} {customer_id}".encode()).hexdigest()[:16]
    return urlsafe_b64encode(f"{place} {checksum}".encode()).decode().rstrip("=")


def parse_page_token(token: str, customer_id: str) -> ListPosition:
    """Read a token; raises InvalidRequest unless `page_token` made it for this customer."""
    decoded = _DECODED.match(_decode(token))
    if decoded and _is_uuid(decoded["order_id"]):
        position = ListPosition(created_at=decoded["created_at"], order_id=decoded["order_id"])
        if page_token(position, customer_id) == token:
            return position
    raise InvalidRequest("nextToken is not one that a list of this customer's orders gave.")


def _decode(token: str) -> str:
    try:
        return urlsafe_b64decode(token[:_LONGEST] + "==").decode()
    except ValueError:
        return ""


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
