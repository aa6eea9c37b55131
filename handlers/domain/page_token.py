"""Where the next page of a customer's orders begins, as text that means nothing to a client."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self
from uuid import UUID

from handlers.domain.errors import InvalidRequest

_LONGEST: Final = 128
_DECODED: Final = re.compile(
    r"(?P<created_at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?P<order_id>[0-9a-f-]{36}) [0-9a-f]{16}\Z",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The last order of a page."""

    created_at: str
    order_id: str

    def token(self, customer_id: str) -> str:
        """Return the token; it can be read again only for the same customer."""
        place = f"{self.created_at} {self.order_id}"
        checksum = sha256(f"{place} {customer_id}".encode()).hexdigest()[:16]
        return urlsafe_b64encode(f"{place} {checksum}".encode()).decode().rstrip("=")

    @classmethod
    def of_token(cls, token: str, customer_id: str) -> Self:
        """Read a token; raises InvalidRequest unless `token` made it for this customer."""
        decoded = _DECODED.match(_decode(token))
        if decoded and _is_uuid(decoded["order_id"]):
            position = cls(created_at=decoded["created_at"], order_id=decoded["order_id"])
            if position.token(customer_id) == token:
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
