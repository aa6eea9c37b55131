"""What an operator sees of an order while an execution works on it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from handlers.contract.fault import Fault
from orderctl.fault_switch import FaultSwitch, Service
from orderctl.stack import Stack
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.operator_steps import orderctl
from tests.waiting import eventually


@pytest.mark.usefixtures("_broken_and_slow_payments")
def test_an_order_that_is_retrying_shows_its_states_and_attempts_so_far(
    shop: DeployedShop, product: str
) -> None:
    order_id = str(shop.place({product: 1}).body["orderId"])

    traced = eventually(lambda: _retrying(order_id), "a failed attempt of an execution that runs")
    shown = eventually(lambda: _running(order_id), "an execution that runs")
    (ended,) = shop.ended_executions(order_id)

    (execution,) = traced["executions"]
    states = {state["name"]: state for state in execution["states"]}
    assert traced["goesOn"]
    assert {"ReserveInventory", "AuthorizePayment"} <= states.keys()
    assert states["AuthorizePayment"]["exitedAt"] is None
    assert states["AuthorizePayment"]["attempts"][0]["error"] == "GatewayUnavailable"
    assert "goes on in AuthorizePayment (" in shown["explanation"]
    assert execution["arn"] == ended.arn
    assert states.keys() < {state.name for state in ended.states}


@pytest.fixture
def _broken_and_slow_payments(local_stack: Stack) -> Iterator[None]:
    """Payments fail, each after two seconds: an order retries for a while."""
    switch = FaultSwitch(local_stack, Service.PAYMENT)
    switch.turn_on(Fault(rate=1, latency=2))
    yield
    switch.turn_off()


def _retrying(order_id: str) -> dict[str, Any]:
    traced: dict[str, Any] = json.loads(orderctl("trace", order_id, "--json").stdout)
    failed = [
        attempt
        for execution in traced["executions"]
        for state in execution["states"]
        for attempt in state["attempts"]
        if attempt["error"]
    ]
    return traced if failed else {}


def _running(order_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(orderctl("show", order_id, "--json").stdout)
    return shown if [each for each in shown["executions"] if each["ending"] == "RUNNING"] else {}
