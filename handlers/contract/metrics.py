"""The metrics of the system in CloudWatch: who emits them, and in which unit.

Every one has the dimensions `service` and `stage`, and no others: each further value of a dimension is a
metric of its own and is paid for. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

METRICS_NAMESPACE: Final = "OrderProcessing"
SERVICE_DIMENSION: Final = "service"
STAGE_DIMENSION: Final = "stage"


class MetricUnit(StrEnum):
    """The units that we use, as CloudWatch spells them.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
    """

    COUNT = "Count"
    SECONDS = "Seconds"
    # An amount of money: CloudWatch knows no currency.
    NONE = "None"


class MetricName(StrEnum):
    """What is measured. Amounts are minor units of the currency of the stage."""

    # From the stream of the Orders table: each once, because only the write that won is in the stream.
    ORDERS_ACCEPTED = "OrdersAccepted"
    ORDERS_CONFIRMED = "OrdersConfirmed"
    ORDERS_REJECTED_OUT_OF_STOCK = "OrdersRejectedOutOfStock"
    ORDERS_REJECTED_PAYMENT_DECLINED = "OrdersRejectedPaymentDeclined"
    ORDERS_HELD = "OrdersHeld"
    ORDERS_CANCELLED = "OrdersCancelled"
    REVENUE_CONFIRMED = "RevenueConfirmed"
    REVENUE_REFUNDED = "RevenueRefunded"
    # One value for each order: from its acceptance until it was CONFIRMED or REJECTED.
    SETTLE_SECONDS = "SettleSeconds"
    # Changes in the stream that could not be read. Normally there is none, and no 0 is emitted.
    CHANGES_UNREADABLE = "ChangesUnreadable"

    # The API: an order was asked for again with the same idempotency key.
    ORDERS_REPLAYED = "OrdersReplayed"

    # The sweeper, in every sweep, also when they are 0.
    SWEEPS_COMPLETED = "SweepsCompleted"
    ORDERS_REEMITTED = "OrdersReemitted"
    HOLDS_EXPIRED = "HoldsExpired"
    ORDERS_GIVEN_UP = "OrdersGivenUp"
    # The age of the oldest order that waits for an operator; 0 when there is none.
    OLDEST_WAITING_SECONDS = "OldestWaitingSeconds"

    # An invocation that the fault switch delayed or let fail.
    FAULTS_INJECTED = "FaultsInjected"

    @property
    def unit(self) -> MetricUnit:
        return _UNITS.get(self, MetricUnit.COUNT)

    @property
    def services(self) -> tuple[str, ...]:
        """Return the values that its dimension `service` has."""
        return _SERVICES.get(self, ("metrics",))


_UNITS: Final[Mapping[MetricName, MetricUnit]] = {
    MetricName.REVENUE_CONFIRMED: MetricUnit.NONE,
    MetricName.REVENUE_REFUNDED: MetricUnit.NONE,
    MetricName.SETTLE_SECONDS: MetricUnit.SECONDS,
    MetricName.OLDEST_WAITING_SECONDS: MetricUnit.SECONDS,
}
_SWEEPER: Final = ("sweeper",)
_SERVICES: Final[Mapping[MetricName, tuple[str, ...]]] = {
    MetricName.ORDERS_REPLAYED: ("orders",),
    MetricName.SWEEPS_COMPLETED: _SWEEPER,
    MetricName.ORDERS_REEMITTED: _SWEEPER,
    MetricName.HOLDS_EXPIRED: _SWEEPER,
    MetricName.ORDERS_GIVEN_UP: _SWEEPER,
    MetricName.OLDEST_WAITING_SECONDS: _SWEEPER,
    MetricName.FAULTS_INJECTED: ("inventory", "payment", "notification"),
}
