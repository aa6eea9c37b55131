"""What the last release left behind meets the code of today: inputs of tasks, records, events, dead letters.

The rule is in docs/operations.md, "When a running system changes".
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from devtools.asl.definition import read_definition
from handlers.adapters.orders_table import OrdersTable
from handlers.api.representation import full
from orderctl.deployed_workflow import function_of, states
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.orders import KnownOrder
from orderctl.dlq.verdict import Verdict, verdict
from tests.moto_clients import client
from tests.workflow import release
from tests.workflow.deployment import Deployment
from tests.workflow.in_process_shop import InProcessShop
from tests.workflow.release import Ending, KeptOrder, Release, TaskInput, invoke, resume

LAST: Final = Release.read()
_OTHER_EXECUTION: Final = "arn:aws:states:us-east-1:123456789012:express:OrderWorkflow:of:the-last-release"

each_order = pytest.mark.parametrize("order", LAST.orders, ids=lambda order: order.name)


@each_order
def test_the_functions_respond_to_the_last_release_with_what_it_knows(
    shop: InProcessShop, order: KeptOrder
) -> None:
    unknown = [_unknown_response(shop, order, task) for task in LAST.tasks]

    assert list(filter(None, unknown)) == []


@each_order
def test_the_workflow_brings_an_order_of_the_last_release_to_the_same_end(
    shop: InProcessShop, order: KeptOrder
) -> None:
    order.store(shop)

    resume(shop, order)

    assert Ending.of(shop, order.order_id) == order.ending


@each_order
def test_the_workflow_accepts_the_event_of_the_last_release(shop: InProcessShop, order: KeptOrder) -> None:
    order.store(shop)

    execution = shop.process_event(order.event)

    assert execution.status == "SUCCEEDED"
    assert shop.all_parked() == []


@each_order
def test_the_api_shows_an_order_of_the_last_release(shop: InProcessShop, order: KeptOrder) -> None:
    order.store(shop)
    table = OrdersTable(client("dynamodb"), shop.deployment.tables.orders)

    shown = full(*table.read_order_with_steps(order.order_id), None)

    assert (shown["orderId"], shown["status"]) == (order.order_id, _order_record(order)["status"])


@each_order
def test_a_redrive_knows_the_dead_letters_of_the_last_release(order: KeptOrder) -> None:
    known = KnownOrder.from_record(_order_record(order))

    verdicts = {verdict(message, known) for message in _dead_letters(order)}

    assert Verdict.UNKNOWN not in verdicts


def test_a_release_is_kept_and_read_again(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "_STORIES", {"payment down": release._STORIES["payment down"]})
    taken = release.take(deployment)

    taken.write(tmp_path / "release.json")

    assert Release.read(tmp_path / "release.json") == taken
    assert {task.state for task in taken.tasks} == {
        name for name, state in states(read_definition()) if function_of(state)
    }


def _unknown_response(shop: InProcessShop, order: KeptOrder, task: TaskInput) -> str | None:
    """Return a response that the definition of the last release has no rule for, with its request."""
    order.store(shop)
    payload = task.of_order(order.order_id, _OTHER_EXECUTION)
    response = invoke(shop, task, payload)
    if "errorType" in response:
        is_known = response["errorType"] == order.refused.get(task.state)
    else:
        is_known = response["status"] in task.statuses
    return None if is_known else f"{task.state} {payload}: {response}"


def _order_record(order: KeptOrder) -> Mapping[str, Any]:
    return next(record for record in order.records if record["record"] == "ORDER")


def _dead_letters(order: KeptOrder) -> list[DeadLetter]:
    return [
        DeadLetter(queue=queue, message_id="1", receipt="1", sent=datetime.now(UTC), body=body)
        for queue, bodies in order.messages.items()
        for body in bodies
    ]
