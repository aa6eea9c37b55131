"""Places the demo's orders and collects what happened to each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from devtools.demo.dead_letter import find_dead_letter
from devtools.demo.orders import DEMO_ORDERS, DemoOrder
from handlers.contract.fault import Fault
from orderctl.api_client import ACCEPTED, OK, OrdersApi, problem
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.queues import read_queues
from orderctl.dlq.redrive import Redrive
from orderctl.execution_log import ExecutionLog
from orderctl.fault_switch import FaultSwitch, Service
from orderctl.settlement import wait_while_pending
from orderctl.stack import Stack
from orderctl.terminal import step
from orderctl.trace import ExecutionTrace

_TIMEOUT_SECONDS: Final = 60
_LOG_DELAY_SECONDS: Final = 20
_REDRIVES_PER_SECOND: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """The result of an order: its state in the API, its executions, and its parked message."""

    expected: DemoOrder
    order: dict[str, Any]
    executions: Sequence[ExecutionTrace]
    dead_letter: dict[str, Any] | None = None

    @property
    def differences(self) -> list[str]:
        """Return the differences from the expected result."""
        found = self.expected.differences(self.order)
        parked = (self.dead_letter or {}).get("step")
        if parked != self.expected.parked:
            found.append(f"parked is {parked}, not {self.expected.parked}")
        return found


def play(stack: Stack) -> list[DemoResult]:
    """Place every order of the demo and wait until it has ended."""
    api = OrdersApi(stack)
    usual = [expected for expected in DEMO_ORDERS if not expected.outage]
    order_ids = [_place(api, expected) for expected in usual]
    with step(f"{len(order_ids)} orders"):
        wait_while_pending(stack, order_ids, timeout=_TIMEOUT_SECONDS)
        results = [
            _result(stack, api, expected, order_id)
            for expected, order_id in zip(usual, order_ids, strict=True)
        ]
    with step("the cancellation of a confirmed order"):
        results = [_cancelled(stack, api, each) if each.expected.cancelled else each for each in results]
    return results + [_play_outage(stack, api, expected) for expected in DEMO_ORDERS if expected.outage]


def _play_outage(stack: Stack, api: OrdersApi, expected: DemoOrder) -> DemoResult:
    switch = FaultSwitch(stack, Service.PAYMENT)
    try:
        with step("an order while the payment service is down"):
            switch.turn_on(Fault())
            order_id = _place(api, expected)
            wait_while_pending(stack, [order_id], timeout=_TIMEOUT_SECONDS)
            dead_letter = find_dead_letter(stack, "payment", order_id, timeout=_LOG_DELAY_SECONDS)
    finally:
        switch.turn_off()
    with step("the redrive, after the outage"):
        _redrive(stack, order_id)
        wait_while_pending(stack, [order_id], timeout=_TIMEOUT_SECONDS)
        return replace(_result(stack, api, expected, order_id, executions=2), dead_letter=dead_letter)


def _cancelled(stack: Stack, api: OrdersApi, confirmed: DemoResult) -> DemoResult:
    order_id = confirmed.order["orderId"]
    response = api.cancel(order_id)
    if response.status != ACCEPTED:
        raise problem(response)
    return _result(stack, api, confirmed.expected, order_id, executions=2)


def _redrive(stack: Stack, order_id: str) -> None:
    with read_queues(stack, ["payment"]) as received:
        plan = RedrivePlan.from_messages(received.messages, only=order_id)
        for _ in Redrive(stack, received, rate=_REDRIVES_PER_SECOND).run(plan):
            pass


def _place(api: OrdersApi, expected: DemoOrder) -> str:
    response = api.place(expected.request, idempotency_key=str(uuid4()))
    if response.status != ACCEPTED:
        raise problem(response)
    return str(response.body["orderId"])


def _result(
    stack: Stack, api: OrdersApi, expected: DemoOrder, order_id: str, *, executions: int = 1
) -> DemoResult:
    since = datetime.fromisoformat(_get(api, order_id)["createdAt"])
    ended = ExecutionLog(stack).wait_for_executions_of(order_id, since, _LOG_DELAY_SECONDS, count=executions)
    # Read after the end of the execution, so that its last notification is recorded.
    return DemoResult(expected=expected, order=_get(api, order_id), executions=ended)


def _get(api: OrdersApi, order_id: str) -> dict[str, Any]:
    response = api.get(order_id)
    if response.status != OK:
        raise problem(response)
    return dict(response.body)
