"""Lambda: authorises, captures, voids or refunds the payment of an order."""

import os
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from handlers.adapters.aws import client, make_clients
from handlers.adapters.fault_injection import inject_fault
from handlers.adapters.gateways.choice import payment_gateway
from handlers.adapters.operation_log import logs_operation, operation_logger
from handlers.adapters.orders_table import OrdersTable
from handlers.adapters.payment_records import PaymentRecords, payment_step
from handlers.api.step_request import (
    UNKNOWN_ORDER,
    StepRequest,
    answers_unknown_orders,
    parse_step_request,
)
from handlers.contract.clock import Clock, rfc3339, utc_now
from handlers.contract.names import PAYMENT_STEP, OrderStatus, PaymentStatus
from handlers.domain.errors import (
    CancellationRequested,
    GatewayUnavailable,
    PaymentAlreadyCaptured,
    PaymentNotAuthorized,
)
from handlers.domain.order import Order
from handlers.domain.payment import PaymentOperation, PaymentStep, require_authorized, require_not_captured
from handlers.domain.payment_gateway import PaymentGateway, PaymentRequest

logger = operation_logger()
make_clients("dynamodb")

Request = StepRequest[PaymentOperation]
Status = PaymentStatus | OrderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentService:
    """All operations may be repeated, also at the same time. The first recorded decision stays.

    An authorisation for an order that is to be cancelled returns CANCELLED, and nothing is recorded.
    """

    orders: OrdersTable
    records: PaymentRecords
    gateway: PaymentGateway
    now: Clock = utc_now

    def perform(self, request: Request) -> Status:
        match request.operation:
            case PaymentOperation.AUTHORIZE:
                return self._authorize(request)
            case PaymentOperation.CAPTURE:
                return self._capture(request)
            case PaymentOperation.VOID:
                return self._void(request)
            case PaymentOperation.REVERSE:
                return self._reverse(request)

    def _authorize(self, request: Request) -> Status:
        order, recorded = self._order_and_payment(request)
        if order.cancellation is not None:
            return OrderStatus.CANCELLED
        return (recorded or self._authorize_at_gateway(request, order)).status

    def _authorize_at_gateway(self, request: Request, order: Order) -> PaymentStep:
        authorization = self.gateway.authorize(_payment(order))
        decided = self._step(request, authorization.status, authorization.reference, authorization.reason)
        if decided.reason is not None:
            logger.append_keys(reason=decided.reason)
        return self.records.record_if_absent(decided)

    def _capture(self, request: Request) -> PaymentStatus:
        try:
            return self._capture_authorized(request)
        except PaymentNotAuthorized:
            # Another execution may have reversed the payment to cancel the order.
            if self.orders.is_cancelling(request.order_id):
                raise CancellationRequested(request.order_id) from None
            raise

    def _capture_authorized(self, request: Request) -> PaymentStatus:
        order, found = self._order_and_payment(request)
        recorded = require_authorized(request.order_id, found)
        if recorded.status is PaymentStatus.AUTHORIZED:
            self._capture_at_gateway(request, order, recorded.held_reference)
            captured = self._step(request, PaymentStatus.CAPTURED, recorded.reference)
            recorded = require_authorized(
                request.order_id, self.records.settle(PaymentStatus.AUTHORIZED, captured)
            )
        return recorded.status

    def _capture_at_gateway(self, request: Request, order: Order, reference: str) -> None:
        if order.cancellation is not None:
            raise CancellationRequested(order.order_id)
        try:
            self.gateway.capture(_payment(order), reference)
        except PaymentNotAuthorized:
            # The provider gave up the hold. When that is recorded, the next execution refuses the order.
            voided = self._step(request, PaymentStatus.VOIDED, reference)
            self.records.settle(PaymentStatus.AUTHORIZED, voided)
            raise

    def _void(self, request: Request) -> PaymentStatus:
        recorded = self.records.read(request.order_id) or self._void_unrecorded(request)
        if recorded.status is PaymentStatus.AUTHORIZED:
            self.gateway.void(self._payment(request), recorded.reference)
            voided = self._step(request, PaymentStatus.VOIDED, recorded.reference)
            recorded = self.records.settle(PaymentStatus.AUTHORIZED, voided)
        return require_not_captured(recorded).status

    def _reverse(self, request: Request) -> PaymentStatus:
        """Void what is held and refund what is taken; what was declined stays DECLINED."""
        recorded = self.records.read(request.order_id) or self._void_unrecorded(request)
        if recorded.status is PaymentStatus.AUTHORIZED:
            reversed_ = self._reverse_authorized(request, recorded.held_reference)
            recorded = self.records.settle(PaymentStatus.AUTHORIZED, reversed_)
        if recorded.status is PaymentStatus.CAPTURED:
            refunded = self._refund(request, recorded.held_reference)
            recorded = self.records.settle(PaymentStatus.CAPTURED, refunded)
        return recorded.status

    def _reverse_authorized(self, request: Request, reference: str) -> PaymentStep:
        try:
            self.gateway.void(self._payment(request), reference)
        except PaymentAlreadyCaptured:
            # An execution captured the money and has not recorded it, and perhaps never will.
            return self._refund(request, reference)
        return self._step(request, PaymentStatus.VOIDED, reference)

    def _refund(self, request: Request, reference: str) -> PaymentStep:
        payment = self._payment(request)
        self.gateway.refund(payment, reference)
        refunded = self._step(request, PaymentStatus.REFUNDED, reference)
        return replace(refunded, amount=payment.amount)

    def _void_unrecorded(self, request: Request) -> PaymentStep:
        """Void at the provider first and record it then: an authorisation may be on its way there.

        When that authorisation is recorded first, the caller gets AUTHORIZED and voids it by its reference.
        """
        self.gateway.void(self._payment(request), None)
        return self.records.record_if_absent(self._step(request, PaymentStatus.VOIDED, None))

    def _order_and_payment(self, request: Request) -> tuple[Order, PaymentStep | None]:
        order, record = self.orders.read_order_and(PAYMENT_STEP, request.order_id)
        return order, payment_step(record) if record else None

    def _payment(self, request: Request) -> PaymentRequest:
        return _payment(self.orders.read_order(request.order_id))

    def _step(
        self, request: Request, status: PaymentStatus, reference: str | None, reason: str | None = None
    ) -> PaymentStep:
        return PaymentStep(
            order_id=request.order_id,
            status=status,
            at=rfc3339(self.now()),
            execution_arn=request.execution_arn,
            provider=self.gateway.provider,
            reference=reference,
            reason=reason,
        )


def _payment(order: Order) -> PaymentRequest:
    return PaymentRequest(
        order_id=order.order_id,
        amount=order.total.amount,
        currency=order.total.currency,
        method=order.payment_method or "",
    )


@cache
def _service() -> PaymentService:
    orders_table = os.environ["ORDERS_TABLE"]
    dynamodb = client("dynamodb")
    return PaymentService(
        orders=OrdersTable(dynamodb, orders_table),
        records=PaymentRecords(dynamodb, orders_table),
        gateway=payment_gateway(os.environ),
    )


@logger.inject_lambda_context(clear_state=True)
@logs_operation(logger, "step done", warnings={UNKNOWN_ORDER: "the event names no order"})
@answers_unknown_orders(PaymentOperation.AUTHORIZE, logger)
def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    """Perform one step of the workflow: {"operation", "orderId", "executionArn"} -> {"status"}."""
    request = parse_step_request(event, PaymentOperation)
    logger.append_keys(step=request.operation, orderId=request.order_id)
    inject_fault(GatewayUnavailable)
    status = _service().perform(request)
    return {"status": status}
