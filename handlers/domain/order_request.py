"""What a client asks for, once it is known to be valid."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedItem:
    """So many of one product."""

    product_id: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """`request_hash` is equal for bodies that ask for the same, however they are written."""

    customer_id: str
    customer_email: str = field(repr=False)
    payment_method: str = field(repr=False)
    items: tuple[RequestedItem, ...]
    request_hash: str
