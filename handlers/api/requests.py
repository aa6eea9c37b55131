"""What clients send, parsed and checked: order bodies, query parameters, order ids, idempotency keys."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from handlers.api.errors import InvalidRequest, UnsupportedMediaType, Violation
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
# https://www.rfc-editor.org/rfc/rfc9110#name-media-type https://www.rfc-editor.org/rfc/rfc6839#section-3.1
_JSON: Final = re.compile(r"application/(json|[\w.+-]+\+json)\s*(;.*)?", re.ASCII | re.IGNORECASE | re.DOTALL)
# https://www.iso.org/standard/70484.html (ISO/IEC 7812): how long the number of a payment card is.
_CARD_NUMBER: Final = re.compile(r"(?:[0-9][ -]?){12,18}[0-9]")
_PRINTABLE_ASCII: Final = re.compile(r"[ -~]{1,255}")


def require_json(content_type: str | None) -> None:
    """Raise UnsupportedMediaType for a body that is declared as something else.

    A body without a declaration is taken for JSON, as API Gateway does.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html
    """
    if content_type is not None and not _JSON.fullmatch(content_type.strip()):
        raise UnsupportedMediaType


def parse_place_order(body: object, schema: Schema) -> PlaceOrder:
    """Check a parsed body against all rules; raises InvalidRequest with all that it breaks."""
    found = [*violations(schema, body), *_repeated_products(body), *_card_number(body)]
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


def parse_cancel_order(body: object, schema: Schema) -> str | None:
    """Return the client's comment; raises InvalidRequest with all that the body breaks."""
    found = list(violations(schema, body))
    if found:
        raise InvalidRequest("The cancellation breaks the rules that are listed.", found)
    comment: str | None = body.get("reason") if isinstance(body, Mapping) else None
    return comment


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


def _card_number(body: object) -> Iterator[Violation]:
    """Yield a violation when the payment method is the number of a card: no system of ours may store it.

    Spaces and hyphens between the digits do not matter.
    """
    method = body.get("paymentMethod") if isinstance(body, Mapping) else None
    if isinstance(method, str) and _CARD_NUMBER.fullmatch(method.strip()) and _passes_luhn(method):
        yield Violation(
            pointer="/paymentMethod",
            detail="must be a token of the payment provider, not a card number: "
            "card numbers must never be sent to this system",
        )


def _passes_luhn(text: str) -> bool:
    """Tell whether the digits end with the check digit of a card number (ISO/IEC 7812-1, annex B)."""
    digits = [int(digit) for digit in reversed(text) if digit in "0123456789"]
    doubled = (2 * digit for digit in digits[1::2])
    return (sum(digits[0::2]) + sum(digit - 9 if digit > 9 else digit for digit in doubled)) % 10 == 0  # noqa: PLR2004  digits


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
