"""The orders that are measured: how each ends, and what makes it end so."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from handlers.contract.fault import Fault
from handlers.contract.names import ORDER_RECORD, OpenKind, OrderStatus
from orderctl.api_client import ACCEPTED, OrdersApi, Response, problem
from orderctl.cost.measured import Outcome
from orderctl.dlq.orders import RedrivableOrders
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.queues import read_queues
from orderctl.dlq.redrive import Redrive
from orderctl.dynamodb import to_item, to_plain
from orderctl.errors import OperatorError
from orderctl.fault_switch import FaultSwitch, Service
from orderctl.products import Product, ProductsTable
from orderctl.stack import QUEUES, Stack

# A held order tries again for some seconds, on a busy machine for longer.
_TIMEOUT_SECONDS: Final = 120
_POLL_SECONDS: Final = 0.1
_RATE: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One order with `lines` products of its own, so that its calls can be told from those of others."""

    outcome: Outcome
    lines: int
    prefix: str

    @property
    def product_ids(self) -> list[str]:
        """Six characters each, as in the sample catalogue."""
        return [f"{self.prefix}{line:02}" for line in range(self.lines)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCase:
    """A case whose order is at its end, and how many requests of the API that took."""

    case: Case
    order_id: str
    api_requests: int


def play(stack: Stack, case: Case) -> PlacedCase:
    """Place the order and bring it to its end."""
    _stock(stack, case)
    with _broken(stack) if case.outcome is Outcome.HELD else _nothing():
        order_id = _place(stack, case)
        rest = OpenKind.WAITING if case.outcome is Outcome.HELD else None
        _wait(stack, order_id, rest)
    requests = 1
    if case.outcome is Outcome.HELD:
        _redrive(stack, order_id)
    if case.outcome is Outcome.CANCELLED:
        _accepted(OrdersApi(stack).cancel(order_id))
        requests += 1
    status = _wait(stack, order_id, None, not_status=OrderStatus.CONFIRMED if requests > 1 else None)
    if status != _ENDS[case.outcome]:
        raise OperatorError(f"the order is {status}", what_to_do="Measure again on a quiet machine.")
    return PlacedCase(case=case, order_id=order_id, api_requests=requests)


_ENDS: Final = {
    Outcome.CONFIRMED: OrderStatus.CONFIRMED,
    Outcome.OUT_OF_STOCK: OrderStatus.REJECTED,
    Outcome.DECLINED: OrderStatus.REJECTED,
    Outcome.HELD: OrderStatus.CONFIRMED,
    Outcome.CANCELLED: OrderStatus.CANCELLED,
}


def _stock(stack: Stack, case: Case) -> None:
    available = 0 if case.outcome is Outcome.OUT_OF_STOCK else 1_000
    products = [
        Product(product_id=each, name="White hanging heart", unit_price=255, available=1_000)
        for each in case.product_ids[:-1]
    ]
    last = Product(
        product_id=case.product_ids[-1], name="White hanging heart", unit_price=255, available=available
    )
    for _ in ProductsTable(stack).stock([*products, last]):
        pass


def _place(stack: Stack, case: Case) -> str:
    order = {
        "customerId": "cust-17850",
        "customerEmail": "ada@example.com",
        "paymentMethod": "pm_card_declined" if case.outcome is Outcome.DECLINED else "pm_card_visa",
        "items": [{"productId": each, "quantity": 6} for each in case.product_ids],
    }
    placed = _accepted(OrdersApi(stack).place(order, idempotency_key=str(uuid4())))
    return str(placed["orderId"])


def _accepted(response: Response) -> Mapping[str, Any]:
    if response.status != ACCEPTED:
        raise problem(response)
    return dict(response.body)


def _wait(
    stack: Stack, order_id: str, rest: OpenKind | None, *, not_status: OrderStatus | None = None
) -> str:
    """Wait until the order is closed, or waits for an operator; return its status."""
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        record = read_record(stack, order_id, ORDER_RECORD)
        rests = str(record.get("openKey", "")).startswith(rest) if rest else "closedAt" in record
        if rests and record["status"] != not_status:
            return str(record["status"])
        time.sleep(_POLL_SECONDS)
    raise OperatorError(
        f"The order {order_id} is not at its end after {_TIMEOUT_SECONDS} s",
        what_to_do=f"Look at its executions with `orderctl trace {order_id}`.",
    )


def read_record(stack: Stack, order_id: str, record: str) -> dict[str, Any]:
    """Read a record of the order, strongly consistent."""
    found = stack.client("dynamodb").get_item(
        TableName=stack.orders_table,
        Key=to_item({"orderId": order_id, "record": record}),
        ConsistentRead=True,
    )
    return to_plain(found.get("Item", {}))


def _redrive(stack: Stack, order_id: str) -> None:
    deployed = stack.as_operator()
    waiting = RedrivableOrders(deployed).redrivable(only=order_id)
    with read_queues(deployed, QUEUES) as received:
        plan = RedrivePlan.from_messages(
            received.messages, waiting, only=order_id, in_flight=received.in_flight
        )
        for _ in Redrive(deployed, received, rate=_RATE).run(plan):
            pass


@contextmanager
def _broken(stack: Stack) -> Iterator[None]:
    switch = FaultSwitch(stack, Service.PAYMENT)
    switch.turn_on(Fault())
    try:
        yield
    finally:
        switch.turn_off()


@contextmanager
def _nothing() -> Iterator[None]:
    yield
