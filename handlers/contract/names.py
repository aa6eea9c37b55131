"""The names that the tables, the events and the workflow share."""

from enum import StrEnum
from typing import Final
from uuid import UUID

ORDER_RECORD: Final = "ORDER"
INVENTORY_STEP: Final = "STEP#inventory"
PAYMENT_STEP: Final = "STEP#payment"
NOTIFICATION_STEP_PREFIX: Final = "STEP#notification#"

OPEN_ORDERS_INDEX: Final = "open-orders"
CUSTOMER_ORDERS_INDEX: Final = "customer-orders"
# One index partition takes 1,000 writes a second: eight carry 8,000 orders a second.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
OPEN_SHARDS: Final = 8

EVENT_BUS_NAME: Final = "ecommerce"
EVENT_SOURCE: Final = "ecommerce.orders"

# One transaction holds at most 100 actions: the step's record, the products, and one to spare.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
MAX_ITEMS_PER_ORDER: Final = 98


class OrderStatus(StrEnum):
    """Where an order stands; CONFIRMED and REJECTED are final."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    ON_HOLD = "ON_HOLD"

    @property
    def is_settled(self) -> bool:
        """Tell whether it is final."""
        return self in {OrderStatus.CONFIRMED, OrderStatus.REJECTED}


class OpenKind(StrEnum):
    """What an order waits for that is in the open-orders index.

    IN_PROGRESS: its workflow, be it PENDING or settled: until everybody has been told, and after that it is
    in the index no more. ON_HOLD: an operator.
    """

    IN_PROGRESS = "IN_PROGRESS"
    ON_HOLD = "ON_HOLD"


class InventoryStatus(StrEnum):
    """What the inventory service recorded for an order."""

    RESERVED = "RESERVED"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    RELEASED = "RELEASED"


class PaymentStatus(StrEnum):
    """What the payment service recorded for an order."""

    AUTHORIZED = "AUTHORIZED"
    DECLINED = "DECLINED"
    CAPTURED = "CAPTURED"
    VOIDED = "VOIDED"


class NotificationStatus(StrEnum):
    """SENDING is a claim that goes stale; SENT is final."""

    SENDING = "SENDING"
    SENT = "SENT"


class DetailType(StrEnum):
    """The events on the bus."""

    ORDER_PLACED = "OrderPlaced"
    ORDER_CONFIRMED = "OrderConfirmed"
    ORDER_REJECTED = "OrderRejected"
    ORDER_HELD = "OrderHeld"


def open_shard(order_id: str) -> str:
    """The partition of the open-orders index that an order lives in as long as it is open."""
    return str(UUID(order_id).int % OPEN_SHARDS)


def open_key(kind: OpenKind, since: str) -> str:
    """Sort key of the open-orders index: all of one kind, oldest first. `since` is RFC 3339 UTC."""
    return f"{kind}#{since}"
