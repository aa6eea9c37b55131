"""The scenarios recorded on a deployed stack: the order, what is broken, and how the order must end."""

from dataclasses import dataclass
from typing import Any, Final

from handlers.contract.names import OrderStatus
from orderctl.fault_switch import Service
from orderctl.products import Product

GLASS: Final = Product(product_id="RECORDING-GLASS", name="Beer glass", unit_price=255, available=5)

NOTHING: Final[frozenset[Service]] = frozenset()
INVENTORY: Final = frozenset({Service.INVENTORY})
PAYMENT: Final = frozenset({Service.PAYMENT})
NOTIFICATION: Final = frozenset({Service.NOTIFICATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class StackScenario:
    """One order, and how it must end.

    `broken` are the services whose fault is on during the recording.
    With `before`, OrderPlaced is delivered twice: once with these services broken, then for the recording.
    With `cancels`, the second execution is that of a request to cancel the order.
    With `unannounced`, the order is marked as not announced between the two, as the sweeper does.
    `parked` are the steps whose message must be on a dead-letter queue.
    """

    name: str
    description: str
    payment_method: str = "pm_card_visa"
    quantity: int = 3
    broken: frozenset[Service] = NOTHING
    before: frozenset[Service] | None = None
    cancels: bool = False
    unannounced: bool = False
    status: OrderStatus
    reason: str | None = None
    parked: tuple[str, ...] = ()
    ends_in: str = "OrderProcessed"

    @property
    def request(self) -> dict[str, Any]:
        """Return the body of POST /orders."""
        return {
            "customerId": "cust-17850",
            "customerEmail": "ada@example.com",
            "paymentMethod": self.payment_method,
            "items": [{"productId": GLASS.product_id, "quantity": self.quantity}],
        }


_TOO_MANY: Final = GLASS.available + 1

STACK_SCENARIOS: Final = (
    StackScenario(
        name="confirmed",
        description="an order in stock with a good card is confirmed",
        status=OrderStatus.CONFIRMED,
    ),
    StackScenario(
        name="out_of_stock",
        description="an order out of stock: its authorised payment is voided",
        quantity=_TOO_MANY,
        status=OrderStatus.REJECTED,
        reason="OUT_OF_STOCK",
    ),
    StackScenario(
        name="payment_declined",
        description="a declined card releases the stock",
        payment_method="pm_card_declined",
        status=OrderStatus.REJECTED,
        reason="PAYMENT_DECLINED",
    ),
    StackScenario(
        name="out_of_stock_and_declined",
        description="refused for both reasons: the reason is the stock",
        quantity=_TOO_MANY,
        payment_method="pm_card_declined",
        status=OrderStatus.REJECTED,
        reason="OUT_OF_STOCK",
    ),
    StackScenario(
        name="inventory_down",
        description="inventory is down: the order is held and its message parked",
        broken=INVENTORY,
        status=OrderStatus.ON_HOLD,
        reason="inventory",
        parked=("ReserveInventory",),
    ),
    StackScenario(
        name="payment_down",
        description="the payment provider is down: the order is held and its message parked",
        payment_method="pm_gateway_down",
        status=OrderStatus.ON_HOLD,
        reason="payment",
        parked=("AuthorizePayment",),
    ),
    StackScenario(
        name="inventory_and_payment_down",
        description="both are down: one message each, and the order is held for the stock",
        broken=INVENTORY | PAYMENT,
        status=OrderStatus.ON_HOLD,
        reason="inventory",
        parked=("ReserveInventory", "AuthorizePayment"),
    ),
    StackScenario(
        name="notification_down",
        description="notification is down: the order is still confirmed",
        broken=NOTIFICATION,
        status=OrderStatus.CONFIRMED,
        parked=("NotifyReceived", "NotifyConfirmed"),
    ),
    StackScenario(
        name="declined_while_inventory_down",
        description="refused, but the stock can't be released: the order is held",
        payment_method="pm_card_declined",
        broken=INVENTORY,
        status=OrderStatus.ON_HOLD,
        reason="inventory",
        parked=("ReserveInventory", "ReleaseInventory"),
    ),
    StackScenario(
        name="out_of_stock_while_payment_down",
        description="refused, but the payment can't be voided: the order is held",
        quantity=_TOO_MANY,
        broken=PAYMENT,
        status=OrderStatus.ON_HOLD,
        reason="payment",
        parked=("AuthorizePayment", "ReversePayment"),
    ),
    StackScenario(
        name="declined_while_notification_down",
        description="notification is down: the message of the refusal is parked",
        payment_method="pm_card_declined",
        broken=NOTIFICATION,
        status=OrderStatus.REJECTED,
        reason="PAYMENT_DECLINED",
        parked=("NotifyReceived", "NotifyRejected"),
    ),
    StackScenario(
        name="redriven",
        description="a held order is confirmed when payment works again",
        before=PAYMENT,
        status=OrderStatus.CONFIRMED,
    ),
    StackScenario(
        name="confirmed_again",
        description="OrderPlaced of a confirmed order, delivered again, changes nothing",
        before=NOTHING,
        status=OrderStatus.CONFIRMED,
    ),
    StackScenario(
        name="rejected_again",
        description="OrderPlaced of a rejected order, delivered again, changes nothing",
        payment_method="pm_card_declined",
        before=NOTHING,
        status=OrderStatus.REJECTED,
        reason="PAYMENT_DECLINED",
    ),
    StackScenario(
        name="confirmed_unannounced",
        description="an order that was confirmed and not announced is announced by the next execution",
        before=NOTHING,
        unannounced=True,
        status=OrderStatus.CONFIRMED,
    ),
    StackScenario(
        name="rejected_unannounced",
        description="an order that was rejected and not announced is announced by the next execution",
        payment_method="pm_card_declined",
        before=NOTHING,
        unannounced=True,
        status=OrderStatus.REJECTED,
        reason="PAYMENT_DECLINED",
    ),
    StackScenario(
        name="already_settled",
        description="an error after the settlement does not hold the order",
        before=NOTHING,
        broken=INVENTORY,
        status=OrderStatus.CONFIRMED,
        parked=("ReserveInventory",),
        ends_in="Overtaken",
    ),
    StackScenario(
        name="cancelled",
        description="a confirmed order is cancelled: its payment is refunded, its stock is back",
        before=NOTHING,
        cancels=True,
        status=OrderStatus.CANCELLED,
        reason="CUSTOMER",
    ),
    StackScenario(
        name="cancelled_on_hold",
        description="a held order is cancelled: nothing is reserved and nothing is charged any more",
        before=PAYMENT,
        cancels=True,
        status=OrderStatus.CANCELLED,
        reason="CUSTOMER",
    ),
    StackScenario(
        name="refund_down",
        description="the refund of a cancelled order can't be made: the order is held and its message parked",
        before=NOTHING,
        cancels=True,
        broken=PAYMENT,
        status=OrderStatus.ON_HOLD,
        reason="payment",
        parked=("AuthorizePayment", "ReversePayment"),
    ),
)
