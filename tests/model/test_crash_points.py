"""Operations that are killed before or after one of their calls succeed when they are repeated."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import pytest

from tests.model.invariants import Invariants
from tests.model.scenarios import BASKET, OVERDUE, STOCK, run_up_to_state
from tests.model.world import ENVIRONMENT, Killed, RecoveredGateway, World

FIRST, OTHER = "arn:first", "arn:other"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operation of a Lambda; `before` are the operations that precede it.

    `counters` is how many the lamp has when the order is placed, when the operations before begin, and when
    this one begins.
    `is_cancelled`: the API has accepted to cancel the order just before. `within` is the state that an
    execution has come to by then.
    """

    name: str
    function: str
    payload_operation: str
    before: tuple[tuple[str, str], ...] = ()
    is_cancelled: bool = False
    within: str = ""
    payment_method: str = "pm_card_visa"
    basket: tuple[tuple[str, int], ...] = tuple(BASKET.items())
    counters: tuple[int, int, int] = (1, 1, 1)


RESERVE, AUTHORIZE, CAPTURE = ("Inventory", "reserve"), ("Payment", "authorize"), ("Payment", "capture")

OPERATIONS: Final = [
    Operation(name="reserve", function="Inventory", payload_operation="reserve"),
    Operation(
        name="reserve without stock",
        function="Inventory",
        payload_operation="reserve",
        basket=(("lamp", 99),),
    ),
    Operation(name="release", function="Inventory", payload_operation="release", before=(RESERVE,)),
    Operation(name="release without reservation", function="Inventory", payload_operation="release"),
    Operation(
        name="reserve a split product", function="Inventory", payload_operation="reserve", counters=(3, 3, 3)
    ),
    Operation(
        name="reserve from several counters",
        function="Inventory",
        payload_operation="reserve",
        basket=(("lamp", 8),),
        counters=(3, 3, 3),
    ),
    Operation(
        name="reserve a split product without stock",
        function="Inventory",
        payload_operation="reserve",
        basket=(("lamp", 11),),
        counters=(3, 3, 3),
    ),
    Operation(
        name="reserve a product that was merged",
        function="Inventory",
        payload_operation="reserve",
        basket=(("lamp", 8),),
        counters=(8, 1, 1),
    ),
    Operation(
        name="reserve a product that was split",
        function="Inventory",
        payload_operation="reserve",
        basket=(("lamp", 8),),
        counters=(1, 4, 4),
    ),
    Operation(
        name="release to several counters",
        function="Inventory",
        payload_operation="release",
        basket=(("lamp", 8),),
        counters=(4, 4, 4),
        before=(RESERVE,),
    ),
    Operation(
        name="release after a merge",
        function="Inventory",
        payload_operation="release",
        basket=(("lamp", 8),),
        counters=(4, 4, 1),
        before=(RESERVE,),
    ),
    Operation(
        name="release after a split",
        function="Inventory",
        payload_operation="release",
        counters=(1, 1, 5),
        before=(RESERVE,),
    ),
    Operation(name="authorize", function="Payment", payload_operation="authorize"),
    Operation(
        name="authorize a declined card",
        function="Payment",
        payload_operation="authorize",
        payment_method="pm_card_declined",
    ),
    Operation(name="capture", function="Payment", payload_operation="capture", before=(RESERVE, AUTHORIZE)),
    Operation(name="void", function="Payment", payload_operation="void", before=(AUTHORIZE,)),
    Operation(name="void without authorisation", function="Payment", payload_operation="void"),
    Operation(name="notify received", function="Notification", payload_operation="received"),
    Operation(
        name="notify confirmed",
        function="Notification",
        payload_operation="confirmed",
        within="NotifyConfirmed",
    ),
    Operation(
        name="notify rejected",
        function="Notification",
        payload_operation="rejected",
        within="NotifyRejected",
        payment_method="pm_card_declined",
    ),
    Operation(
        name="reverse what is held",
        function="Payment",
        payload_operation="reverse",
        before=(AUTHORIZE,),
        is_cancelled=True,
    ),
    Operation(
        name="reverse what is taken",
        function="Payment",
        payload_operation="reverse",
        before=(RESERVE, AUTHORIZE, CAPTURE),
        is_cancelled=True,
    ),
    Operation(
        name="reverse without authorisation",
        function="Payment",
        payload_operation="reverse",
        is_cancelled=True,
    ),
    Operation(
        name="notify cancelled",
        function="Notification",
        payload_operation="cancelled",
        is_cancelled=True,
        within="NotifyCancelled",
    ),
]
KILLS: Final = [
    pytest.param(False, id="killed before the call"),
    pytest.param(True, id="killed after the call"),
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize("after", KILLS)
def test_a_killed_step_takes_effect_once_when_it_is_repeated(
    operation: Operation,
    *,
    after: bool,
    new_world: Callable[[], World],
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    reference = new_world()
    with reference.installed():
        order_id = place_for(reference, operation)
        calls = calls_of(reference, lambda: invoke(reference, operation, order_id, FIRST))
        invoke(reference, operation, order_id, OTHER)
        expected = effects(reference, order_id)

    for position, call in enumerate(calls):
        crash_points.append(f"{operation.name}: {call}")
        world = new_world()
        with subtests.test(call=call, position=position), world.installed():
            order_id = place_for(world, operation)
            kill_at(world, position, lambda: invoke(world, operation, order_id, FIRST), after=after)  # noqa: B023  called at once
            invoke(world, operation, order_id, FIRST)
            invoke(world, operation, order_id, OTHER)

            assert effects(world, order_id) == expected
            published = world.topic.published.count((order_id, operation.payload_operation))
            is_notification = operation.function == "Notification"
            sent_again = _sent_and_not_recorded(calls, position, after=after)
            assert is_notification <= published <= 1 + sent_again


@pytest.mark.parametrize(
    ("operation", "overtaking"),
    [
        pytest.param(slower, faster, id=f"{slower.name}, overtaken by {faster.name}")
        for slower, faster in product(OPERATIONS, OPERATIONS)
        if slower.function == faster.function  # other operations share no record
        and (faster.within in {"", slower.within} or faster.is_cancelled)
    ],
)
def test_a_step_keeps_the_invariants_when_another_execution_overtakes_it(
    operation: Operation, overtaking: Operation, new_world: Callable[[], World], subtests: pytest.Subtests
) -> None:
    reference = new_world()
    with reference.installed():
        order_id = place_for(reference, operation)
        calls = calls_of(reference, lambda: invoke(reference, operation, order_id, FIRST))

    for position, call in enumerate(calls):
        world = new_world()
        with subtests.test(call=call, position=position), world.installed():
            order_id = place_for(world, operation)
            world.interrupter.interrupt(
                position,
                lambda: overtake(world, overtaking, order_id),  # noqa: B023  called at once
                after=False,
            )
            try_to_invoke(world, operation, order_id, FIRST)
            world.interrupter.reset()

            Invariants(stock=dict(STOCK), accepted={order_id}).check(world)


@pytest.mark.parametrize("after", KILLS)
def test_a_killed_request_places_one_order_when_it_is_repeated(
    *, after: bool, new_world: Callable[[], World], subtests: pytest.Subtests, crash_points: list[str]
) -> None:
    reference = new_world()
    with reference.installed():
        calls = calls_of(reference, lambda: reference.place(BASKET, key="k"))

    for position, call in enumerate(calls):
        crash_points.append(f"place: {call}")
        world = new_world()
        with subtests.test(call=call, position=position), world.installed():
            kill_at(world, position, lambda: world.place(BASKET, key="k"), after=after)  # noqa: B023  called at once
            responses = [world.place(BASKET, key="k"), world.place(BASKET, key="k")]

            assert [response["statusCode"] for response in responses] == [202, 202]
            assert len({response["body"]["orderId"] for response in responses} | set(world.orders())) == 1
            assert world.bus.starting()


@pytest.mark.parametrize("after", KILLS)
@pytest.mark.parametrize("payment_method", ["pm_card_visa", "pm_card_declined", "pm_gateway_down"])
def test_an_order_whose_function_is_killed_settles_when_its_event_is_delivered_again(
    payment_method: str,
    *,
    after: bool,
    new_world: Callable[[], World],
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    reference = new_world()
    with reference.installed():
        reference.place(BASKET, key="k", payment_method=payment_method)
        calls = calls_of(reference, lambda: reference.run(reference.start(reference.bus.starting()[0])))
        expected = outcome(reference)

    for position, call in enumerate(calls):
        crash_points.append(f"workflow, {payment_method}: {call}")
        world = new_world()
        invariants = Invariants(stock=dict(STOCK))
        with subtests.test(call=call, position=position), world.installed():
            invariants.accepted.add(
                world.place(BASKET, key="k", payment_method=payment_method)["body"]["orderId"]
            )
            world.interrupter.kill(position, after=after)
            world.run(world.start(world.bus.starting()[0]))
            world.interrupter.reset()
            invariants.check(world)
            world.run(world.start(world.bus.starting()[0]))

            invariants.check(world)
            assert outcome(world) == expected


@pytest.mark.parametrize("after", KILLS)
@pytest.mark.parametrize("cause", ["a lost event", "a lost event at the last attempt"])
def test_the_next_sweep_completes_a_killed_sweep(
    cause: str,
    *,
    after: bool,
    new_world: Callable[[], World],
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    sweeps = int(ENVIRONMENT["SWEEP_MAX_ATTEMPTS"]) if "last" in cause else 0

    def overdue() -> World:
        world = new_world()
        with world.installed():
            world.place(BASKET, key="k")
            for _ in range(sweeps):
                world.time += OVERDUE
                world.sweep()
            world.time += OVERDUE
        return world

    reference = overdue()
    with reference.installed():
        calls = calls_of(reference, reference.sweep)
        expected = outcome(reference)

    for position, call in enumerate(calls):
        crash_points.append(f"sweep of {cause}: {call}")
        world = overdue()
        with subtests.test(call=call, position=position), world.installed():
            kill_at(world, position, world.sweep, after=after)
            world.time += OVERDUE
            world.sweep()
            world.sweep()

            Invariants(stock=dict(STOCK)).check(world)
            assert outcome(world) == expected
            assert expected[0] == ("ON_HOLD" if sweeps else "PENDING")
            world.redrive()
            world.run(world.start(world.bus.starting()[-1]))
            assert outcome(world)[0] == "CONFIRMED"


@pytest.mark.parametrize("after", KILLS)
@pytest.mark.parametrize(
    "settled",
    [
        pytest.param(False, id="before the order is settled"),
        pytest.param(True, id="when its event has settled the order"),
    ],
)
def test_the_next_redrive_completes_a_killed_redrive(
    *,
    settled: bool,
    after: bool,
    new_world: Callable[[], World],
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    def held() -> World:
        world = new_world()
        with world.installed():
            world.place(BASKET, key="k", payment_method="pm_gateway_down")
            world.run(world.start(world.bus.starting()[0]))
            world.gateway.decisions = RecoveredGateway()
        return world

    reference = held()
    with reference.installed():
        calls = calls_of(reference, reference.redrive)

    for position, call in enumerate(calls):
        crash_points.append(f"redrive: {call}")
        world = held()
        with subtests.test(call=call, position=position), world.installed():
            kill_at(world, position, world.redrive, after=after)
            taken = 1
            if settled:
                taken = len(world.bus.starting())
                for event in world.bus.starting()[1:]:
                    world.run(world.start(event))
            was_done = outcome(world)[0] == "CONFIRMED"
            world.queues.reappear()
            world.time += OVERDUE
            world.redrive()
            world.sweep()
            assert not (was_done and world.bus.starting()[taken:])
            for event in world.bus.starting()[taken:]:
                world.run(world.start(event))

            assert outcome(world)[0] == "CONFIRMED"
            assert world.queues.size() == 0
            assert world.gateway.ledger[world.bus.starting()[0]["detail"]["orderId"]].captured


def _sent_and_not_recorded(calls: list[str], position: int, *, after: bool) -> bool:
    """Return whether the notification must be sent again: SNS has no idempotency key."""
    published = calls.index("sns.publish") if "sns.publish" in calls else len(calls)
    return (position == published and after) or (position == published + 1 and not after)


def place_for(world: World, operation: Operation) -> str:
    """Place the operation's order and run the operations before it."""
    placed, prepared, begun = operation.counters
    divide(world, placed)
    response = world.place(dict(operation.basket), key="k", payment_method=operation.payment_method)
    order_id: str = response["body"]["orderId"]
    divide(world, prepared)
    for function, name in operation.before:
        world.invoke(function, {"operation": name, "orderId": order_id, "executionArn": FIRST})
    divide(world, begun)
    if operation.is_cancelled:
        world.cancel(order_id)
    if operation.within:
        run_up_to_state(world, world.start(world.bus.starting()[-1]), operation.within)
    return order_id


def divide(world: World, counters: int) -> None:
    """Split the lamp into this many counters, if it has another number."""
    if len(world.counters()["lamp"]) != counters:
        world.split("lamp", counters)


def overtake(world: World, overtaking: Operation, order_id: str) -> None:
    """Invoke the operation for another execution; first cancel the order if it is one of a cancellation."""
    if overtaking.is_cancelled:
        world.cancel(order_id)
    try_to_invoke(world, overtaking, order_id, OTHER)


def invoke(world: World, operation: Operation, order_id: str, execution_arn: str) -> Any:
    """Invoke the operation as the state machine does."""
    payload = {"operation": operation.payload_operation, "orderId": order_id, "executionArn": execution_arn}
    return world.invoke(operation.function, payload)


def try_to_invoke(world: World, operation: Operation, order_id: str, execution_arn: str) -> str:
    """Invoke the operation; return its status or the name of its error."""
    return world.try_to_invoke(operation.function, operation.payload_operation, order_id, execution_arn)


def calls_of(world: World, action: Callable[[], Any]) -> list[str]:
    """Return the names of the service calls that an action makes."""
    world.interrupter.reset()
    action()
    calls = list(world.interrupter.calls)
    world.interrupter.reset()
    return calls


def kill_at(world: World, position: int, action: Callable[[], Any], *, after: bool) -> None:
    """Kill an action at its n-th call."""
    world.interrupter.kill(position, after=after)
    with pytest.raises(Killed):
        action()
    world.interrupter.reset()


def effects(world: World, order_id: str) -> Any:
    """Return what an operation changed, without times, names and owners."""
    steps = {
        name: record["status"]
        for name, record in world.orders()[order_id].items()
        if name.startswith("STEP#")
    }
    account = world.gateway.ledger[order_id]
    paid = account.authorization, account.captured, account.voided, account.refunded
    return steps, world.available(), paid


def outcome(world: World) -> Any:
    """Return the status and the reason of the only order, and the stock."""
    (of_order,) = world.orders().values()
    return of_order["ORDER"]["status"], of_order["ORDER"].get("reason"), world.available()
