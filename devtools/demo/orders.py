"""The orders of the demo and their expected ends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from handlers.contract.names import (
    CancelReason,
    InventoryStatus,
    NotificationStatus,
    OrderStatus,
    PaymentStatus,
)
from orderctl.products import Product

MUG: Final = Product(product_id="DEMO-MUG", name="Tin mug", unit_price=255, available=100)
LANTERN: Final = Product(product_id="DEMO-LANTERN", name="Glass lantern", unit_price=1250, available=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOrder:
    """One order, and how it must end.

    `parked` is the step whose message must be on the payment dead-letter queue.
    With `cancelled`, its customer cancels it after it was confirmed.
    With `outage`, the order is placed while the payment service is down, and redriven after the outage.
    """

    title: str
    payment_method: str
    items: Mapping[str, int]
    status: OrderStatus
    reason: str | None
    steps: Mapping[str, str]
    parked: str | None = None
    cancelled: bool = False
    outage: bool = False

    @property
    def request(self) -> dict[str, Any]:
        """Return the body of POST /orders."""
        return {
            "customerId": "demo",
            "customerEmail": "demo@example.com",
            "paymentMethod": self.payment_method,
            "items": [{"productId": product, "quantity": count} for product, count in self.items.items()],
        }

    def differences(self, order: Mapping[str, Any]) -> list[str]:
        """Return the differences between the order in the API and its expected end."""
        found = {"status": order["status"], "reason": order["reason"]}
        found |= {name: step["status"] for name, step in order["steps"].items()}
        expected = {"status": self.status, "reason": self.reason, **self.steps}
        return [
            f"{name} is {found.get(name)}, not {expected.get(name)}"
            for name in expected | found
            if found.get(name) != expected.get(name)
        ]


DEMO_ORDERS: Final = (
    DemoOrder(
        title="in stock, card accepted",
        payment_method="pm_card_visa",
        items={MUG.product_id: 6, LANTERN.product_id: 1},
        status=OrderStatus.CONFIRMED,
        reason=None,
        steps={
            "inventory": InventoryStatus.RESERVED,
            "payment": PaymentStatus.CAPTURED,
            "notification": NotificationStatus.SENT,
        },
    ),
    DemoOrder(
        title="out of stock",
        payment_method="pm_card_visa",
        items={MUG.product_id: 1, LANTERN.product_id: LANTERN.available + 1},
        status=OrderStatus.REJECTED,
        reason=InventoryStatus.OUT_OF_STOCK,
        steps={
            "inventory": InventoryStatus.OUT_OF_STOCK,
            "payment": PaymentStatus.VOIDED,
            "notification": NotificationStatus.SENT,
        },
    ),
    DemoOrder(
        title="card declined",
        payment_method="pm_card_declined",
        items={MUG.product_id: 3},
        status=OrderStatus.REJECTED,
        reason="PAYMENT_DECLINED",
        steps={
            "inventory": InventoryStatus.RELEASED,
            "payment": PaymentStatus.DECLINED,
            "notification": NotificationStatus.SENT,
        },
    ),
    DemoOrder(
        title="confirmed, then cancelled",
        payment_method="pm_card_visa",
        items={MUG.product_id: 4},
        status=OrderStatus.CANCELLED,
        reason=CancelReason.CUSTOMER,
        steps={
            "inventory": InventoryStatus.RELEASED,
            "payment": PaymentStatus.REFUNDED,
            "notification": NotificationStatus.SENT,
        },
        cancelled=True,
    ),
    DemoOrder(
        title="payment service down, then redriven",
        payment_method="pm_card_visa",
        items={MUG.product_id: 2},
        status=OrderStatus.CONFIRMED,
        reason=None,
        steps={
            "inventory": InventoryStatus.RESERVED,
            "payment": PaymentStatus.CAPTURED,
            "notification": NotificationStatus.SENT,
        },
        parked="AuthorizePayment",
        outage=True,
    ),
)


def stock_after(orders: Iterable[DemoOrder]) -> dict[str, int]:
    """Return the stock that must be left: confirmed orders and held orders keep their items."""
    left = {MUG.product_id: MUG.available, LANTERN.product_id: LANTERN.available}
    for order in orders:
        if order.status in (OrderStatus.CONFIRMED, OrderStatus.ON_HOLD):
            for product_id, quantity in order.items.items():
                left[product_id] -= quantity
    return left
