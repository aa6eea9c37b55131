"""Lambda: tells the customer what happened to the order, once per kind of notification."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from handlers.adapters.aws import client, make_clients
from handlers.adapters.fault_injection import inject_fault
from handlers.adapters.notification_records import NotificationRecords
from handlers.adapters.notification_topic import NotificationTopic
from handlers.adapters.operation_log import logs_operation, operation_logger
from handlers.adapters.orders_table import OrdersTable
from handlers.api.step_request import (
    UNKNOWN_ORDER,
    StepRequest,
    answers_unknown_orders,
    parse_step_request,
)
from handlers.contract.clock import Clock, utc_now
from handlers.contract.names import NotificationStatus
from handlers.domain.errors import DependencyUnavailable
from handlers.domain.notification import NOT_AFTER_CANCELLED, NotificationKind, compose

logger = operation_logger()
make_clients("dynamodb", "sns")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationService:
    """One execution claims a notification and sends it. Only a crash before it is recorded can repeat it.

    After "cancelled" no other one is sent: those that were not sent are recorded as skipped before.
    """

    orders: OrdersTable
    records: NotificationRecords
    topic: NotificationTopic
    now: Clock = utc_now

    def perform(self, request: StepRequest[NotificationKind]) -> str:
        kind = request.operation
        # Read before the claim, so that an order that does not exist leaves no record behind.
        order = self.orders.read_order(request.order_id)
        if not kind.fits(order):
            return NotificationStatus.SKIPPED
        if kind is NotificationKind.CANCELLED:
            for earlier in NOT_AFTER_CANCELLED:
                self.records.skip(order.order_id, earlier, now=self.now())
        notification = compose(kind, order)
        if notification is None:
            return NotificationStatus.SKIPPED
        if self.records.claim(order.order_id, kind, owner=request.execution_arn, now=self.now()):
            message_id = self.topic.publish(notification)
            self.records.record_sent(order.order_id, kind, message_id=message_id, now=self.now())
        return NotificationStatus.SENT


@cache
def _service() -> NotificationService:
    orders_table = os.environ["ORDERS_TABLE"]
    dynamodb = client("dynamodb")
    return NotificationService(
        orders=OrdersTable(dynamodb, orders_table),
        records=NotificationRecords(dynamodb, orders_table),
        topic=NotificationTopic(client("sns"), os.environ["TOPIC_ARN"]),
    )


@logger.inject_lambda_context(clear_state=True)
@logs_operation(logger, "step done", warnings={UNKNOWN_ORDER: "the event names no order"})
@answers_unknown_orders(NotificationKind.RECEIVED, logger)
def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    """Perform one step of the workflow: {"operation", "orderId", "executionArn"} -> {"status"}."""
    request = parse_step_request(event, NotificationKind)
    logger.append_keys(step=request.operation, orderId=request.order_id)
    inject_fault(DependencyUnavailable)
    status = _service().perform(request)
    return {"status": status}
