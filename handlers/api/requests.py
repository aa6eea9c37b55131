"""What clients send, parsed and checked: order bodies, query parameters, order ids, idempotency keys."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from handlers.api.errors import InvalidRequest, Violation
from handlers.api.json_text import canonical
from handlers.api.page_token import parse_page_token
from handlers.api.validation import Schema, member, violations
from handlers.domain.errors import OrderNotFound
from handlers.domain.order import ListPosition
from handlers.domain.order_request import PlaceOrder, RequestedItem

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
_LIMIT: Final = re.compile(r"[1-9][0-9]?|100")
# As in the schema of an order.
_CUSTOMER_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_PRINTABLE_ASCII: Final = re.compile(r"[ -~]{1,255}")


def parse_place_order(body: object, schema: Schema) -> PlaceOrder:
    """Check a parsed body against all rules; raises InvalidRequest with all that it breaks."""
    found = [*violations(schema, body), *_repeated_products(body)]
    if found:
        raise InvalidRequest("The order breaks the rules that are listed.", found)
    return _place_order(body)


def _place_order(body: Any) -> PlaceOrder:
    return PlaceOrder(
        customer_id=body["customerId"],
        customer_email=body["customerEmail"],
        payment_method=body["paymentMethod"],
        items=tuple(
            RequestedItem(product_id=item["productId"], quantity=item["quantity"]) for item in body["items"]
        ),
        request_hash=sha256(canonical(body)).hexdigest(),
    )


def parse_idempotency_key(text: str) -> str:
    """Return the header's value; raises InvalidRequest."""
    if not _PRINTABLE_ASCII.fullmatch(text):
        raise InvalidRequest("Idempotency-Key must have 1 to 255 printable ASCII characters.")
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOrders:
    """A page of a customer's orders; `after` is the last order of the page before."""

    customer_id: str
    limit: int
    after: ListPosition | None


def parse_list_orders(parameters: Mapping[str, str]) -> ListOrders:
    """Read query parameters; raises InvalidRequest."""
    customer_id = parameters.get("customerId", "")
    if not _CUSTOMER_ID.fullmatch(customer_id):
        raise InvalidRequest("customerId must be given: 1 to 64 letters, digits and . _ : -")
    limit = parameters.get("limit", str(DEFAULT_LIMIT))
    if not _LIMIT.fullmatch(limit):
        raise InvalidRequest(f"limit must be an integer from 1 to {MAX_LIMIT}.")
    token = parameters.get("nextToken")
    return ListOrders(
        customer_id=customer_id,
        limit=int(limit),
        after=None if token is None else parse_page_token(token, customer_id),
    )


def parse_order_id(text: str) -> str:
    """Return an order id as it is stored; raises OrderNotFound when no order can have it."""
    try:
        order_id = str(UUID(text))
    except ValueError:
        raise OrderNotFound(text) from None
    # UUID() also reads other notations, with braces or without hyphens.
    if order_id != text.lower():
        raise OrderNotFound(text)
    return order_id


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
