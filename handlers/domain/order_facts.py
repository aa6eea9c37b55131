"""What a change of a record means for the business: the values of metrics."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from handlers.contract.metrics import MetricName
from handlers.contract.names import ORDER_RECORD, PAYMENT_STEP, OrderStatus, PaymentStatus

Fact = tuple[MetricName, float]
Record = Mapping[str, Any]

_REJECTED: Final = {
    "OUT_OF_STOCK": MetricName.ORDERS_REJECTED_OUT_OF_STOCK,
    "PAYMENT_DECLINED": MetricName.ORDERS_REJECTED_PAYMENT_DECLINED,
}


def facts(before: Record | None, after: Record | None) -> Iterator[Fact]:
    """Yield what became true by a write; nothing, when the write only repeats what was true.

    Raises KeyError, TypeError or ValueError for a record that this system did not write.
    """
    if after is None or (before is not None and before["status"] == after["status"]):
        return
    if after["record"] == ORDER_RECORD:
        yield from _order_facts(before, after)
    elif after["record"] == PAYMENT_STEP and after["status"] == PaymentStatus.REFUNDED:
        yield MetricName.REVENUE_REFUNDED, int(after["amount"])


def _order_facts(before: Record | None, after: Record) -> Iterator[Fact]:
    if before is None:
        yield MetricName.ORDERS_ACCEPTED, 1
        return
    match OrderStatus(after["status"]):
        case OrderStatus.CONFIRMED:
            yield MetricName.ORDERS_CONFIRMED, 1
            yield MetricName.REVENUE_CONFIRMED, int(after["total"]["amount"])
            yield MetricName.SETTLE_SECONDS, _settle_seconds(after)
        case OrderStatus.REJECTED:
            yield _REJECTED[after["reason"]], 1
            yield MetricName.SETTLE_SECONDS, _settle_seconds(after)
        case OrderStatus.ON_HOLD:
            yield MetricName.ORDERS_HELD, 1
        case OrderStatus.CANCELLED:
            yield MetricName.ORDERS_CANCELLED, 1


def _settle_seconds(order: Record) -> float:
    created, settled = (datetime.fromisoformat(order[name]) for name in ("createdAt", "updatedAt"))
    # The API and Step Functions have each a clock of their own.
    return max(0.0, round((settled - created).total_seconds(), 3))
