"""Lost events and killed executions, which the sweeper settles, and events that could not be delivered.

Only on an emulator: elsewhere the sweeper waits for minutes, and a change of a rule takes a moment.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from handlers.contract.clock import rfc3339, utc_now
from handlers.contract.names import OpenKind, open_key
from orderctl.deployed_workflow import function_of, payload_of, states
from orderctl.stack import Stack
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.operator_steps import kinds, orderctl, parked, place, statuses, wait_until_parked
from tests.deployed.subscribers import Subscriber
from tests.dynamodb_items import to_item

DEAD_EXECUTION = "arn:aws:states:us-east-1:000000000000:express:OrderWorkflow:killed"

# More than needed, so that no order is held on a busy machine.
MAX_ATTEMPTS = 50

Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture
def quick_sweeps(local_stack: Stack) -> Iterator[None]:
    """Make orders overdue after two seconds, for the deployed schedule and sweeper."""
    changes = {"SWEEP_AFTER_SECONDS": "2", "SWEEP_MAX_ATTEMPTS": str(MAX_ATTEMPTS)}
    before = _configure_sweeper(local_stack, changes)
    yield
    _configure_sweeper(local_stack, before)


def _configure_sweeper(stack: Stack, changes: Mapping[str, str]) -> dict[str, str]:
    """Change variables of the deployed sweeper, and return its variables from before."""
    functions = stack.client("lambda")
    (name,) = (
        each["FunctionName"]
        for each in functions.list_functions()["Functions"]
        if each["Handler"] == "handlers.sweeper.handler"
    )
    variables: dict[str, str] = functions.get_function_configuration(FunctionName=name)["Environment"][
        "Variables"
    ]
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**variables, **changes}}
    )
    functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    return variables


@contextmanager
def rule_target(stack: Stack, change: Change | None) -> Iterator[None]:
    """Change the target of the OrderPlaced rule; None removes it."""
    events = stack.client("events")
    (rule,) = (
        each["Name"]
        for each in events.list_rules(EventBusName=stack.bus_name)["Rules"]
        if "OrderPlaced" in each.get("EventPattern", "")
    )
    of_rule = {"Rule": rule, "EventBusName": stack.bus_name}
    (target,) = events.list_targets_by_rule(**of_rule)["Targets"]
    if change:
        events.put_targets(**of_rule, Targets=[change(target)])
    else:
        events.remove_targets(**of_rule, Ids=[target["Id"]])
    try:
        yield
    finally:
        events.put_targets(**of_rule, Targets=[target])


@pytest.mark.usefixtures("quick_sweeps")
def test_the_sweeper_settles_an_order_whose_event_was_lost(shop: DeployedShop) -> None:
    product = shop.sell(available=100)
    with rule_target(shop.stack, None):
        order_ids = place(shop, product, 3)
        lost = statuses(shop, order_ids)

    shop.wait_until_not_pending(*order_ids)

    assert lost == {("PENDING", None)}
    assert statuses(shop, order_ids) == {("CONFIRMED", None)}
    assert all(shop.records(order_id)["ORDER"]["attempts"] for order_id in order_ids)
    assert shop.available(product) == 97


@pytest.mark.usefixtures("quick_sweeps")
def test_the_sweeper_settles_an_order_whose_execution_was_killed_after_its_first_step(
    shop: DeployedShop,
) -> None:
    product = shop.sell(available=100)
    with rule_target(shop.stack, None):
        (order_id,) = place(shop, product)
        _reserve(shop.stack, order_id, f"{DEAD_EXECUTION}:1")
        reserved = shop.available(product)

    shop.wait_until_not_pending(order_id)

    assert reserved == 99
    assert statuses(shop, [order_id]) == {("CONFIRMED", None)}
    assert shop.available(product) == 99


@pytest.mark.usefixtures("quick_sweeps")
def test_the_sweeper_completes_an_order_whose_execution_was_killed_after_the_settlement(
    shop: DeployedShop, notifications: Subscriber, events: Subscriber
) -> None:
    with rule_target(shop.stack, None):
        (order_id,) = place(shop, shop.sell())
        _settle(shop.stack, order_id, f"{DEAD_EXECUTION}:2")
        settled = statuses(shop, [order_id])
        announced = _types(events.received_of(order_id))

    notified = kinds(notifications.wait_for(order_id, count=2))
    shop.wait_until_closed(order_id)

    assert settled == {("CONFIRMED", None)}
    assert "OrderConfirmed" not in announced
    assert sorted(notified) == ["confirmed", "received"]
    assert "OrderConfirmed" in _types(events.received_of(order_id))
    assert statuses(shop, [order_id]) == {("CONFIRMED", None)}
    assert shop.records(order_id)["ORDER"]["executionArn"] != f"{DEAD_EXECUTION}:2"


def _types(events: list[dict[str, Any]]) -> list[str]:
    return [event["detail-type"] for event in events]


def _settle(stack: Stack, order_id: str, execution_arn: str) -> None:
    """Make the calls of an execution up to ConfirmOrder."""
    _reserve(stack, order_id, execution_arn)
    assert _invoked(stack, "AuthorizePayment", order_id, execution_arn) == {"status": "AUTHORIZED"}
    assert _invoked(stack, "CapturePayment", order_id, execution_arn) == {"status": "CAPTURED"}
    confirm = _states(stack)["ConfirmOrder"]["Parameters"]
    now = utc_now()
    replaced = {
        ":now": rfc3339(now),
        ":execution": execution_arn,
        ":started": rfc3339(now),
        ":openKey": open_key(OpenKind.IN_PROGRESS, rfc3339(now)),
    }
    constant = {
        name: value for name, value in confirm["ExpressionAttributeValues"].items() if name not in replaced
    }
    stack.client("dynamodb").update_item(
        **{
            **confirm,
            "Key": to_item({"orderId": order_id, "record": "ORDER"}),
            "ExpressionAttributeValues": constant | to_item(replaced),
        }
    )


def _reserve(stack: Stack, order_id: str, execution_arn: str) -> None:
    """Make the first call of an execution."""
    assert _invoked(stack, "ReserveInventory", order_id, execution_arn) == {"status": "RESERVED"}


def _invoked(stack: Stack, state: str, order_id: str, execution_arn: str) -> Any:
    """Invoke the function of a state as an execution does."""
    invoked = _states(stack)[state]
    response = stack.client("lambda").invoke(
        FunctionName=function_of(invoked),
        Payload=json.dumps(
            {
                "operation": payload_of(invoked)["operation"],
                "orderId": order_id,
                "executionArn": execution_arn,
            }
        ),
    )
    return json.loads(response["Payload"].read())


def _states(stack: Stack) -> dict[str, Any]:
    """Return the states of the deployed workflow, including those of its branches."""
    machine = stack.client("stepfunctions").describe_state_machine(stateMachineArn=stack.state_machine_arn)
    return dict(states(json.loads(machine["definition"])))


@pytest.mark.usefixtures("quick_sweeps")
def test_an_order_without_attempts_left_is_held_until_an_operator_redrives_it(shop: DeployedShop) -> None:
    with rule_target(shop.stack, None):
        (order_id,) = place(shop, shop.sell())
        _set_attempts(shop.stack, order_id, MAX_ATTEMPTS)
        shop.wait_until_not_pending(order_id)
        held = statuses(shop, [order_id])
        listed = orderctl("dlq", "list").stdout

    orderctl("dlq", "redrive", "--order", order_id)
    shop.wait_until_not_pending(order_id)

    assert held == {("ON_HOLD", "workflow")}
    assert order_id in listed
    assert statuses(shop, [order_id]) == {("CONFIRMED", None)}


def _set_attempts(stack: Stack, order_id: str, attempts: int) -> None:
    stack.client("dynamodb").update_item(
        TableName=stack.orders_table,
        Key=to_item({"orderId": order_id, "record": "ORDER"}),
        UpdateExpression="SET attempts = :attempts",
        ExpressionAttributeValues=to_item({":attempts": attempts}),
    )


@pytest.fixture
def short_holds(local_stack: Stack) -> Iterator[None]:
    """Let a hold expire after a second, for the deployed schedule and sweeper."""
    before = _configure_sweeper(local_stack, {"HOLD_EXPIRES_AFTER_SECONDS": "1"})
    yield
    _configure_sweeper(local_stack, before)


def test_an_order_that_is_held_for_too_long_is_cancelled_and_its_customer_told(
    shop: DeployedShop, notifications: Subscriber, request: pytest.FixtureRequest
) -> None:
    product = shop.sell(available=100)
    order_id = shop.place({product: 6}, payment="pm_gateway_down").body["orderId"]
    shop.wait_until_not_pending(order_id)
    held = statuses(shop, [order_id])

    request.getfixturevalue("short_holds")
    shop.wait_until_closed(order_id)

    assert held == {("ON_HOLD", "payment")}
    assert statuses(shop, [order_id]) == {("CANCELLED", "HOLD_EXPIRED")}
    assert shop.available(product) == 100
    assert "cancelled" in kinds(notifications.wait_for(order_id, count=2))


def test_an_event_that_could_not_be_delivered_is_redriven(shop: DeployedShop) -> None:
    with rule_target(shop.stack, lambda target: {**target, "Arn": f"{target['Arn']}-that-is-gone"}):
        order_ids = place(shop, shop.sell(), 3)
        messages = wait_until_parked(shop.stack, order_ids, count=3)
    waiting = statuses(shop, order_ids)

    orderctl("dlq", "redrive", "delivery")
    shop.wait_until_not_pending(*order_ids)

    assert {step for _, step in messages} == {"OrderPlaced"}
    assert waiting == {("PENDING", None)}
    assert statuses(shop, order_ids) == {("CONFIRMED", None)}
    assert parked(shop.stack, set(order_ids)) == []
