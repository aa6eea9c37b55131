"""Partial executions, failing notifications and sweeps, for tests of one order."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final
from unittest.mock import patch

from tests.model.invariants import Invariants
from tests.model.stepper import Call, SteppedExecution
from tests.model.world import World

STOCK: Final = {"lamp": 10, "bell": 10}
BASKET: Final = {"lamp": 2, "bell": 1}
OVERDUE: Final = timedelta(seconds=400)


def with_parked_notification(world: World) -> World:
    """Confirm and close an order whose last notification fails and is parked."""
    with world.installed(), notifications_failing(world, "confirmed"):
        world.place(BASKET, key="k")
        world.run(world.start(world.bus.starting()[-1]))
        world.time += OVERDUE
    return world


@contextmanager
def notifications_failing(world: World, kind: str) -> Iterator[None]:
    """Make the topic refuse every message of this kind."""
    publish = world.topic.publish

    def refuse(**message: Any) -> Any:
        if json.loads(message["Message"])["kind"] == kind:
            raise RuntimeError("no such topic")
        return publish(**message)

    with patch.object(world.topic, "publish", refuse):
        yield


def run_up_to(world: World, task: str) -> SteppedExecution:
    """Run an execution up to its first call of this resource, and return it there."""
    execution = world.start(world.bus.starting()[-1])
    while not execution.waiting[0].resource.endswith(task):
        world.perform(execution, execution.waiting[0])
    return execution


def run_up_to_state(world: World, execution: SteppedExecution, state: str) -> Call:
    """Run an execution up to a call of this state, and return the call."""
    while True:
        for call in execution.waiting:
            if call.state == state:
                return call
        world.perform(execution, execution.waiting[0])


def run_through(world: World, execution: SteppedExecution, *states: str) -> None:
    """Make the calls of these states only."""
    for state in states:
        while calls := [call for call in execution.waiting if call.state == state]:
            world.perform(execution, calls[0])


def only_order(world: World) -> Any:
    """Return the record of the only order."""
    (records,) = world.orders().values()
    return records["ORDER"]


def announced(world: World, type_: str) -> int:
    """Count the events of this type on the bus."""
    return [event["detail-type"] for event in world.bus.events].count(type_)


def sweep_until_not_in_progress(world: World, invariants: Invariants) -> None:
    """Sweep and run the new executions, three times at most: that is enough after one killed execution."""
    for _ in range(3):
        if not only_order(world).get("openKey", "").startswith("IN_PROGRESS"):
            return
        world.time += OVERDUE
        known = len(world.bus.starting())
        world.sweep()
        for event in world.bus.starting()[known:]:
            world.run(world.start(event))
            invariants.check(world)
    assert not only_order(world).get("openKey", "").startswith("IN_PROGRESS"), (
        "the order is still in progress after three sweeps"
    )
