"""Executions, redrives and late writes of one order that overlap."""

from collections.abc import Callable
from contextlib import suppress
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orderctl.dlq.orders import KnownOrder, RedrivableOrders
from tests.model.invariants import Invariants
from tests.model.scenarios import (
    BASKET,
    OVERDUE,
    STOCK,
    announced,
    notifications_failing,
    only_order,
    run_through,
    run_up_to_state,
    sweep_until_not_in_progress,
    with_parked_notification,
)
from tests.model.stepper import TaskFailure
from tests.model.world import World

NewWorld = Callable[[], World]


@given(
    schedule=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=60),
    payment_method=st.sampled_from(["pm_card_visa", "pm_card_declined"]),
)
@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_overlapping_executions_announce_the_outcome_once(
    schedule: list[tuple[int, int]], payment_method: str, new_world: NewWorld
) -> None:
    world = new_world()
    with world.installed():
        world.place(BASKET, key="k", payment_method=payment_method)
        executions = [world.start(world.bus.starting()[0]) for _ in range(3)]
        for which, call in schedule:
            waiting = executions[which].waiting
            if waiting:
                world.perform(executions[which], waiting[call % len(waiting)])
        for execution in executions:
            world.run(execution)

        Invariants(stock=dict(STOCK)).check_all_settled(world)
        assert announced(world, "OrderConfirmed") + announced(world, "OrderRejected") == 1


def test_a_receipt_that_is_redriven_before_the_order_is_settled_is_sent(new_world: NewWorld) -> None:
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed():
        with notifications_failing(world, "received"):
            world.place(BASKET, key="k")
            running = world.start(world.bus.starting()[-1])
            run_through(world, running, "NotifyReceived", "ParkNotifyReceived")
        world.redrive()  # its event starts no execution
        world.run(running)
        sweep_until_not_in_progress(world, invariants)

        invariants.check_all_settled(world)


@pytest.mark.parametrize("overtaken", [True, False], ids=["during the redrive", "after the redrive"])
def test_the_redrive_of_a_held_order_continues_when_another_execution_settles_it(
    new_world: NewWorld, *, overtaken: bool
) -> None:
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed():
        with notifications_failing(world, "received"):
            world.place(BASKET, key="k")
            settling, holding = (world.start(world.bus.starting()[-1]) for _ in range(2))
            failing = run_up_to_state(world, holding, "AuthorizePayment")
            holding.respond(failing, TaskFailure(error="KeyError", cause="a bug"))
            world.run(holding)
            run_up_to_state(world, settling, "ConfirmOrder")
        resume = RedrivableOrders.resume

        def late(orders: RedrivableOrders, order: KnownOrder, letters: list[object]) -> bool:
            world.run(settling)
            return resume(orders, order, letters)  # type: ignore[arg-type]

        with patch.object(RedrivableOrders, "resume", late if overtaken else resume):
            world.redrive()  # its event starts no execution
        world.run(settling)
        sweep_until_not_in_progress(world, invariants)

        invariants.check_all_settled(world)


def test_a_rejection_keeps_its_reason_when_it_is_announced_again(new_world: NewWorld) -> None:
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed():
        world.place({"lamp": 99}, key="k", payment_method="pm_card_declined")
        killed = world.start(world.bus.starting()[-1])
        for _ in range(4):  # the reservation is recorded, and each response is lost
            call = run_up_to_state(world, killed, "ReserveInventory")
            world.invoke("Inventory", call.parameters)
            killed.respond(call, TaskFailure(error="States.Timeout", cause=""))
        run_up_to_state(world, killed, "CloseOrder")
        invariants.check(world)

        sweep_until_not_in_progress(world, invariants)

        assert {event["detail"].get("reason") for event in world.bus.events} == {None, "OUT_OF_STOCK"}


def test_a_notification_that_is_redriven_twice_does_not_announce_its_order_again(new_world: NewWorld) -> None:
    world = with_parked_notification(new_world())

    def refuse(*, Entries: list[object]) -> object:  # noqa: N803  boto3's name
        return {"Entries": [{"ErrorCode": "ThrottlingException"} for _ in Entries]}

    with world.installed():
        with patch.object(world.bus, "put_events", refuse):
            world.redrive()
        world.redrive()
        world.run(world.start(world.bus.starting()[-1]))

        Invariants(stock=dict(STOCK)).check_all_settled(world)
        assert announced(world, "OrderConfirmed") == 1


def test_a_redriven_notification_that_exceeds_its_attempts_does_not_announce_its_order_again(
    new_world: NewWorld,
) -> None:
    world = with_parked_notification(new_world())
    with world.installed():
        world.redrive()
        for _ in range(5):
            world.time += OVERDUE
            world.sweep()
        assert only_order(world)["openKey"].startswith("WAITING#")
        world.redrive()
        world.run(world.start(world.bus.starting()[-1]))

        Invariants(stock=dict(STOCK)).check_all_settled(world)
        assert announced(world, "OrderConfirmed") == 1


@pytest.mark.parametrize("state", ["ConfirmOrder", "CloseOrder"])
def test_a_late_write_does_not_open_a_closed_order(new_world: NewWorld, state: str) -> None:
    world = new_world()
    with world.installed():
        world.place(BASKET, key="k")
        execution = world.start(world.bus.starting()[-1])
        late = run_up_to_state(world, execution, state)
        execution.respond(late, TaskFailure(error="States.Timeout", cause=""))
        world.run(execution)
        with suppress(TaskFailure):
            world.service_response(late)

        Invariants(stock=dict(STOCK)).check_all_settled(world)


@pytest.mark.parametrize("service", ["Inventory", "Payment"])
def test_an_execution_that_finds_a_service_broken_does_not_hold_a_confirmed_order(
    service: str, new_world: NewWorld
) -> None:
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed():
        world.place(BASKET, key="k")
        holding = world.start(world.bus.starting()[-1])
        world.run(world.start(world.bus.starting()[-1]))
        world.broken.add(service)
        world.run(holding)
        invariants.check(world)
        world.broken.clear()

        world.redrive()

        assert only_order(world)["status"] == "CONFIRMED"
        invariants.check_all_settled(world)


def test_only_the_execution_that_held_an_order_moves_it_to_the_orders_on_hold(new_world: NewWorld) -> None:
    """Another execution does not know whether the hold was announced."""
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed():
        world.place(BASKET, key="k", payment_method="pm_gateway_down")
        slow, killed = (world.start(world.bus.starting()[-1]) for _ in range(2))
        run_up_to_state(world, slow, "LeaveToOperator")
        run_up_to_state(world, killed, "AnnounceHeld")
        world.run(slow)
        assert only_order(world)["openKey"].startswith("IN_PROGRESS#")

        sweep_until_not_in_progress(world, invariants)

        assert only_order(world)["openKey"].startswith("WAITING#")
