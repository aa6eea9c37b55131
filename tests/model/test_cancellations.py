"""Cancellations that meet executions, sweeps and redrives at any call, and are killed at any call."""

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from itertools import product
from typing import Any, Final

import pytest

from tests.model.cancellation_states import (
    STATES,
    WITH_REQUEST,
    Prepare,
    accept,
    captured,
    captured_without_record,
    confirmed,
    confirmed_and_not_told,
    confirmed_and_unannounced,
    die,
    on_hold,
    refund_failed,
)
from tests.model.invariants import Invariants
from tests.model.scenarios import (
    BASKET,
    OVERDUE,
    STOCK,
    announced,
    notifications_failing,
    only_order,
    run_up_to_state,
    sweep_until_not_in_progress,
)
from tests.model.stepper import SteppedExecution
from tests.model.world import ENVIRONMENT, Killed, RecoveredGateway, World

NewWorld = Callable[[], World]

HOLD_EXPIRES: Final = int(ENVIRONMENT["HOLD_EXPIRES_AFTER_SECONDS"])
TIMES: Final = [pytest.param(False, id="before the call"), pytest.param(True, id="after the call")]


@pytest.mark.parametrize("state", WITH_REQUEST, ids=lambda state: state.__name__)
def test_a_cancelled_order_gives_everything_back_and_its_customer_is_told_so_last(
    state: Prepare, new_world: NewWorld
) -> None:
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed():
        state(world)
        was_charged = _account(world).captured
        accept(world)
        world.run(world.start(world.bus.starting()[-1]))
        world.redrive()

        invariants.check_all_settled(world)
        assert only_order(world)["status"] == "CANCELLED"
        assert world.available() == STOCK
        assert _account(world).refunded is was_charged
        assert announced(world, "OrderCancelled") == 1


@pytest.mark.parametrize(
    ("payment_method", "fault"),
    [
        pytest.param("pm_card_visa", "", id="pm_card_visa"),
        pytest.param("pm_card_visa", "down", id="pm_card_visa, refunds fail"),
        pytest.param("pm_card_visa", "pending", id="pm_card_visa, refunds take days"),
        pytest.param("pm_card_declined", "", id="pm_card_declined"),
        pytest.param("pm_gateway_down", "", id="pm_gateway_down"),
    ],
)
@pytest.mark.parametrize("goes_on", ["finished", "unfinished", "dead"])
def test_an_execution_is_cancelled_at_any_call(  # noqa: PLR0913  fixtures and parameters
    goes_on: str,
    payment_method: str,
    fault: str,
    *,
    new_world: NewWorld,
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    """The cancellation is finished at once, or the execution goes on first, or the execution dies there."""
    calls = _calls(new_world(), lambda world: _place(world, payment_method), _execute)
    for position, call in enumerate(calls):
        crash_points.append(f"cancelled at, {payment_method}: {call}")
        world, invariants = new_world(), Invariants(stock=dict(STOCK))
        with subtests.test(call=call, position=position), world.installed():
            _place(world, payment_method)
            world.gateway.refund_fault = fault
            responses: list[int] = []

            def cancel() -> None:
                responses.append(_cancel(world, invariants))  # noqa: B023  called at once
                if goes_on == "finished":
                    _execute(world)  # noqa: B023
                if goes_on == "dead":
                    raise Killed

            world.interrupter.interrupt(position, cancel, after=False)
            execution = world.start(world.bus.starting()[-1])
            while execution.waiting and not (goes_on == "dead" and not world.interrupter.is_pending):
                world.perform(execution, execution.waiting[0])
            world.interrupter.reset()
            invariants.check(world)

            sweep_until_not_in_progress(world, invariants)
            is_accepted = responses == [HTTPStatus.ACCEPTED]
            assert fault or not is_accepted or only_order(world)["status"] == "CANCELLED"
            world.gateway.refund_fault = ""
            world.gateway.decisions = RecoveredGateway()
            _finish(world, invariants)
            invariants.check_all_settled(world)
            expected = "CANCELLED" if is_accepted else _outcome(payment_method)
            assert only_order(world)["status"] == expected


@pytest.mark.parametrize("after", TIMES)
@pytest.mark.parametrize("state", WITH_REQUEST, ids=lambda state: state.__name__)
def test_a_killed_request_to_cancel_is_completed_by_the_sweeper_or_repeated(
    state: Prepare,
    *,
    after: bool,
    new_world: NewWorld,
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    calls = _calls(new_world(), state, accept)
    for (position, call), repeats in product(enumerate(calls), [False, True]):
        crash_points.append(f"request to cancel, {state.__name__}: {call}")
        world, invariants = new_world(), Invariants(stock=dict(STOCK))
        with subtests.test(call=call, position=position, repeats=repeats), world.installed():
            state(world)
            with _killed(world, position, after=after):
                accept(world)
            invariants.check(world)
            was_requested = "cancelRequestedAt" in only_order(world)
            assert was_requested is (position > 0 or after or state is refund_failed)
            if repeats:
                accept(world)
                assert world.bus.starting()[-1]["detail-type"] == "OrderCancellationRequested"
                _execute(world)
            elif was_requested and state is not refund_failed:  # that one waits for an operator
                sweep_until_not_in_progress(world, invariants)
                assert only_order(world)["status"] == "CANCELLED"

            _finish(world, invariants)
            invariants.check_all_settled(world)
            assert (only_order(world)["status"] == "CANCELLED") is (was_requested or repeats)


@pytest.mark.parametrize(
    ("after", "for_good"),
    [
        pytest.param(True, False, id="a response is lost"),
        pytest.param(False, True, id="killed for good before the call"),
        pytest.param(True, True, id="killed for good after the call"),
    ],
)
@pytest.mark.parametrize(
    "state",
    [captured_without_record, on_hold, confirmed, refund_failed],
    ids=lambda state: state.__name__,
)
def test_the_sweeper_completes_a_cancellation_whose_execution_is_killed(  # noqa: PLR0913  fixtures and parameters
    state: Prepare,
    *,
    after: bool,
    for_good: bool,
    new_world: NewWorld,
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    def requested(world: World) -> None:
        state(world)
        accept(world)

    for position, call in enumerate(_calls(new_world(), requested, _execute)):
        crash_points.append(f"cancelling execution, {state.__name__}: {call}")
        world, invariants = new_world(), Invariants(stock=dict(STOCK))
        with subtests.test(call=call, position=position), world.installed():
            requested(world)
            world.interrupter.kill(position, after=after)
            execution = world.start(world.bus.starting()[-1])
            while execution.waiting and not (for_good and not world.interrupter.is_pending):
                world.perform(execution, execution.waiting[0])
            world.interrupter.reset()
            invariants.check(world)

            _finish(world, invariants)
            invariants.check_all_settled(world)
            assert only_order(world)["status"] == "CANCELLED"


@pytest.mark.parametrize(
    "state",
    [captured, captured_without_record, on_hold, confirmed],
    ids=lambda state: state.__name__,
)
def test_two_executions_cancel_an_order_once(
    state: Prepare, new_world: NewWorld, subtests: pytest.Subtests
) -> None:
    """One of them is overtaken by the other at any call."""

    def requested(world: World) -> None:
        state(world)
        accept(world)

    for position, call in enumerate(_calls(new_world(), requested, _execute)):
        world, invariants = new_world(), Invariants(stock=dict(STOCK))
        with subtests.test(call=call, position=position), world.installed():
            requested(world)
            world.interrupter.interrupt(position, lambda: _execute(world), after=False)  # noqa: B023  called at once
            _execute(world)
            world.interrupter.reset()
            invariants.check(world)

            _finish(world, invariants)
            invariants.check_all_settled(world)
            assert announced(world, "OrderCancelled") == 1


@pytest.mark.parametrize("what", ["killed", "cancelled", "redriven", "resumed", "swept"])
def test_a_sweep_that_cancels_an_expired_hold_can_be_interrupted_at_any_call(
    what: str,
    new_world: NewWorld,
    subtests: pytest.Subtests,
    crash_points: list[str],
) -> None:
    def expired(world: World) -> None:
        on_hold(world)
        world.pass_time(HOLD_EXPIRES + 1)

    calls = _calls(new_world(), expired, World.sweep)
    for position, call in enumerate(calls):
        crash_points.append(f"expiry, {what}: {call}")
        world, invariants = new_world(), Invariants(stock=dict(STOCK))
        actions: dict[str, Callable[[], Any]] = {
            "killed": die,
            "cancelled": lambda: (_cancel(world, invariants), _execute(world)),  # noqa: B023  called at once
            "redriven": lambda: (world.redrive(), _execute(world)),  # noqa: B023
            "resumed": world.redrive,
            "swept": lambda: (world.sweep(), _execute(world)),  # noqa: B023
        }
        with subtests.test(call=call, position=position), world.installed():
            expired(world)
            world.interrupter.interrupt(position, actions[what], after=False)
            with suppress(Killed):
                world.sweep()
            world.interrupter.reset()
            invariants.check(world)

            was_resumed = what in {"redriven", "resumed"} and position <= calls.index("dynamodb.update_item")
            assert not (was_resumed and "cancelRequestedAt" in only_order(world))
            world.sweep()
            _execute(world)
            _finish(world, invariants)
            invariants.check_all_settled(world)
            assert only_order(world)["status"] == ("CONFIRMED" if was_resumed else "CANCELLED")


@pytest.mark.parametrize(
    "state",
    [on_hold, confirmed_and_not_told, confirmed_and_unannounced, refund_failed],
    ids=lambda state: state.__name__,
)
def test_a_redrive_is_overtaken_by_a_cancellation_at_any_call(
    state: Prepare, new_world: NewWorld, subtests: pytest.Subtests
) -> None:
    for position, call in enumerate(_calls(new_world(), state, World.redrive)):
        world, invariants = new_world(), Invariants(stock=dict(STOCK))
        with subtests.test(call=call, position=position), world.installed():
            state(world)
            world.interrupter.interrupt(
                position,
                lambda: (_cancel(world, invariants), _execute(world)),  # noqa: B023  called at once
                after=False,
            )
            world.redrive()
            world.interrupter.reset()
            _execute(world)

            _finish(world, invariants)
            invariants.check_all_settled(world)
            assert only_order(world)["status"] in {"CANCELLED", "CONFIRMED"}


@pytest.mark.parametrize("state", WITH_REQUEST, ids=lambda state: state.__name__)
def test_a_request_to_cancel_is_overtaken_at_any_call(
    state: Prepare, new_world: NewWorld, subtests: pytest.Subtests
) -> None:
    """By another request whose execution cancels the order, or by a redrive."""
    calls = _calls(new_world(), state, accept)
    for (position, call), redriven in product(enumerate(calls), [False, True]):
        world, invariants = new_world(), Invariants(stock=dict(STOCK))
        with subtests.test(call=call, position=position, redriven=redriven), world.installed():
            state(world)
            overtaking = World.redrive if redriven else accept
            world.interrupter.interrupt(
                position,
                lambda: (overtaking(world), _execute(world)),  # noqa: B023  called at once
                after=False,
            )
            accept(world)
            world.interrupter.reset()
            invariants.check(world)

            world.run(world.start(world.bus.starting()[-1]))
            _finish(world, invariants)
            invariants.check_all_settled(world)
            assert only_order(world)["status"] == "CANCELLED"


@pytest.mark.parametrize("broken", ["Inventory", "Payment", "Notification"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_a_cancellation_waits_for_a_broken_service_and_a_redrive_finishes_it(
    state: Prepare, broken: str, new_world: NewWorld
) -> None:
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed():
        state(world)
        world.broken.add(broken)
        accept(world)
        _execute(world)
        invariants.check(world)
        assert only_order(world)["status"] == ("CANCELLED" if broken == "Notification" else "ON_HOLD")
        assert world.queues.size() > 0

        world.broken.clear()
        world.redrive()
        _execute(world)
        world.redrive()

        invariants.check_all_settled(world)
        assert only_order(world)["status"] == "CANCELLED"
        assert announced(world, "OrderCancelled") == 1


@pytest.mark.parametrize("is_cancelled", [False, True], ids=["requested", "cancelled"])
def test_an_execution_that_comes_too_late_charges_nothing_and_parks_nothing(
    new_world: NewWorld, *, is_cancelled: bool
) -> None:
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed():
        _place(world, "pm_card_visa")
        late = world.start(world.bus.starting()[-1])
        run_up_to_state(world, late, "CapturePayment")
        accept(world)
        if is_cancelled:
            _execute(world)
        world.run(late)
        invariants.check(world)

        assert not _account(world).captured
        assert world.queues.size() == 0
        assert late.status == "SUCCEEDED"


def test_an_order_that_is_cancelled_before_its_execution_takes_nothing(new_world: NewWorld) -> None:
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed():
        _place(world, "pm_card_visa")
        accept(world)
        world.interrupter.reset()
        _execute(world)

        invariants.check_all_settled(world)
        assert _account(world).authorization is None
        assert "dynamodb.transact_write_items" not in world.interrupter.calls


def test_a_cancellation_that_no_execution_finishes_is_left_to_an_operator(new_world: NewWorld) -> None:
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed():
        confirmed(world)
        accept(world)
        for _ in range(2 + int(ENVIRONMENT["SWEEP_MAX_ATTEMPTS"])):
            world.time += OVERDUE
            world.sweep()
            invariants.check(world)
        assert (only_order(world)["status"], only_order(world)["openKey"][:8]) == ("ON_HOLD", "WAITING#")

        world.redrive()
        _execute(world)

        invariants.check_all_settled(world)
        assert only_order(world)["status"] == "CANCELLED"


def test_a_cancelled_order_that_is_redriven_stays_as_it_is(new_world: NewWorld) -> None:
    world, invariants = new_world(), Invariants(stock=dict(STOCK))
    with world.installed():
        with notifications_failing(world, "confirmed"):
            confirmed(world)
        world.time += OVERDUE  # the claim of the notification that failed has expired
        accept(world)
        _execute(world)
        before = only_order(world)
        known = len(world.bus.events)
        assert world.queues.size() == 1

        world.redrive()

        invariants.check_all_settled(world)
        assert only_order(world) == before
        assert len(world.bus.events) == known


def _cancel(world: World, invariants: Invariants) -> int:
    (order_id,) = world.orders()
    response = world.cancel(order_id)
    if response["statusCode"] == HTTPStatus.ACCEPTED:
        invariants.cancelled.add(order_id)
    return int(response["statusCode"])


def _place(world: World, payment_method: str) -> None:
    world.place(BASKET, key="k", payment_method=payment_method)


def _execute(world: World) -> SteppedExecution:
    """Run an execution for the newest event."""
    return world.run(world.start(world.bus.starting()[-1]))


def _finish(world: World, invariants: Invariants) -> None:
    """Let the sweeper and an operator do what is left."""
    sweep_until_not_in_progress(world, invariants)
    world.queues.reappear()
    for _ in range(2):
        if world.queues.size() == 0 and "openKey" not in only_order(world):
            return
        known = len(world.bus.starting())
        world.redrive()
        for event in world.bus.starting()[known:]:
            world.run(world.start(event))
            invariants.check(world)
    sweep_until_not_in_progress(world, invariants)


def _account(world: World) -> Any:
    (order_id,) = world.orders()
    return world.gateway.ledger[order_id]


def _outcome(payment_method: str) -> str:
    return "REJECTED" if payment_method == "pm_card_declined" else "CONFIRMED"


def _calls(world: World, prepare: Prepare, action: Callable[[World], Any]) -> list[str]:
    """Return the names of the calls that an action makes."""
    with world.installed():
        prepare(world)
        world.interrupter.reset()
        action(world)
        return list(world.interrupter.calls)


def _killed(world: World, position: int, *, after: bool) -> Any:
    """Kill what is done within at its n-th call."""
    world.interrupter.kill(position, after=after)
    return pytest.raises(Killed)
