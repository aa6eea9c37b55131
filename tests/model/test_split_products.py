"""Splits and merges of a product, killed at each call, and orders that come between two of their calls."""

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.contract.stock_counters import counter_id
from tests.model.invariants import Invariants
from tests.model.scenarios import STOCK
from tests.model.test_crash_points import FIRST, KILLS, OTHER, calls_of, kill_at
from tests.model.world import World

NewWorld = Callable[[], World]

CHANGES: Final = [
    pytest.param(1, 3, id="split"),
    pytest.param(3, 1, id="merge"),
    pytest.param(2, 5, id="more counters"),
    pytest.param(5, 2, id="fewer counters"),
    pytest.param(3, 3, id="even out"),
]


def reserved(world: World, quantity: int, *, key: str = "k") -> str:
    """Place an order of lamps and reserve it."""
    order_id: str = world.place({"lamp": quantity}, key=key)["body"]["orderId"]
    world.try_to_invoke("Inventory", "reserve", order_id, FIRST)
    return order_id


def divided(world: World, counters: int) -> None:
    """Split the lamp, and sell unevenly."""
    if counters > 1:
        world.split("lamp", counters)
    reserved(world, 2, key="first")


def world_with_all_stock_in_one_counter(new_world: NewWorld, full: int) -> World:
    """Make a world whose lamp is in three counters, and only this one is not empty."""
    world = new_world()
    with world.installed():
        world.split("lamp", 3)
        for number in range(3):
            world.dynamodb.update_item(
                TableName="Inventory",
                Key={"productId": {"S": counter_id("lamp", number)}},
                UpdateExpression="SET available = :available",
                ExpressionAttributeValues={":available": {"N": str(STOCK["lamp"] * (number == full))}},
            )
    return world


@pytest.mark.parametrize(("before", "into"), CHANGES)
@pytest.mark.parametrize("after", KILLS)
def test_a_killed_split_keeps_the_stock_and_is_completed_by_the_next_one(  # noqa: PLR0913  two parameters and four fixtures
    before: int,
    into: int,
    *,
    after: bool,
    new_world: NewWorld,
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    reference = new_world()
    with reference.installed():
        divided(reference, before)
        calls = calls_of(reference, lambda: reference.split("lamp", into))
        expected = reference.counters()["lamp"]

    for position, call in enumerate(calls):
        crash_points.append(f"split {before} to {into}: {call}")
        world = new_world()
        with subtests.test(call=call, position=position), world.installed():
            divided(world, before)
            kill_at(world, position, lambda: world.split("lamp", into), after=after)  # noqa: B023  called at once
            Invariants(stock=dict(STOCK)).check(world)
            world.split("lamp", into)

            Invariants(stock=dict(STOCK)).check(world)
            assert sorted(world.counters()["lamp"].values()) == sorted(expected.values())
            assert max(expected.values()) - min(expected.values()) <= 1


@pytest.mark.parametrize(("before", "into"), CHANGES)
@pytest.mark.parametrize("quantity", [1, 3, 8])
@pytest.mark.parametrize("operation", ["reserve", "release"])
def test_an_order_between_two_calls_of_a_split_gets_its_stock(  # noqa: PLR0913  as above
    *, before: int, into: int, quantity: int, operation: str, new_world: NewWorld, subtests: pytest.Subtests
) -> None:
    def world_with_order() -> tuple[World, str]:
        world = new_world()
        with world.installed():
            divided(world, before)
            order_id = world.place({"lamp": quantity}, key="k")["body"]["orderId"]
            if operation == "release":
                world.try_to_invoke("Inventory", "reserve", order_id, FIRST)
        return world, order_id

    reference, _ = world_with_order()
    with reference.installed():
        calls = calls_of(reference, lambda: reference.split("lamp", into))

    for position, call in enumerate(calls):
        world, order_id = world_with_order()
        with subtests.test(call=call, position=position), world.installed():
            status: list[str] = []
            world.interrupter.interrupt(
                position,
                lambda: status.append(world.try_to_invoke("Inventory", operation, order_id, OTHER)),  # noqa: B023
                after=False,
            )
            world.split("lamp", into)

            assert status == [{"reserve": "RESERVED", "release": "RELEASED"}[operation]]
            assert len(world.counters()["lamp"]) == into
            Invariants(stock=dict(STOCK)).check(world)


@pytest.mark.parametrize("into", [1, 2, 3, 5])
@pytest.mark.parametrize("full", [0, 1, 2])
@pytest.mark.parametrize("operation", ["reserve", "release"])
def test_a_split_between_two_calls_of_an_order_refuses_and_loses_nothing(
    *, into: int, full: int, operation: str, new_world: NewWorld, subtests: pytest.Subtests
) -> None:
    def world_with_order() -> tuple[World, str]:
        world = world_with_all_stock_in_one_counter(new_world, full)
        with world.installed():
            order_id = world.place({"lamp": 8}, key="k")["body"]["orderId"]
            if operation == "release":
                world.try_to_invoke("Inventory", "reserve", order_id, FIRST)
        return world, order_id

    reference, order_id = world_with_order()
    with reference.installed():
        calls = calls_of(reference, lambda: reference.try_to_invoke("Inventory", operation, order_id, OTHER))

    # Whoever reads the counters one after the other makes more calls.
    for position in range(len(calls) + 2):
        world, order_id = world_with_order()
        with subtests.test(position=position), world.installed():
            world.interrupter.interrupt(position, lambda: world.split("lamp", into), after=False)  # noqa: B023  called at once
            status = world.try_to_invoke("Inventory", operation, order_id, OTHER)
            world.interrupter.reset()

            assert status == {"reserve": "RESERVED", "release": "RELEASED"}[operation]
            Invariants(stock=dict(STOCK)).check(world)


@pytest.mark.parametrize("into", [1, 2, 3, 5])
def test_a_split_moves_nothing_that_an_order_has_just_taken(
    into: int, new_world: NewWorld, subtests: pytest.Subtests
) -> None:
    reference = world_with_all_stock_in_one_counter(new_world, 2)
    with reference.installed():
        calls = calls_of(reference, lambda: reference.split("lamp", into))

    for position, call in enumerate(calls):
        world = world_with_all_stock_in_one_counter(new_world, 2)
        with subtests.test(call=call, position=position), world.installed():
            world.interrupter.interrupt(position, lambda: reserved(world, 9), after=False)  # noqa: B023  called at once
            world.split("lamp", into)

            assert len(world.counters()["lamp"]) == into
            assert world.available()["lamp"] == 1
            Invariants(stock=dict(STOCK)).check(world)


@given(
    counters=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    quantities=st.lists(st.integers(1, 4), min_size=1, max_size=12),
    released=st.sets(st.integers(0, 11)),
)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_is_split_and_merged_exactly_the_stock_is_sold(
    counters: list[int], quantities: list[int], released: set[int], new_world: NewWorld
) -> None:
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed():
        left = STOCK["lamp"]
        for number, quantity in enumerate(quantities):
            order_id = world.place({"lamp": quantity}, key=str(number))["body"]["orderId"]
            world.split("lamp", counters[number % len(counters)])
            status = world.try_to_invoke("Inventory", "reserve", order_id, FIRST)
            assert status == ("RESERVED" if quantity <= left else "OUT_OF_STOCK")
            left -= quantity if status == "RESERVED" else 0
            if number in released and status == "RESERVED":
                world.split("lamp", counters[-1 - number % len(counters)])
                for execution in (FIRST, OTHER):
                    assert world.try_to_invoke("Inventory", "release", order_id, execution) == "RELEASED"
                left += quantity
            invariants.check(world)
            assert world.available()["lamp"] == left
