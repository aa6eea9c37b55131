"""An execution that dies at any moment leaves nothing unsaid: the sweeper sees to it, nobody else must."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.model.invariants import Invariants
from tests.model.lives import (
    BASKET,
    OVERDUE,
    STOCK,
    notifications_failing,
    run_up_to,
    sweep_until_at_rest,
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
def test_what_a_dead_execution_left_undone_and_unsaid_is_made_up_for(
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
            answer = world.place(BASKET, key="k", payment_method=payment_method)
            invariants.accepted.add(answer["body"]["orderId"])
            _die_at(world, position, after=after)
            invariants.check(world)

            sweep_until_at_rest(world, invariants)

            status, announced = ENDS[payment_method]
            (of_order,) = world.orders().values()
            assert of_order["ORDER"]["status"] == status
            assert {event["detail-type"] for event in world.bus.events} == announced


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_redriven_notification_survives_the_death_of_its_execution(
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
            _die_at(world, position, after=after)
            invariants.check(world)

            sweep_until_at_rest(world, invariants)

            invariants.check_all_settled(world)
            assert [event["detail-type"] for event in world.bus.events].count("OrderConfirmed") == 1


def test_a_redriven_notification_announces_nothing_again(new_world: Callable[[], World]) -> None:
    world = with_parked_notification(new_world())
    with world.installed():
        world.redrive()
        world.run(world.start(world.bus.placed()[-1]))

        Invariants(stock=dict(STOCK)).check_all_settled(world)
        assert [event["detail-type"] for event in world.bus.events].count("OrderConfirmed") == 1


def test_who_loses_the_race_does_not_close_what_the_winner_did_not_announce(
    new_world: Callable[[], World],
) -> None:
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed():
        world.place(BASKET, key="k")
        run_up_to(world, "events:putEvents")
        world.run(world.start(world.bus.placed()[-1]))
        invariants.check(world)

        sweep_until_at_rest(world, invariants)

        invariants.check_all_settled(world)


@pytest.mark.parametrize("parked", [False, True], ids=["all told", "a message parked"])
def test_an_execution_does_not_close_what_was_reopened_meanwhile(
    new_world: Callable[[], World], *, parked: bool
) -> None:
    """Its own message may be the one that the redrive took: who comes after it has to see to that."""
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
        sweep_until_at_rest(world, invariants)
        world.redrive()
        world.run(world.start(world.bus.placed()[-1]))
        invariants.check_all_settled(world)


def test_an_execution_from_before_a_redrive_does_not_close_for_it(new_world: Callable[[], World]) -> None:
    """What a loser of the race parked, a redrive took; the loser must not take that for done."""
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed(), notifications_failing(world, "confirmed"):
        world.place(BASKET, key="k")
        loser = world.start(world.bus.placed()[-1])
        world.run(world.start(world.bus.placed()[-1]))
        while not (len(loser.waiting) == 1 and "REMOVE openShard" in str(loser.waiting[0].parameters)):
            world.perform(loser, loser.waiting[0])
        world.redrive()

        world.run(loser)
        invariants.check(world)

    with world.installed():
        sweep_until_at_rest(world, invariants)
        invariants.check_all_settled(world)


def test_an_order_whose_executions_all_die_before_its_announcement_waits_for_an_operator(
    new_world: Callable[[], World],
) -> None:
    world = new_world()
    with world.installed():
        world.place(BASKET, key="k")
        for _ in range(1 + MOST_SWEEPS):
            run_up_to(world, "events:putEvents")
            world.time += OVERDUE
            world.sweep()
        (of_order,) = world.orders().values()
        assert (of_order["ORDER"]["status"], of_order["ORDER"]["openKey"][:8]) == ("CONFIRMED", "WAITING#")

        world.redrive()
        world.run(world.start(world.bus.placed()[-1]))

        Invariants(stock=dict(STOCK)).check_all_settled(world)
        assert "OrderConfirmed" in {event["detail-type"] for event in world.bus.events}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("act", "swept"),
    [(World.sweep, 0), (World.sweep, MOST_SWEEPS - 1), (World.redrive, MOST_SWEEPS)],
    ids=["sweep", "last sweep", "redrive"],
)
def test_who_takes_up_an_unannounced_order_may_die_too(  # noqa: PLR0913  the fixtures, and three ways to die
    act: Callable[[World], Any],
    swept: int,
    *,
    after: bool,
    new_world: Callable[[], World],
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    undisturbed = _unannounced(new_world(), swept)
    with undisturbed.installed():
        undisturbed.interrupter.leave_alone()
        act(undisturbed)

    for position, call in enumerate(undisturbed.interrupter.calls):
        crash_points.append(f"{act.__name__} of an unannounced order: {call}")
        world = _unannounced(new_world(), swept)
        invariants = Invariants(stock=dict(STOCK))
        with subtests.test(call=call, position=position), world.installed():
            world.interrupter.kill(position, after=after)
            with pytest.raises(Killed):
                act(world)
            world.interrupter.leave_alone()
            world.queues.reappear()
            sweep_until_at_rest(world, invariants)
            world.redrive()
            world.run(world.start(world.bus.placed()[-1]))

            invariants.check(world)
            invariants.check_all_settled(world)
            assert "OrderConfirmed" in {event["detail-type"] for event in world.bus.events}


def _unannounced(world: World, swept: int) -> World:
    """Let an order be confirmed by an execution that dies, and so many more that took it up."""
    with world.installed():
        world.place(BASKET, key="k")
        for sweeps in range(swept + 1):
            if sweeps:
                world.sweep()
            run_up_to(world, "events:putEvents")
            world.time += OVERDUE
        if swept == MOST_SWEEPS:
            world.sweep()  # sets it aside
    return world


def _calls_of_an_execution(world: World, payment_method: str | None = None) -> list[str]:
    with world.installed():
        if payment_method:
            world.place(BASKET, key="k", payment_method=payment_method)
        else:
            world.redrive()
        world.interrupter.leave_alone()
        world.run(world.start(world.bus.placed()[-1]))
        return list(world.interrupter.calls)


def _die_at(world: World, position: int, *, after: bool) -> None:
    """Run an execution until it and the function that it waits for are gone, at that call."""
    world.interrupter.kill(position, after=after)
    execution = world.start(world.bus.placed()[-1])
    while world.interrupter.is_armed:
        world.perform(execution, execution.waiting[0])
    world.interrupter.leave_alone()
