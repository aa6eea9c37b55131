"""What clients ask for, once it is known to be valid."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, Self
from uuid import UUID

from handlers.domain.errors import InvalidRequest, OrderNotFound, Violation
from handlers.domain.json_text import canonical
from handlers.domain.page_token import Position
from handlers.domain.validation import Schema, member, violations

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
_LIMIT: Final = re.compile(r"[1-9][0-9]?|100")
_LONGEST_CUSTOMER_ID: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedItem:
    """So many of one product."""

    product_id: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """`request_hash` is equal for bodies that ask for the same, however they are spelled."""

    customer_id: str
    customer_email: str = field(repr=False)
    payment_method: str = field(repr=False)
    items: tuple[RequestedItem, ...]
    request_hash: str

    @classmethod
    def of(cls, body: object, schema: Schema) -> Self:
        """Check a parsed body against all rules; raises InvalidRequest with all that it breaks."""
        found = [*violations(schema, body), *_repeated_products(body)]
        if found:
            raise InvalidRequest("The order breaks the rules that are listed.", found)
        return cls._of_valid(body)

    @classmethod
    def _of_valid(cls, body: Any) -> Self:
        return cls(
            customer_id=body["customerId"],
            customer_email=body["customerEmail"],
            payment_method=body["paymentMethod"],
            items=tuple(
                RequestedItem(product_id=item["productId"], quantity=item["quantity"])
                for item in body["items"]
            ),
            request_hash=sha256(canonical(body)).hexdigest(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOrders:
    """A page of a customer's orders; `after` is the last order of the page before."""

    customer_id: str
    limit: int
    after: Position | None

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """Read query parameters; raises InvalidRequest."""
        customer_id = parameters.get("customerId", "")
        if not 1 <= len(customer_id) <= _LONGEST_CUSTOMER_ID or not _is_encodable(customer_id):
            raise InvalidRequest(f"customerId must be given, with 1 to {_LONGEST_CUSTOMER_ID} characters.")
        limit = parameters.get("limit", str(DEFAULT_LIMIT))
        if not _LIMIT.fullmatch(limit):
            raise InvalidRequest(f"limit must be an integer from 1 to {MAX_LIMIT}.")
        token = parameters.get("nextToken")
        return cls(
            customer_id=customer_id,
            limit=int(limit),
            after=None if token is None else Position.of_token(token, customer_id),
        )


def requested_order_id(text: str) -> str:
    """Spell an order id as it is stored; raises OrderNotFound when no order can have it."""
    try:
        order_id = str(UUID(text))
    except ValueError:
        raise OrderNotFound(text) from None
    # UUID() also reads other spellings, with braces or without hyphens.
    if order_id != text.lower():
        raise OrderNotFound(text)
    return order_id


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _repeated_products(body: object) -> Iterator[Violation]:
    """Yield each product that stands in the items again: one transaction can't touch it twice."""
    items = body.get("items") if isinstance(body, Mapping) else None
    seen: set[str] = set()
    for position, item in enumerate(items if isinstance(items, list) else []):
        product_id = item.get("productId") if isinstance(item, Mapping) else None
        if not isinstance(product_id, str):
            continue
        if product_id in seen:
            yield Violation(
                pointer=member(member(member("", "items"), position), "productId"),
                detail="must not repeat a product of an earlier item",
            )
        seen.add(product_id)
