"""A local cloud that is restarted during orders settles all of them."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from devtools.local_cloud.cdk_deploy import STACK_NAME
from devtools.local_cloud.cloud import (
    restart_local_cloud,
    start_local_cloud,
    stop_local_cloud,
)
from devtools.local_cloud.folder import Folder
from devtools.local_cloud.processes import ProcessGroups
from devtools.local_cloud.server_process import start_server
from devtools.local_cloud.signals import StopSignals
from handlers.contract.fault import Fault
from orderctl.api_client import ACCEPTED, Response
from orderctl.errors import OperatorError
from orderctl.fault_switch import FaultSwitch, Service
from orderctl.settlement import read_states
from orderctl.stack import Stack
from tests.deployed.deployed_shop import DeployedShop
from tests.waiting import eventually

STOCK, EACH = 100, 2
SOME = 4
PAYMENTS = {
    f"cust-{number}": "pm_card_declined" if number % 4 == 0 else "pm_card_visa" for number in range(12)
}
BOUGHT = {
    "ORDER": "CONFIRMED",
    "STEP#inventory": "RESERVED",
    "STEP#payment": "CAPTURED",
    "STEP#notification#received": "SENT",
    "STEP#notification#confirmed": "SENT",
}
DECLINED = {
    "ORDER": "REJECTED",
    "STEP#inventory": "RELEASED",
    "STEP#payment": "DECLINED",
    "STEP#notification#received": "SENT",
    "STEP#notification#rejected": "SENT",
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """A folder for one test; its processes are stopped even when the test fails."""
    yield Folder.from_root(tmp_path)
    stop_local_cloud(Folder.from_root(tmp_path))


@pytest.fixture
def own_shop(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> DeployedShop:
    """A shop on its own local cloud with frequent sweeps."""
    monkeypatch.setenv("ORDERCTL_SCHEDULE_MINUTE", "1")
    stack = start_local_cloud(folder, port=0, stocked=False)
    _sweep_quickly(stack)
    return DeployedShop.on(stack, STACK_NAME)


def test_orders_with_a_running_workflow_settle_after_a_restart(
    own_shop: DeployedShop, folder: Folder
) -> None:
    stack, product = own_shop.stack, own_shop.sell(available=STOCK)
    # slow payments, so that the restart comes between two steps of an order
    payment_service = FaultSwitch(stack, Service.PAYMENT)
    payment_service.turn_on(Fault(rate=0, latency=1))
    with ThreadPoolExecutor(len(PAYMENTS)) as customers:
        # a client without a response retries with the same idempotency key
        placing = {
            customer: customers.submit(
                own_shop.place, {product: EACH}, payment=payment, customer=customer, key=customer
            )
            for customer, payment in PAYMENTS.items()
        }
        eventually(lambda: len(_accepted(placing)) >= SOME, f"one of {SOME} accepted orders")
        accepted = _accepted(placing)

        restart_local_cloud(folder)

        interrupted = [state.order_id for state in read_states(stack, accepted) if state.status == "PENDING"]
        killed = _executions(stack, "FAILED")
        payment_service.turn_off()
    order_ids = {customer: str(future.result().body["orderId"]) for customer, future in placing.items()}
    own_shop.wait_until_not_pending(*order_ids.values())
    own_shop.wait_until_closed(*order_ids.values())
    eventually(lambda: not _executions(stack, "RUNNING"), "the end of every execution")
    records = {customer: own_shop.records(order_id) for customer, order_id in order_ids.items()}

    assert interrupted
    assert killed
    assert all(own_shop.records(order_id)["ORDER"]["attempts"] for order_id in interrupted)
    assert {customer: _statuses(found) for customer, found in records.items()} == {
        customer: DECLINED if payment == "pm_card_declined" else BOUGHT
        for customer, payment in PAYMENTS.items()
    }
    assert {customer: _orders_of(own_shop, customer) for customer in PAYMENTS} == {
        customer: [order_id] for customer, order_id in order_ids.items()
    }
    assert own_shop.available(product) == STOCK - EACH * sum(
        payment == "pm_card_visa" for payment in PAYMENTS.values()
    )


def test_a_local_cloud_whose_port_is_taken_is_not_restarted(folder: Folder, taken_port: int) -> None:
    record = json.loads(_start_empty_server(folder).read_text())
    folder.server_file.write_text(json.dumps({**record, "port": taken_port}))

    with pytest.raises(OperatorError, match=f"can't start again on port {taken_port}"):
        restart_local_cloud(folder)

    assert not folder.in_use()


def test_a_restart_without_a_local_cloud_is_refused(folder: Folder) -> None:
    with pytest.raises(OperatorError, match="No local cloud is running"):
        restart_local_cloud(folder)


def _start_empty_server(folder: Folder) -> Path:
    """Start MiniStack without the app; return the file with its record."""
    with StopSignals() as signals, folder.locked() as lock:
        start_server(ProcessGroups(signals, grace_seconds=0), folder, 0, lock)
    eventually(lambda: folder.server() is not None, "the record of the server")
    return folder.server_file


def _accepted(placing: Mapping[str, Future[Response]]) -> list[str]:
    """Return the orders whose request has a response."""
    responses = [future.result() for future in placing.values() if future.done()]
    assert {response.status for response in responses} <= {ACCEPTED}
    return [response.body["orderId"] for response in responses]


def _statuses(records: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {name: record["status"] for name, record in records.items()}


def _orders_of(shop: DeployedShop, customer: str) -> list[str]:
    return [order["orderId"] for order in shop.orders_of(customer)]


def _executions(stack: Stack, status: str) -> list[Any]:
    """Return running or failed executions; MiniStack lists Express executions, unlike AWS."""
    return list(
        stack.client("stepfunctions").list_executions(
            stateMachineArn=stack.state_machine_arn, statusFilter=status
        )["executions"]
    )


def _sweep_quickly(stack: Stack) -> None:
    functions = stack.client("lambda")
    (sweeper,) = (
        each
        for each in functions.list_functions()["Functions"]
        if each["Handler"] == "handlers.sweeper.handler"
    )
    # On a busy machine an order takes seconds; it must not be swept earlier, and not be held.
    changes = {"SWEEP_AFTER_SECONDS": "8", "SWEEP_MAX_ATTEMPTS": "50"}
    functions.update_function_configuration(
        FunctionName=sweeper["FunctionName"],
        Environment={"Variables": {**sweeper["Environment"]["Variables"], **changes}},
    )
