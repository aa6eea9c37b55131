"""A local cloud that is ended in the middle of its orders settles them all when it is back."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from devtools.local_cloud.cloud import (
    restart_local_cloud,
    start_local_cloud,
    start_server,
    stop_local_cloud,
)
from devtools.local_cloud.folder import Folder
from devtools.local_cloud.processes import ProcessGroups
from devtools.local_cloud.signals import StopSignals
from handlers.contract.fault import Fault
from orderctl.api_client import ACCEPTED, Response
from orderctl.errors import OperatorError
from orderctl.fault_switch import FaultSwitch, Service
from orderctl.settlement import read_states
from orderctl.stack import Stack
from tests.deployed.deployed_shop import DeployedShop
from tests.waiting import eventually

pytestmark = pytest.mark.xdist_group("restart")  # on a local cloud of its own

PIECES, EACH = 100, 2
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
    """A folder of its own, in which nothing runs on when the test has failed."""
    yield Folder.from_root(tmp_path)
    stop_local_cloud(Folder.from_root(tmp_path))


@pytest.fixture
def own_shop(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> DeployedShop:
    """A shop on a cloud that may be restarted; its sweeps are quick."""
    monkeypatch.setenv("ORDERCTL_SCHEDULE_MINUTE", "1")
    stack = start_local_cloud(folder, port=0, stocked=False)
    _sweep_quickly(stack)
    return DeployedShop.on(stack)


def test_orders_in_the_middle_of_their_workflow_settle_after_a_restart(
    own_shop: DeployedShop, folder: Folder
) -> None:
    stack, product = own_shop.stack, own_shop.sell(available=PIECES)
    # so that the end comes between two steps of an order, and not after its last
    payment_service = FaultSwitch(stack, Service.PAYMENT)
    payment_service.turn_on(Fault(rate=0, latency=1))
    with ThreadPoolExecutor(len(PAYMENTS)) as customers:
        # who gets no answer asks again, with the same idempotency key
        placing = {
            customer: customers.submit(
                own_shop.place, {product: EACH}, payment=payment, customer=customer, key=customer
            )
            for customer, payment in PAYMENTS.items()
        }
        eventually(lambda: len(_accepted(placing)) >= SOME, f"{SOME} accepted orders")
        accepted = _accepted(placing)

        restart_local_cloud(folder)

        interrupted = [state.order_id for state in read_states(stack, accepted) if state.status == "PENDING"]
        killed = _executions(stack, "FAILED")
        payment_service.turn_off()
    order_ids = {customer: str(answered.result().body["orderId"]) for customer, answered in placing.items()}
    own_shop.wait_until_at_rest(*order_ids.values())
    own_shop.wait_until_closed(*order_ids.values())
    eventually(lambda: not _executions(stack, "RUNNING"), "an end of every execution")
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
    assert own_shop.available(product) == PIECES - EACH * sum(
        payment == "pm_card_visa" for payment in PAYMENTS.values()
    )


def test_a_cloud_that_its_clients_would_not_find_is_not_restarted(folder: Folder, taken_port: int) -> None:
    record = json.loads(_bare_server(folder).read_text())
    folder.server_file.write_text(json.dumps({**record, "port": taken_port}))

    with pytest.raises(OperatorError, match=f"can't start again on port {taken_port}"):
        restart_local_cloud(folder)

    assert not folder.in_use()


def test_no_cloud_is_restarted_where_none_runs(folder: Folder) -> None:
    with pytest.raises(OperatorError, match="No local cloud is running"):
        restart_local_cloud(folder)


def _bare_server(folder: Folder) -> Path:
    """Start MiniStack with nothing deployed; return the file in which it introduced itself."""
    with StopSignals() as signals, folder.locked() as lock:
        start_server(ProcessGroups(signals, grace_seconds=0), folder, 0, lock)
    eventually(lambda: folder.server() is not None, "a server that introduced itself")
    return folder.server_file


def _accepted(placing: Mapping[str, Future[Response]]) -> list[str]:
    """Return the orders of those who have their answer."""
    answers = [future.result() for future in placing.values() if future.done()]
    assert {answer.status for answer in answers} <= {ACCEPTED}
    return [answer.body["orderId"] for answer in answers]


def _statuses(records: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {name: record["status"] for name, record in records.items()}


def _orders_of(shop: DeployedShop, customer: str) -> list[str]:
    return [order["orderId"] for order in shop.orders_of(customer)]


def _executions(stack: Stack, status: str) -> list[Any]:
    """Return what AWS would not list of Express executions: what became of those that have not ended well."""
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
    # A busy machine needs seconds for an order: it must be neither held nor taken up faster than that.
    changes = {"SWEEP_AFTER_SECONDS": "8", "SWEEP_MAX_ATTEMPTS": "50"}
    functions.update_function_configuration(
        FunctionName=sweeper["FunctionName"],
        Environment={"Variables": {**sweeper["Environment"]["Variables"], **changes}},
    )
