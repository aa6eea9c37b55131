"""The names that handlers, infrastructure, orderctl and the state machine share."""

from enum import StrEnum
from typing import Final
from uuid import UUID

ORDER_RECORD: Final = "ORDER"
INVENTORY_STEP: Final = "STEP#inventory"
PAYMENT_STEP: Final = "STEP#payment"
NOTIFICATION_STEP_PREFIX: Final = "STEP#notification#"

OPEN_ORDERS_INDEX: Final = "open-orders"
CUSTOMER_ORDERS_INDEX: Final = "customer-orders"
# What the stage prod is made for; the rate of its API key.
MAX_ORDERS_PER_SECOND: Final = 1_000
# Of functions, for a confirmed order: orders, inventory, payment and notification twice each.
INVOCATIONS_PER_ORDER: Final = 6
# An order is put into the index, put again under another key when it is settled (two writes), and taken out.
OPEN_INDEX_WRITES_PER_ORDER: Final = 4
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
_WRITES_PER_PARTITION: Final = 1_000
# Twice as many as orders that are spread evenly need: 8, for 2,000 orders a second.
OPEN_SHARDS: Final = 2 * MAX_ORDERS_PER_SECOND * OPEN_INDEX_WRITES_PER_ORDER // _WRITES_PER_PARTITION

STACK_PREFIX: Final = "OrderProcessing"
EVENT_SOURCE: Final = "ecommerce.orders"
# The page of an Express execution. The console finds one only with its start time.
CONSOLE_LINK: Final = (
    "https://{region}.{domain}/states/home?region={region}"
    "#/express-executions/details/{arn}?startDate={epoch_ms}"
)
# The alias of the state machine that OrderPlaced starts.
LIVE_ALIAS: Final = "live"

# One transaction holds at most 100 actions: the step's record, the products, and one to spare.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
MAX_ITEMS_PER_ORDER: Final = 98
# How many of one product an order can have; the schema of a request says the same.
MAX_QUANTITY: Final = 10_000
# How many of one product can be in stock.
MAX_AVAILABLE: Final = 999_999_999


class OrderStatus(StrEnum):
    """The status of an order; REJECTED and CANCELLED are final, and CONFIRMED until it is cancelled."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    ON_HOLD = "ON_HOLD"
    CANCELLED = "CANCELLED"

    @property
    def is_settled(self) -> bool:
        """Tell whether the workflow is done with it."""
        return self in {OrderStatus.CONFIRMED, OrderStatus.REJECTED, OrderStatus.CANCELLED}


class CancelReason(StrEnum):
    """Why an order is CANCELLED: who asked for it, or that it was ON_HOLD for too long."""

    CUSTOMER = "CUSTOMER"
    OPERATOR = "OPERATOR"
    HOLD_EXPIRED = "HOLD_EXPIRED"


class OpenKind(StrEnum):
    """What an order in the open-orders index waits for.

    IN_PROGRESS: its workflow, until the order is settled and everybody has been told. WAITING: an operator.
    """

    IN_PROGRESS = "IN_PROGRESS"
    WAITING = "WAITING"


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
    REFUNDED = "REFUNDED"


class PaymentProvider(StrEnum):
    """The payment providers that a stage can use."""

    SIMULATED = "simulated"
    STRIPE = "stripe"


class ApiAuth(StrEnum):
    """What a request of the API must have: the key alone, or also a signature of IAM credentials (SigV4)."""

    KEY = "key"
    IAM = "iam"


class NotificationStatus(StrEnum):
    """SENDING is a claim that expires. SENT and SKIPPED are final.

    SKIPPED: the order was cancelled before it was sent, or nobody is left to be told.
    """

    SENDING = "SENDING"
    SENT = "SENT"
    SKIPPED = "SKIPPED"


class DetailType(StrEnum):
    """The events on the bus."""

    ORDER_PLACED = "OrderPlaced"
    ORDER_CONFIRMED = "OrderConfirmed"
    ORDER_REJECTED = "OrderRejected"
    ORDER_HELD = "OrderHeld"
    ORDER_CANCELLATION_REQUESTED = "OrderCancellationRequested"
    ORDER_CANCELLED = "OrderCancelled"

    @property
    def starts_workflow(self) -> bool:
        """Tell whether it starts an execution; the others announce what one did."""
        return self in {DetailType.ORDER_PLACED, DetailType.ORDER_CANCELLATION_REQUESTED}


class Stage(StrEnum):
    """The stages with a meaning of their own. Any other name is a complete system that keeps nothing."""

    LOCAL = "local"
    DEV = "dev"
    PROD = "prod"


def stack_name(stage: str) -> str:
    """Return the name of the CloudFormation stack of a stage."""
    return f"{STACK_PREFIX}-{stage}"


def orders_per_second(stage: str) -> int:
    """Return the rate of the API key of a stage."""
    return MAX_ORDERS_PER_SECOND if stage == Stage.PROD else 100


def event_bus_name(stage: str) -> str:
    """Return the name of the bus of a stage: other teams subscribe to that of prod."""
    return "ecommerce" if stage == Stage.PROD else f"ecommerce-{stage}"


def state_machine_name(stage: str) -> str:
    """Return the name of the state machine of a stage. It is in every line of its log, so it is short."""
    return "orders" if stage == Stage.PROD else f"orders-{stage}"


def workflow_log_group(stack: str) -> str:
    """Return the name of the log group in which Step Functions writes the executions of a stack."""
    # With this prefix the account's log resource policy, at most 5,120 characters, doesn't grow.
    # https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    return f"/aws/vendedlogs/states/{stack}-OrderWorkflow"


def open_shard(order_id: str) -> str:
    """Return the partition key of the open-orders index for an open order."""
    return str(UUID(order_id).int % OPEN_SHARDS)


def open_key(kind: OpenKind, since: str) -> str:
    """Return the sort key of the open-orders index: by kind, the oldest first. `since` is RFC 3339 UTC."""
    return f"{kind}#{since}"
