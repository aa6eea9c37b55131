"""Makes the order of a request, with the prices of the catalogue, never the client's."""

from collections.abc import Mapping
from dataclasses import dataclass

from handlers.contract.money import Money, OrderLine
from handlers.contract.names import OrderStatus
from handlers.domain.errors import UnknownProducts
from handlers.domain.order import Order
from handlers.domain.order_request import PlaceOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the catalogue says of a product that is sold: its price in minor units, and its counters."""

    unit_price: int
    counters: int = 1


def pending_order(
    request: PlaceOrder, offers: Mapping[str, Offer], *, order_id: str, currency: str, at: str
) -> Order:
    """Price a request; raises UnknownProducts.

    Amounts are whole minor units.
    """
    unknown = {
        position: item.product_id
        for position, item in enumerate(request.items)
        if item.product_id not in offers
    }
    if unknown:
        raise UnknownProducts(unknown)
    lines = tuple(
        OrderLine(
            product_id=item.product_id,
            quantity=item.quantity,
            unit_price=offers[item.product_id].unit_price,
        )
        for item in request.items
    )
    return Order(
        order_id=order_id,
        customer_id=request.customer_id,
        customer_email=request.customer_email,
        payment_method=request.payment_method,
        status=OrderStatus.PENDING,
        items=lines,
        total=Money(amount=sum(line.quantity * line.unit_price for line in lines), currency=currency),
        created_at=at,
        updated_at=at,
        request_hash=request.request_hash,
        counters={
            line.product_id: offers[line.product_id].counters
            for line in lines
            if offers[line.product_id].counters > 1
        },
    )
