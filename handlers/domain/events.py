"""What the orders service announces on the bus; the workflow announces the rest."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from handlers.domain.order import Money, Order, OrderLine
from handlers.domain.records import EVENT_SOURCE, DetailType


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`detail` carries no personal data: who needs more reads the order."""

    detail_type: DetailType
    detail: dict[str, Any]

    def entry(self, bus_name: str) -> dict[str, Any]:
        """Write it as PutEvents takes it."""
        return {
            "EventBusName": bus_name,
            "Source": EVENT_SOURCE,
            "DetailType": self.detail_type.value,
            "Detail": json.dumps(self.detail, separators=(",", ":")),
        }


def order_placed(order: Order) -> Event:
    """Announce an order; again whenever its workflow has to run again."""
    return placed(order.order_id, order.customer_id, order.items, order.total)


def placed(order_id: str, customer_id: str, items: Iterable[OrderLine], total: Money) -> Event:
    """Announce an order of which no more than this is known."""
    return Event(
        detail_type=DetailType.ORDER_PLACED,
        detail={
            "orderId": order_id,
            "customerId": customer_id,
            "items": [
                {"productId": line.product_id, "quantity": line.quantity, "unitPrice": line.unit_price}
                for line in items
            ],
            "total": {"amount": total.amount, "currency": total.currency},
        },
    )
