"""What the orders service announces on the bus; the workflow announces the rest."""

from dataclasses import dataclass
from typing import Any

from handlers.domain.order import Order
from handlers.domain.records import DetailType


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`detail` carries no personal data: who needs more reads the order."""

    detail_type: DetailType
    detail: dict[str, Any]


def order_placed(order: Order) -> Event:
    """Announce an order; again whenever its workflow has to run again."""
    return Event(
        detail_type=DetailType.ORDER_PLACED,
        detail={
            "orderId": order.order_id,
            "customerId": order.customer_id,
            "items": [
                {"productId": line.product_id, "quantity": line.quantity, "unitPrice": line.unit_price}
                for line in order.items
            ],
            "total": {"amount": order.total.amount, "currency": order.total.currency},
        },
    )
