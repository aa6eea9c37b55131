"""Lambda: places an order, reads one, lists the orders of a customer, and takes requests to cancel one."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.adapters.aws import client, make_clients
from handlers.adapters.catalogue import Catalogue
from handlers.adapters.event_bus import EventBus
from handlers.adapters.metrics import emit
from handlers.adapters.operation_log import DONE, ERROR, elapsed_millis, operation_logger
from handlers.adapters.orders_table import OrdersTable
from handlers.adapters.time_budget import LONGEST_CALL_MILLIS, TimeBudget
from handlers.api.json_text import read_json
from handlers.api.page_token import page_token
from handlers.api.problem import log_fields, problem_response, route_not_found
from handlers.api.representation import accepted, full, summary
from handlers.api.requests import (
    parse_cancel_order,
    parse_idempotency_key,
    parse_list_orders,
    parse_order_id,
    parse_place_order,
    require_json,
)
from handlers.api.validation import Schema, checked_schema
from handlers.contract.clock import Clock, rfc3339, utc_now
from handlers.contract.events import order_placed, workflow_event
from handlers.contract.metrics import MetricName
from handlers.contract.names import CancelReason, OrderStatus
from handlers.domain.cancellation import CancellationPolicy
from handlers.domain.errors import DependencyUnavailable, IdempotencyKeyReused, UnknownProducts
from handlers.domain.idempotency import derived_order_id
from handlers.domain.order import Cancellation, Order, RecordedSteps
from handlers.domain.order_request import PlaceOrder
from handlers.domain.pricing import pending_order


def _schema(name: str) -> Schema:
    file = Path(__file__).parent / "schemas" / f"{name}.schema.json"
    return checked_schema(json.loads(file.read_text(encoding="utf-8")))


_PLACE_ORDER_SCHEMA: Final = _schema("place_order")
_CANCEL_ORDER_SCHEMA: Final = _schema("cancel_order")

_METHODS: Final = {
    "/orders": ("GET", "POST"),
    "/orders/{orderId}": ("GET",),
    "/orders/{orderId}/cancel": ("POST",),
}

logger = operation_logger()
make_clients("dynamodb", "events")
app = APIGatewayRestResolver(debug=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """`replayed`: the idempotency key had placed the order before."""

    order: Order
    replayed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderService:
    """Stores an order, then announces it. When that fails, the sweeper finds the order PENDING."""

    orders: OrdersTable
    catalogue: Catalogue
    bus: EventBus
    currency: str
    order_ids: UUID  # the namespace of those that are derived
    cancellations: CancellationPolicy
    now: Clock = utc_now

    def place(self, request: PlaceOrder, keyed_id: str | None, budget: TimeBudget) -> Placed:
        """Place an order once; `keyed_id` is the order id of the idempotency key, None without one.

        Raises UnknownProducts, IdempotencyKeyReused, DependencyUnavailable.
        """
        placed = self._stored(request, keyed_id, budget)
        if placed.order.request_hash != request.request_hash:
            raise IdempotencyKeyReused
        if placed.order.status is OrderStatus.PENDING:
            _leave_time_for_a_call(budget)
            self.bus.emit(order_placed(placed.order))
        return placed

    def _stored(self, request: PlaceOrder, keyed_id: str | None, budget: TimeBudget) -> Placed:
        offers = self.catalogue.offers([item.product_id for item in request.items], budget)
        _leave_time_for_a_call(budget)
        try:
            order = pending_order(
                request,
                offers,
                order_id=keyed_id or str(uuid4()),
                currency=self.currency,
                at=rfc3339(self.now()),
            )
        except UnknownProducts:
            # A replay also succeeds when a product has left the catalogue since.
            earlier = self.orders.find_order(keyed_id) if keyed_id else None
            if earlier is None:
                raise
            return Placed(order=earlier, replayed=True)
        stored = self.orders.place(order)
        # Without a key, a stored order can only come from an earlier attempt of this very call.
        return Placed(order=stored or order, replayed=bool(stored and keyed_id))

    def cancel(self, order_id: str, comment: str | None, budget: TimeBudget) -> tuple[Order, RecordedSteps]:
        """Request that the workflow cancels the order, and return the order as it is then.

        A repeated request changes nothing. It only starts the workflow again, when that is not done. An order
        that can't be undone waits for an operator: one more execution would only park one more message.
        Raises OrderNotFound, NotCancellable, CancelLater, DependencyUnavailable.
        """
        now = self.now()
        order = self.orders.request_cancellation(
            order_id,
            Cancellation(requested_at=rfc3339(now), reason=CancelReason.CUSTOMER, comment=comment),
            confirmed_since=self.cancellations.confirmed_since(now),
        )
        self.cancellations.require_requested(order, now)
        if order.status is not OrderStatus.CANCELLED and not order.waits_for_operator:
            _leave_time_for_a_call(budget)
            self.bus.emit(workflow_event(order))
        _leave_time_for_a_call(budget)
        return self.orders.read_order_with_steps(order_id)


@cache
def _service() -> OrderService:
    dynamodb = client("dynamodb")
    return OrderService(
        orders=OrdersTable(dynamodb, os.environ["ORDERS_TABLE"]),
        catalogue=Catalogue(dynamodb, os.environ["INVENTORY_TABLE"]),
        bus=EventBus(client("events"), os.environ["EVENT_BUS"]),
        currency=os.environ["CURRENCY"],
        order_ids=UUID(os.environ["ORDER_ID_NAMESPACE"]),
        cancellations=CancellationPolicy(
            after_confirmation=timedelta(seconds=int(os.environ["CANCEL_CONFIRMED_SECONDS"]))
        ),
    )


@app.post("/orders")
def place_order() -> Response[str]:
    event = app.current_event
    require_json(event.headers.get("Content-Type"))
    keyed_id = _keyed_order_id(event.headers, event.request_context.identity.api_key_id)
    body = read_json(event.body, is_base64=bool(event.is_base64_encoded))
    request = parse_place_order(body, _PLACE_ORDER_SCHEMA)
    placed = _service().place(request, keyed_id, TimeBudget.from_context(app.lambda_context))
    _log_order(placed.order)
    # The path has the stage or base path that the client used, so that the client can follow it.
    headers = {"Location": f"{event.request_context.path.rstrip('/')}/{placed.order.order_id}"}
    if placed.replayed:
        headers["Idempotency-Replayed"] = "true"
        logger.append_keys(replayed=True)
        emit({MetricName.ORDERS_REPLAYED: [1]})
    return _response(HTTPStatus.ACCEPTED, accepted(placed.order), headers)


@app.get("/orders/<order_id>")
def read_order(order_id: str) -> Response[str]:
    order, steps = _service().orders.read_order_with_steps(parse_order_id(order_id))
    _log_order(order)
    return _response(HTTPStatus.OK, full(order, steps, os.environ.get("CONSOLE_DOMAIN")))


@app.post("/orders/<order_id>/cancel")
def cancel_order(order_id: str) -> Response[str]:
    event = app.current_event
    comment = _cancel_comment(event.headers, event.body, is_base64=bool(event.is_base64_encoded))
    if (idempotency_key := event.headers.get("Idempotency-Key")) is not None:
        # It changes nothing: a cancellation can be repeated without one.
        parse_idempotency_key(idempotency_key)
    budget = TimeBudget.from_context(app.lambda_context)
    order, steps = _service().cancel(parse_order_id(order_id), comment, budget)
    _log_order(order)
    return _response(HTTPStatus.ACCEPTED, full(order, steps, os.environ.get("CONSOLE_DOMAIN")))


@app.get("/orders")
def list_orders() -> Response[str]:
    request = parse_list_orders(app.current_event.query_string_parameters)
    page = _service().orders.list_of_customer(request.customer_id, limit=request.limit, after=request.after)
    next_token = page_token(page.next, request.customer_id) if page.next else None
    orders = [summary(order) for order in page.orders]
    return _response(HTTPStatus.OK, {"orders": orders, "nextToken": next_token})


@app.not_found
def on_unknown_route(_error: NotFoundError) -> Response[str]:
    methods = _METHODS.get(app.current_event["resource"], ())
    # An order id can have characters that no route matches.
    return route_not_found(() if app.current_event.http_method in methods else methods)


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]  # Powertools gives it no types
def on_error(error: Exception) -> Response[str]:
    logger.append_keys(**log_fields(error))
    return problem_response(error)


def _keyed_order_id(headers: Mapping[str, str], api_key_id: str | None) -> str | None:
    idempotency_key = headers.get("Idempotency-Key")
    if idempotency_key is None:
        return None
    # The API Gateway of the local cloud gives no key id.
    key = parse_idempotency_key(idempotency_key)
    api_key = api_key_id or headers.get("x-api-key") or ""
    return derived_order_id(key, api_key=api_key, namespace=_service().order_ids)


def _cancel_comment(headers: Mapping[str, str], body: str | None, *, is_base64: bool) -> str | None:
    if not body:
        return None
    require_json(headers.get("Content-Type"))
    return parse_cancel_order(read_json(body, is_base64=is_base64), _CANCEL_ORDER_SCHEMA)


def _log_order(order: Order) -> None:
    logger.append_keys(orderId=order.order_id, orderStatus=order.status)


def _response(
    status: HTTPStatus, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response[str]:
    return Response(
        status_code=status.value,
        content_type="application/json",
        headers=headers,
        body=json.dumps(body, separators=(",", ":")),
    )


@logger.inject_lambda_context(
    correlation_id_path="requestContext.requestId", log_event=False, clear_state=True
)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a request of API Gateway (REST API, proxy integration)."""
    started = time.monotonic()
    logger.append_keys(step=f"{event['httpMethod']} {event['resource']}")
    response = app.resolve(event, context)
    _log_response(response["statusCode"], elapsed_millis(started))
    return response


def _log_response(status: int, duration_ms: float) -> None:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log, outcome = logger.error, ERROR
    else:
        # A client gets its 4xx and mends its request: that is nothing for an operator.
        log, outcome = logger.info, DONE if status < HTTPStatus.BAD_REQUEST else "refused"
    log("responded", outcome=outcome, httpStatus=status, durationMs=duration_ms)


def _leave_time_for_a_call(budget: TimeBudget) -> None:
    # Start no call that may exceed our timeout. A client knows that it may retry our 503. When Lambda cuts
    # us off, API Gateway responds with an error that tells the client nothing.
    if budget.remaining_millis() < LONGEST_CALL_MILLIS:
        raise DependencyUnavailable("the calls before took too long")
