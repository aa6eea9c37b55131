"""The scenarios recorded on a deployed stack: what the order is, what is broken, what must come out."""

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
class Scenario:
    """One order of one kind.

    `broken` are the services whose fault is on while it is recorded. With `before`, OrderPlaced is delivered
    twice: first with these services broken, then for the recording; with `unannounced` as the sweeper does
    when the first execution died before all was said.
    `parked` are the states whose message is on a dead-letter queue afterwards, by their order in the picture.
    """

    name: str
    says: str
    payment_method: str = "pm_card_visa"
    quantity: int = 3
    broken: frozenset[Service] = NOTHING
    before: frozenset[Service] | None = None
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

SCENARIOS: Final = (
    Scenario(
        name="confirmed",
        says="what is in stock and paid for is confirmed",
        status=OrderStatus.CONFIRMED,
    ),
    Scenario(
        name="out_of_stock",
        says="more than there is: the authorised payment is voided",
        quantity=_TOO_MANY,
        status=OrderStatus.REJECTED,
        reason="OUT_OF_STOCK",
    ),
    Scenario(
        name="payment_declined",
        says="a declined card releases the stock",
        payment_method="pm_card_declined",
        status=OrderStatus.REJECTED,
        reason="PAYMENT_DECLINED",
    ),
    Scenario(
        name="out_of_stock_and_declined",
        says="refused for both reasons: the stock is the one that is told",
        quantity=_TOO_MANY,
        payment_method="pm_card_declined",
        status=OrderStatus.REJECTED,
        reason="OUT_OF_STOCK",
    ),
    Scenario(
        name="inventory_down",
        says="the stock can't be reserved: the order is held, its message parked",
        broken=INVENTORY,
        status=OrderStatus.ON_HOLD,
        reason="inventory",
        parked=("ReserveInventory",),
    ),
    Scenario(
        name="payment_down",
        says="the payment can't be authorised: the order is held, its message parked",
        payment_method="pm_gateway_down",
        status=OrderStatus.ON_HOLD,
        reason="payment",
        parked=("AuthorizePayment",),
    ),
    Scenario(
        name="inventory_and_payment_down",
        says="both are down: one message each, held for the stock",
        broken=INVENTORY | PAYMENT,
        status=OrderStatus.ON_HOLD,
        reason="inventory",
        parked=("ReserveInventory", "AuthorizePayment"),
    ),
    Scenario(
        name="notification_down",
        says="a customer who can't be told still gets the goods",
        broken=NOTIFICATION,
        status=OrderStatus.CONFIRMED,
        parked=("NotifyReceived", "NotifyConfirmed"),
    ),
    Scenario(
        name="declined_while_inventory_down",
        says="refused, but the stock can't be released: held until it is",
        payment_method="pm_card_declined",
        broken=INVENTORY,
        status=OrderStatus.ON_HOLD,
        reason="inventory",
        parked=("ReserveInventory", "ReleaseInventory"),
    ),
    Scenario(
        name="out_of_stock_while_payment_down",
        says="refused, but the payment can't be voided: held until it is",
        quantity=_TOO_MANY,
        broken=PAYMENT,
        status=OrderStatus.ON_HOLD,
        reason="payment",
        parked=("AuthorizePayment", "VoidPayment"),
    ),
    Scenario(
        name="declined_while_notification_down",
        says="a refusal that can't be told is parked",
        payment_method="pm_card_declined",
        broken=NOTIFICATION,
        status=OrderStatus.REJECTED,
        reason="PAYMENT_DECLINED",
        parked=("NotifyReceived", "NotifyRejected"),
    ),
    Scenario(
        name="redriven",
        says="an order that was held is confirmed when the payment is back",
        before=PAYMENT,
        status=OrderStatus.CONFIRMED,
    ),
    Scenario(
        name="confirmed_again",
        says="OrderPlaced of a confirmed order, delivered again, changes nothing",
        before=NOTHING,
        status=OrderStatus.CONFIRMED,
    ),
    Scenario(
        name="rejected_again",
        says="OrderPlaced of a rejected order, delivered again, changes nothing",
        payment_method="pm_card_declined",
        before=NOTHING,
        status=OrderStatus.REJECTED,
        reason="PAYMENT_DECLINED",
    ),
    Scenario(
        name="confirmed_unannounced",
        says="an order that was confirmed and not announced is announced by the next execution",
        before=NOTHING,
        unannounced=True,
        status=OrderStatus.CONFIRMED,
    ),
    Scenario(
        name="rejected_unannounced",
        says="an order that was rejected and not announced is announced by the next execution",
        payment_method="pm_card_declined",
        before=NOTHING,
        unannounced=True,
        status=OrderStatus.REJECTED,
        reason="PAYMENT_DECLINED",
    ),
    Scenario(
        name="already_settled",
        says="what goes wrong after an order is settled holds it no more",
        before=NOTHING,
        broken=INVENTORY,
        status=OrderStatus.CONFIRMED,
        parked=("ReserveInventory",),
        ends_in="AlreadySettled",
    ),
)
