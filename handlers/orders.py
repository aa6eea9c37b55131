"""Lambda: places orders, and shows them alone or by customer."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.adapters.aws import client
from handlers.adapters.catalogue import Catalogue
from handlers.adapters.event_bus import EventBus
from handlers.adapters.orders_table import OrdersTable
from handlers.adapters.time_budget import LONGEST_CALL_MILLIS, TimeBudget
from handlers.api.json_text import read_json
from handlers.api.page_token import page_token
from handlers.api.problem import log_fields, problem_answer, route_not_found
from handlers.api.representation import accepted, full, summary
from handlers.api.requests import (
    parse_idempotency_key,
    parse_list_orders,
    parse_order_id,
    parse_place_order,
)
from handlers.api.validation import understood
from handlers.contract.clock import Clock, rfc3339, utc_now
from handlers.contract.events import order_placed
from handlers.contract.names import OrderStatus
from handlers.domain.errors import DependencyUnavailable, IdempotencyKeyReused, UnknownProducts
from handlers.domain.idempotency import derived_order_id
from handlers.domain.order import Order
from handlers.domain.order_request import PlaceOrder
from handlers.domain.pricing import pending_order

_PLACE_ORDER_SCHEMA: Final = understood(
    json.loads((Path(__file__).parent / "schemas" / "place_order.schema.json").read_text(encoding="utf-8"))
)

logger = Logger()
app = APIGatewayRestResolver(debug=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """`replayed`: the idempotency key had placed the order before."""

    order: Order
    replayed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderService:
    """Stores first and announces then: an order whose announcement failed is found as PENDING."""

    orders: OrdersTable
    catalogue: Catalogue
    bus: EventBus
    currency: str
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
        prices = self.catalogue.unit_prices([item.product_id for item in request.items], budget)
        _leave_time_for_a_call(budget)
        try:
            order = pending_order(
                request,
                prices,
                order_id=keyed_id or str(uuid4()),
                currency=self.currency,
                at=rfc3339(self.now()),
            )
        except UnknownProducts:
            # A replay succeeds also when a product has left the catalogue since.
            earlier = self.orders.find_order(keyed_id) if keyed_id else None
            if earlier is None:
                raise
            return Placed(order=earlier, replayed=True)
        stored = self.orders.place(order)
        # Without a key, what is stored already can only be the first attempt of this very call.
        return Placed(order=stored or order, replayed=bool(stored and keyed_id))


@cache
def _service() -> OrderService:
    dynamodb = client("dynamodb")
    return OrderService(
        orders=OrdersTable(dynamodb, os.environ["ORDERS_TABLE"]),
        catalogue=Catalogue(dynamodb, os.environ["INVENTORY_TABLE"]),
        bus=EventBus(client("events"), os.environ["EVENT_BUS"]),
        currency=os.environ["CURRENCY"],
    )


@app.post("/orders")
def place_order() -> Response[str]:
    event = app.current_event
    keyed_id = _keyed_order_id(event.headers, event.request_context.identity.api_key_id)
    body = read_json(event.body, is_base64=bool(event.is_base64_encoded))
    request = parse_place_order(body, _PLACE_ORDER_SCHEMA)
    placed = _service().place(request, keyed_id, TimeBudget.of(app.lambda_context))
    _log_order(placed.order)
    # With the stage or base path that the client used, so that the location can be followed.
    headers = {"Location": f"{event.request_context.path.rstrip('/')}/{placed.order.order_id}"}
    if placed.replayed:
        headers["Idempotency-Replayed"] = "true"
    return _answer(HTTPStatus.ACCEPTED, accepted(placed.order), headers)


@app.get("/orders/<order_id>")
def read_order(order_id: str) -> Response[str]:
    order, steps = _service().orders.read_order_with_steps(parse_order_id(order_id))
    _log_order(order)
    return _answer(HTTPStatus.OK, full(order, steps))


@app.get("/orders")
def list_orders() -> Response[str]:
    request = parse_list_orders(app.current_event.query_string_parameters)
    page = _service().orders.list_of_customer(request.customer_id, limit=request.limit, after=request.after)
    next_token = page_token(page.next, request.customer_id) if page.next else None
    orders = [summary(order) for order in page.orders]
    return _answer(HTTPStatus.OK, {"orders": orders, "nextToken": next_token})


@app.not_found
def no_such_route(_error: NotFoundError) -> Response[str]:
    return route_not_found()


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]  # Powertools gives it no types
def no_success(error: Exception) -> Response[str]:
    logger.append_keys(**log_fields(error))
    return problem_answer(error)


def _keyed_order_id(headers: Mapping[str, str], api_key_id: str | None) -> str | None:
    idempotency_key = headers.get("Idempotency-Key")
    if idempotency_key is None:
        return None
    # The emulated API Gateway of the local cloud names no key id.
    key = parse_idempotency_key(idempotency_key)
    return derived_order_id(key, api_key=api_key_id or headers.get("x-api-key") or "")


def _log_order(order: Order) -> None:
    logger.append_keys(orderId=order.order_id, orderStatus=order.status)


def _answer(
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
    """Answer a request of API Gateway (REST API, proxy integration)."""
    answer = app.resolve(event, context)
    log = logger.error if answer["statusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR else logger.info
    log("answered", method=event["httpMethod"], resource=event["resource"], httpStatus=answer["statusCode"])
    return answer


def _leave_time_for_a_call(budget: TimeBudget) -> None:
    # A 503 of ours can be retried, a 502 of API Gateway says nothing: no call is begun that could outlive us.
    if budget.remaining_millis() < LONGEST_CALL_MILLIS:
        raise DependencyUnavailable("what was called before took too long")
