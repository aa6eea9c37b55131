"""Events on the bus as Python code emits them; the workflow announces the rest."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from handlers.contract.money import Money, OrderLine
from handlers.contract.names import EVENT_SOURCE, CancelReason, DetailType

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
MAX_EVENTS_PER_CALL: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`detail` has no personal data. A consumer that needs more reads the order."""

    detail_type: DetailType
    detail: dict[str, Any]

    def entry(self, bus_name: str) -> dict[str, Any]:
        """Return it as an entry of PutEvents."""
        return {
            "EventBusName": bus_name,
            "Source": EVENT_SOURCE,
            "DetailType": self.detail_type.value,
            "Detail": json.dumps(self.detail, separators=(",", ":")),
        }


class PlacedOrder(Protocol):
    """What OrderPlaced says of an order."""

    @property
    def order_id(self) -> str: ...
    @property
    def customer_id(self) -> str: ...
    @property
    def items(self) -> Sequence[OrderLine]: ...
    @property
    def total(self) -> Money: ...


class RunnableOrder(PlacedOrder, Protocol):
    """What an event says that starts the workflow of an order once more."""

    @property
    def cancel_reason(self) -> CancelReason | None: ...


def order_placed(order: PlacedOrder) -> Event:
    """Return the event that there is a new order; it is emitted again until the order is settled."""
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


def cancellation_requested(order_id: str, customer_id: str, reason: CancelReason) -> Event:
    """Return the event that the order's record has a request to cancel it, from now on for good."""
    return Event(
        detail_type=DetailType.ORDER_CANCELLATION_REQUESTED,
        detail={"orderId": order_id, "customerId": customer_id, "reason": reason.value},
    )


def workflow_event(order: RunnableOrder) -> Event:
    """Return the event with which the workflow of an order runs again; it does what the record says."""
    if order.cancel_reason is not None:
        return cancellation_requested(order.order_id, order.customer_id, order.cancel_reason)
    return order_placed(order)


def order_held(order_id: str, customer_id: str, reason: str) -> Event:
    """Return the event that the order waits for an operator."""
    return Event(
        detail_type=DetailType.ORDER_HELD,
        detail={"orderId": order_id, "customerId": customer_id, "reason": reason},
    )
