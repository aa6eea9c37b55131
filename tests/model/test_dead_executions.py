"""Orders whose execution is killed at any call are settled, announced and closed by the sweeper."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.model.invariants import Invariants
from tests.model.scenarios import (
    BASKET,
    OVERDUE,
    STOCK,
    notifications_failing,
    run_up_to,
    sweep_until_not_in_progress,
    with_parked_notification,
)
from tests.model.world import ENVIRONMENT, Killed, World

MOST_SWEEPS: Final = int(ENVIRONMENT["SWEEP_MAX_ATTEMPTS"])
ENDS: Final = {
    "pm_card_visa": ("CONFIRMED", {"OrderPlaced", "OrderConfirmed"}),
    "pm_card_declined": ("REJECTED", {"OrderPlaced", "OrderRejected"}),
    "pm_gateway_down": ("ON_HOLD", {"OrderPlaced", "OrderHeld"}),
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("payment_method", ENDS)
def test_the_sweeper_completes_an_order_whose_execution_was_killed(
    payment_method: str,
    *,
    after: bool,
    new_world: Callable[[], World],
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    for position, call in enumerate(_calls_of_an_execution(new_world(), payment_method)):
        crash_points.append(f"execution, {payment_method}: {call}")
        world = new_world()
        invariants = Invariants(stock=dict(STOCK))
        with subtests.test(call=call, position=position), world.installed():
            response = world.place(BASKET, key="k", payment_method=payment_method)
            invariants.accepted.add(response["body"]["orderId"])
            _kill_at(world, position, after=after)
            invariants.check(world)

            sweep_until_not_in_progress(world, invariants)

            status, announced = ENDS[payment_method]
            (records,) = world.orders().values()
            assert records["ORDER"]["status"] == status
            assert {event["detail-type"] for event in world.bus.events} == announced


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_redriven_notification_is_sent_when_its_execution_is_killed(
    *,
    after: bool,
    new_world: Callable[[], World],
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    for position, call in enumerate(_calls_of_an_execution(with_parked_notification(new_world()))):
        crash_points.append(f"redriven notification: {call}")
        world = with_parked_notification(new_world())
        invariants = Invariants(stock=dict(STOCK))
        with subtests.test(call=call, position=position), world.installed():
            world.redrive()
            _kill_at(world, position, after=after)
            invariants.check(world)

            sweep_until_not_in_progress(world, invariants)

            invariants.check_all_settled(world)
            assert [event["detail-type"] for event in world.bus.events].count("OrderConfirmed") == 1


def test_a_redriven_notification_does_not_announce_its_order_again(new_world: Callable[[], World]) -> None:
    world = with_parked_notification(new_world())
    with world.installed():
        world.redrive()
        world.run(world.start(world.bus.starting()[-1]))

        Invariants(stock=dict(STOCK)).check_all_settled(world)
        assert [event["detail-type"] for event in world.bus.events].count("OrderConfirmed") == 1


def test_an_execution_that_loses_the_race_does_not_close_an_unannounced_order(
    new_world: Callable[[], World],
) -> None:
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed():
        world.place(BASKET, key="k")
        run_up_to(world, "events:putEvents")
        world.run(world.start(world.bus.starting()[-1]))
        invariants.check(world)

        sweep_until_not_in_progress(world, invariants)

        invariants.check_all_settled(world)


@pytest.mark.parametrize("parked", [False, True], ids=["notified", "notification parked"])
def test_an_execution_does_not_close_an_order_that_was_reopened(
    new_world: Callable[[], World], *, parked: bool
) -> None:
    """The redrive may have taken this execution's own message, so a later execution must send it."""
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed(), notifications_failing(world, "confirmed" if parked else ""):
        world.place(BASKET, key="k")
        slow = run_up_to(world, "dynamodb:updateItem")  # ConfirmOrder
        world.perform(slow, slow.waiting[0])
        while not slow.waiting[0].resource.endswith("dynamodb:updateItem"):
            world.perform(slow, slow.waiting[0])
        world.time += OVERDUE
        world.sweep()
        world.redrive()

        world.run(slow)
        invariants.check(world)

    with world.installed():
        sweep_until_not_in_progress(world, invariants)
        world.redrive()
        world.run(world.start(world.bus.starting()[-1]))
        invariants.check_all_settled(world)


def test_an_execution_from_before_a_redrive_does_not_close_the_order(new_world: Callable[[], World]) -> None:
    """The redrive took the message that this execution parked, so the message is still to be sent."""
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed(), notifications_failing(world, "confirmed"):
        world.place(BASKET, key="k")
        loser = world.start(world.bus.starting()[-1])
        world.run(world.start(world.bus.starting()[-1]))
        while not (len(loser.waiting) == 1 and "REMOVE openShard" in str(loser.waiting[0].parameters)):
            world.perform(loser, loser.waiting[0])
        world.redrive()

        world.run(loser)
        invariants.check(world)

    with world.installed():
        sweep_until_not_in_progress(world, invariants)
        invariants.check_all_settled(world)


def test_an_order_that_no_execution_announces_is_left_to_an_operator(
    new_world: Callable[[], World],
) -> None:
    world = new_world()
    with world.installed():
        world.place(BASKET, key="k")
        for _ in range(1 + MOST_SWEEPS):
            run_up_to(world, "events:putEvents")
            world.time += OVERDUE
            world.sweep()
        (records,) = world.orders().values()
        assert (records["ORDER"]["status"], records["ORDER"]["openKey"][:8]) == ("CONFIRMED", "WAITING#")

        world.redrive()
        world.run(world.start(world.bus.starting()[-1]))

        Invariants(stock=dict(STOCK)).check_all_settled(world)
        assert "OrderConfirmed" in {event["detail-type"] for event in world.bus.events}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("action", "swept"),
    [(World.sweep, 0), (World.sweep, MOST_SWEEPS - 1), (World.redrive, MOST_SWEEPS)],
    ids=["sweep", "last sweep", "redrive"],
)
def test_a_killed_sweep_or_redrive_does_not_lose_an_unannounced_order(  # noqa: PLR0913  fixtures and parameters
    action: Callable[[World], Any],
    swept: int,
    *,
    after: bool,
    new_world: Callable[[], World],
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    reference = _unannounced(new_world(), swept)
    with reference.installed():
        reference.interrupter.reset()
        action(reference)

    for position, call in enumerate(reference.interrupter.calls):
        crash_points.append(f"{action.__name__} of an unannounced order: {call}")
        world = _unannounced(new_world(), swept)
        invariants = Invariants(stock=dict(STOCK))
        with subtests.test(call=call, position=position), world.installed():
            world.interrupter.kill(position, after=after)
            with pytest.raises(Killed):
                action(world)
            world.interrupter.reset()
            world.queues.reappear()
            sweep_until_not_in_progress(world, invariants)
            world.redrive()
            world.run(world.start(world.bus.starting()[-1]))

            invariants.check(world)
            invariants.check_all_settled(world)
            assert "OrderConfirmed" in {event["detail-type"] for event in world.bus.events}


def _unannounced(world: World, swept: int) -> World:
    """Return a world whose order was confirmed and not announced, and was swept so many times."""
    with world.installed():
        world.place(BASKET, key="k")
        for sweeps in range(swept + 1):
            if sweeps:
                world.sweep()
            run_up_to(world, "events:putEvents")
            world.time += OVERDUE
        if swept == MOST_SWEEPS:
            world.sweep()  # leaves it to the operator
    return world


def _calls_of_an_execution(world: World, payment_method: str | None = None) -> list[str]:
    with world.installed():
        if payment_method:
            world.place(BASKET, key="k", payment_method=payment_method)
        else:
            world.redrive()
        world.interrupter.reset()
        world.run(world.start(world.bus.starting()[-1]))
        return list(world.interrupter.calls)


def _kill_at(world: World, position: int, *, after: bool) -> None:
    """Kill an execution and its function at a call."""
    world.interrupter.kill(position, after=after)
    execution = world.start(world.bus.starting()[-1])
    while world.interrupter.is_pending:
        world.perform(execution, execution.waiting[0])
    world.interrupter.reset()
