"""Orders in each state in which a customer can cancel them, for tests of one order."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from tests.model.scenarios import BASKET, OVERDUE, only_order, run_up_to_state
from tests.model.stepper import TaskFailure
from tests.model.world import ENVIRONMENT, Killed, RecoveredGateway, World

Prepare = Callable[[World], None]


def pending(world: World) -> None:
    """An execution has everything ready for the capture, and stands still."""
    world.place(BASKET, key="k")
    run_up_to_state(world, world.start(world.bus.starting()[-1]), "CapturePayment")


def captured(world: World) -> None:
    """An execution has captured the money, and died before it could confirm the order."""
    world.place(BASKET, key="k")
    run_up_to_state(world, world.start(world.bus.starting()[-1]), "ConfirmOrder")


def captured_without_record(world: World) -> None:
    """An execution has captured the money, and its function died before it could record that."""
    world.place(BASKET, key="k")
    execution = world.start(world.bus.starting()[-1])
    call = run_up_to_state(world, execution, "CapturePayment")
    world.interrupter.interrupt(1, die, after=True)
    world.perform(execution, call)
    assert world.interrupter.calls[1] == "gateway.capture"
    world.interrupter.reset()


def on_hold(world: World) -> None:
    """The payment provider was down; it works again."""
    world.place(BASKET, key="k", payment_method="pm_gateway_down")
    world.run(world.start(world.bus.starting()[-1]))
    world.gateway.decisions = RecoveredGateway()


def confirmed(world: World) -> None:
    """It is announced, and the customer is told."""
    world.place(BASKET, key="k")
    world.run(world.start(world.bus.starting()[-1]))


def confirmed_and_not_told(world: World) -> None:
    """Both the notifications and the announcement of a confirmed order are on queues."""
    world.place(BASKET, key="k")
    execution = world.start(world.bus.starting()[-1])
    world.broken.add("Notification")
    while execution.waiting:
        call = execution.waiting[0]
        if call.state == "AnnounceConfirmed":
            execution.respond(call, TaskFailure(error="EventBridge.AccessDeniedException", cause="a policy"))
        else:
            world.perform(execution, call)
    world.broken.clear()


def confirmed_and_unannounced(world: World) -> None:
    """Every execution of a confirmed order died before it announced it; the sweeper has given up."""
    world.place(BASKET, key="k")
    for _ in range(1 + int(ENVIRONMENT["SWEEP_MAX_ATTEMPTS"])):
        run_up_to_state(world, world.start(world.bus.starting()[-1]), "AnnounceConfirmed")
        world.time += OVERDUE
        world.sweep()
    assert only_order(world)["openKey"].startswith("WAITING#")


def refund_failed(world: World) -> None:
    """The order was confirmed and its refund failed; now the provider works again."""
    confirmed(world)
    world.gateway.refund_fault = "down"
    accept(world)
    world.run(world.start(world.bus.starting()[-1]))
    assert only_order(world)["status"] == "ON_HOLD"
    world.gateway.refund_fault = ""


def accept(world: World) -> None:
    """Ask the API to cancel the only order, and expect that it accepts that."""
    (order_id,) = world.orders()
    response = world.cancel(order_id, comment="wrong size")
    assert response["statusCode"] == HTTPStatus.ACCEPTED, response


def die() -> None:
    """Be killed."""
    raise Killed


STATES: Final[list[Prepare]] = [
    pending,
    captured,
    captured_without_record,
    on_hold,
    confirmed,
    confirmed_and_not_told,
    confirmed_and_unannounced,
]
WITH_REQUEST: Final[list[Prepare]] = [*STATES, refund_failed]
