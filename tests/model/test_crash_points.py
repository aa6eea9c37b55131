"""Kill every operation just before and just after each call that it makes, then repeat it."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import pytest

from tests.model.invariants import Invariants
from tests.model.lives import BASKET, OVERDUE, STOCK
from tests.model.world import ENVIRONMENT, Killed, MendedGateway, World

FIRST, OTHER = "arn:first", "arn:other"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing a Lambda does; `before` brings the order to where it is asked for."""

    name: str
    function: str
    payload_operation: str
    before: tuple[tuple[str, str], ...] = ()
    payment_method: str = "pm_card_visa"
    basket: tuple[tuple[str, int], ...] = tuple(BASKET.items())


RESERVE, AUTHORIZE = ("Inventory", "reserve"), ("Payment", "authorize")

OPERATIONS: Final = [
    Operation(name="reserve", function="Inventory", payload_operation="reserve"),
    Operation(
        name="reserve what is not there",
        function="Inventory",
        payload_operation="reserve",
        basket=(("lamp", 99),),
    ),
    Operation(name="release", function="Inventory", payload_operation="release", before=(RESERVE,)),
    Operation(name="release what was never reserved", function="Inventory", payload_operation="release"),
    Operation(name="authorize", function="Payment", payload_operation="authorize"),
    Operation(
        name="authorize a declined card",
        function="Payment",
        payload_operation="authorize",
        payment_method="pm_card_declined",
    ),
    Operation(name="capture", function="Payment", payload_operation="capture", before=(RESERVE, AUTHORIZE)),
    Operation(name="void", function="Payment", payload_operation="void", before=(AUTHORIZE,)),
    Operation(name="void what was never authorised", function="Payment", payload_operation="void"),
    Operation(name="notify received", function="Notification", payload_operation="received"),
    Operation(name="notify confirmed", function="Notification", payload_operation="confirmed"),
    Operation(name="notify rejected", function="Notification", payload_operation="rejected"),
]
KILLS: Final = [
    pytest.param(False, id="killed before the call"),
    pytest.param(True, id="killed after the call"),
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize("after", KILLS)
def test_a_killed_step_is_repeated_without_loss_or_double_effect(
    operation: Operation,
    *,
    after: bool,
    new_world: Callable[[], World],
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    undisturbed = new_world()
    with undisturbed.installed():
        order_id = placed(undisturbed, operation)
        calls = calls_of(undisturbed, lambda: ask(undisturbed, operation, order_id, FIRST))
        ask(undisturbed, operation, order_id, OTHER)
        expected = effects(undisturbed, order_id)

    for position, call in enumerate(calls):
        crash_points.append(f"{operation.name}: {call}")
        world = new_world()
        with subtests.test(call=call, position=position), world.installed():
            order_id = placed(world, operation)
            killed(world, position, lambda: ask(world, operation, order_id, FIRST), after=after)  # noqa: B023  called at once
            ask(world, operation, order_id, FIRST)
            ask(world, operation, order_id, OTHER)

            assert effects(world, order_id) == expected
            told = world.topic.published.count((order_id, operation.payload_operation))
            sent = operation.function == "Notification"
            assert sent <= told <= (2 if _sent_and_not_recorded(calls, position, after=after) else 1)


@pytest.mark.parametrize(
    ("operation", "overtaking"),
    [
        pytest.param(slower, faster, id=f"{slower.name}, overtaken by {faster.name}")
        for slower, faster in product(OPERATIONS, OPERATIONS)
        if slower.function == faster.function  # the others share no record
    ],
)
def test_a_step_that_is_overtaken_by_another_execution_keeps_the_rules(
    operation: Operation, overtaking: Operation, new_world: Callable[[], World], subtests: pytest.Subtests
) -> None:
    undisturbed = new_world()
    with undisturbed.installed():
        order_id = placed(undisturbed, operation)
        calls = calls_of(undisturbed, lambda: ask(undisturbed, operation, order_id, FIRST))

    for position, call in enumerate(calls):
        world = new_world()
        with subtests.test(call=call, position=position), world.installed():
            order_id = placed(world, operation)
            world.interrupter.interrupt(
                position,
                lambda: try_to_ask(world, overtaking, order_id, OTHER),  # noqa: B023  called at once
                after=False,
            )
            try_to_ask(world, operation, order_id, FIRST)
            world.interrupter.leave_alone()

            Invariants(stock=dict(STOCK), accepted={order_id}).check(world)


@pytest.mark.parametrize("after", KILLS)
def test_a_killed_request_is_repeated_and_places_one_order(
    *, after: bool, new_world: Callable[[], World], subtests: pytest.Subtests, crash_points: list[str]
) -> None:
    undisturbed = new_world()
    with undisturbed.installed():
        calls = calls_of(undisturbed, lambda: undisturbed.place(BASKET, key="k"))

    for position, call in enumerate(calls):
        crash_points.append(f"place: {call}")
        world = new_world()
        with subtests.test(call=call, position=position), world.installed():
            killed(world, position, lambda: world.place(BASKET, key="k"), after=after)  # noqa: B023  called at once
            answers = [world.place(BASKET, key="k"), world.place(BASKET, key="k")]

            assert [answer["statusCode"] for answer in answers] == [202, 202]
            assert len({answer["body"]["orderId"] for answer in answers} | set(world.orders())) == 1
            assert world.bus.placed()


@pytest.mark.parametrize("after", KILLS)
@pytest.mark.parametrize("payment_method", ["pm_card_visa", "pm_card_declined", "pm_gateway_down"])
def test_an_execution_whose_calls_are_killed_settles_when_its_event_comes_again(
    payment_method: str,
    *,
    after: bool,
    new_world: Callable[[], World],
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    undisturbed = new_world()
    with undisturbed.installed():
        undisturbed.place(BASKET, key="k", payment_method=payment_method)
        calls = calls_of(undisturbed, lambda: undisturbed.run(undisturbed.start(undisturbed.bus.placed()[0])))
        expected = outcome(undisturbed)

    for position, call in enumerate(calls):
        crash_points.append(f"workflow, {payment_method}: {call}")
        world = new_world()
        invariants = Invariants(stock=dict(STOCK))
        with subtests.test(call=call, position=position), world.installed():
            invariants.accepted.add(
                world.place(BASKET, key="k", payment_method=payment_method)["body"]["orderId"]
            )
            world.interrupter.kill(position, after=after)
            world.run(world.start(world.bus.placed()[0]))
            world.interrupter.leave_alone()
            invariants.check(world)
            world.run(world.start(world.bus.placed()[0]))

            invariants.check(world)
            assert outcome(world) == expected


@pytest.mark.parametrize("after", KILLS)
@pytest.mark.parametrize("repeated", ["a lost event", "a lost event, for the last time"])
def test_a_killed_sweep_is_made_up_for_by_the_next(
    repeated: str,
    *,
    after: bool,
    new_world: Callable[[], World],
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    sweeps = int(ENVIRONMENT["SWEEP_MAX_ATTEMPTS"]) if "last" in repeated else 0

    def overdue() -> World:
        world = new_world()
        with world.installed():
            world.place(BASKET, key="k")
            for _ in range(sweeps):
                world.time += OVERDUE
                world.sweep()
            world.time += OVERDUE
        return world

    undisturbed = overdue()
    with undisturbed.installed():
        calls = calls_of(undisturbed, undisturbed.sweep)
        expected = outcome(undisturbed)

    for position, call in enumerate(calls):
        crash_points.append(f"sweep of {repeated}: {call}")
        world = overdue()
        with subtests.test(call=call, position=position), world.installed():
            killed(world, position, world.sweep, after=after)
            world.time += OVERDUE
            world.sweep()
            world.sweep()

            Invariants(stock=dict(STOCK)).check(world)
            assert outcome(world) == expected
            assert expected[0] == ("ON_HOLD" if sweeps else "PENDING")
            world.redrive()
            world.run(world.start(world.bus.placed()[-1]))
            assert outcome(world)[0] == "CONFIRMED"


@pytest.mark.parametrize("after", KILLS)
def test_a_killed_redrive_is_made_up_for_by_the_next(
    *,
    after: bool,
    new_world: Callable[[], World],
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    def held() -> World:
        world = new_world()
        with world.installed():
            world.place(BASKET, key="k", payment_method="pm_gateway_down")
            world.run(world.start(world.bus.placed()[0]))
            world.gateway.decisions = MendedGateway()
        return world

    undisturbed = held()
    with undisturbed.installed():
        calls = calls_of(undisturbed, undisturbed.redrive)

    for position, call in enumerate(calls):
        crash_points.append(f"redrive: {call}")
        world = held()
        with subtests.test(call=call, position=position), world.installed():
            killed(world, position, world.redrive, after=after)
            world.queues.reappear()
            world.time += OVERDUE
            world.redrive()
            world.sweep()
            for event in world.bus.placed()[1:]:
                world.run(world.start(event))

            assert outcome(world)[0] == "CONFIRMED"
            assert world.queues.size() == 0
            assert world.gateway.ledger[world.bus.placed()[0]["detail"]["orderId"]].captured


def _sent_and_not_recorded(calls: list[str], position: int, *, after: bool) -> bool:
    """The one moment at which a notification can't but be sent again: a topic knows no idempotency key."""
    published = calls.index("sns.publish") if "sns.publish" in calls else len(calls)
    return (position == published and after) or (position == published + 1 and not after)


def placed(world: World, operation: Operation) -> str:
    """Place the operation's order and bring it to where the operation is asked for."""
    answer = world.place(dict(operation.basket), key="k", payment_method=operation.payment_method)
    order_id: str = answer["body"]["orderId"]
    for function, name in operation.before:
        world.invoke(function, {"operation": name, "orderId": order_id, "executionArn": FIRST})
    return order_id


def ask(world: World, operation: Operation, order_id: str, execution_arn: str) -> Any:
    """Ask for the operation as the state machine does."""
    payload = {"operation": operation.payload_operation, "orderId": order_id, "executionArn": execution_arn}
    return world.invoke(operation.function, payload)


def try_to_ask(world: World, operation: Operation, order_id: str, execution_arn: str) -> str:
    """Ask for the operation; return its answer or the name of its error."""
    return world.try_to_invoke(operation.function, operation.payload_operation, order_id, execution_arn)


def calls_of(world: World, act: Callable[[], Any]) -> list[str]:
    """Return the name of every call that an act makes to the outside."""
    world.interrupter.leave_alone()
    act()
    calls = list(world.interrupter.calls)
    world.interrupter.leave_alone()
    return calls


def killed(world: World, position: int, act: Callable[[], Any], *, after: bool) -> None:
    """Let an act die at its n-th call."""
    world.interrupter.kill(position, after=after)
    with pytest.raises(Killed):
        act()
    world.interrupter.leave_alone()


def effects(world: World, order_id: str) -> Any:
    """What an operation is for, without times, names and owners."""
    steps = {
        name: record["status"]
        for name, record in world.orders()[order_id].items()
        if name.startswith("STEP#")
    }
    account = world.gateway.ledger[order_id]
    return steps, world.available(), (account.authorization, account.captured, account.voided)


def outcome(world: World) -> Any:
    """How the one order of this world stands."""
    (of_order,) = world.orders().values()
    return of_order["ORDER"]["status"], of_order["ORDER"].get("reason"), world.available()
