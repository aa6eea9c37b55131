"""Lambda: reserves what an order needs, and releases it again."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from handlers.adapters.aws import client, make_clients
from handlers.adapters.fault_injection import inject_fault
from handlers.adapters.inventory_table import InventoryTable
from handlers.adapters.operation_log import logs_operation, operation_logger
from handlers.adapters.orders_table import OrdersTable
from handlers.adapters.time_budget import InvocationContext, TimeBudget
from handlers.api.step_request import (
    UNKNOWN_ORDER,
    StepRequest,
    answers_unknown_orders,
    parse_step_request,
)
from handlers.contract.clock import Clock, rfc3339, utc_now
from handlers.contract.names import InventoryStatus, OrderStatus
from handlers.domain.errors import DependencyUnavailable
from handlers.domain.reservation import InventoryOperation, ReservedItem, released, reserved

logger = operation_logger()
make_clients("dynamodb")

Status = InventoryStatus | OrderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryService:
    """Both operations may be repeated, in any order. The first recorded decision stays.

    A reservation for an order that is to be cancelled returns CANCELLED, and nothing is recorded.
    """

    orders: OrdersTable
    inventory: InventoryTable
    now: Clock = utc_now

    def perform(self, request: StepRequest[InventoryOperation], budget: TimeBudget) -> Status:
        if request.operation is InventoryOperation.RESERVE:
            return self._reserve(request, budget)
        return self._release(request, budget)

    def _reserve(self, request: StepRequest[InventoryOperation], budget: TimeBudget) -> Status:
        order = self.orders.read_order(request.order_id)
        if order.cancellation is not None:
            return OrderStatus.CANCELLED
        wanted = reserved(
            order_id=order.order_id,
            items=[ReservedItem(product_id=line.product_id, quantity=line.quantity) for line in order.items],
            at=rfc3339(self.now()),
            execution_arn=request.execution_arn,
        )
        decided = self.inventory.reserve(wanted, budget, order.counters)
        if decided.short_products:
            logger.append_keys(products=decided.short_products)
        return decided.status

    def _release(self, request: StepRequest[InventoryOperation], budget: TimeBudget) -> Status:
        wanted = released(
            order_id=request.order_id,
            at=rfc3339(self.now()),
            execution_arn=request.execution_arn,
        )
        return self.inventory.release(wanted, budget).status


@cache
def _service() -> InventoryService:
    orders_table = os.environ["ORDERS_TABLE"]
    dynamodb = client("dynamodb")
    return InventoryService(
        orders=OrdersTable(dynamodb, orders_table),
        inventory=InventoryTable(
            dynamodb, orders_table=orders_table, inventory_table=os.environ["INVENTORY_TABLE"]
        ),
    )


@logger.inject_lambda_context(clear_state=True)
@logs_operation(logger, "step done", warnings={UNKNOWN_ORDER: "the event names no order"})
@answers_unknown_orders(InventoryOperation.RESERVE, logger)
def handler(event: dict[str, Any], context: InvocationContext) -> dict[str, str]:
    """Perform one step of the workflow: {"operation", "orderId", "executionArn"} -> {"status"}."""
    request = parse_step_request(event, InventoryOperation)
    logger.append_keys(step=request.operation, orderId=request.order_id)
    inject_fault(DependencyUnavailable)
    status = _service().perform(request, TimeBudget.from_context(context))
    return {"status": status}
