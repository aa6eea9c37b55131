"""The notifications of the customer, also when one fails."""

import pytest

from handlers.domain.errors import DependencyUnavailable, NotificationInProgress
from tests.workflow.in_process_shop import InProcessShop
from tests.workflow.interventions import raising

DOWN = raising(DependencyUnavailable("Notification topic: InternalError"))

KINDS = [
    ("received", 3, "NotifyReceived", "CONFIRMED"),
    ("confirmed", 3, "NotifyConfirmed", "CONFIRMED"),
    ("rejected", 11, "NotifyRejected", "REJECTED"),
]


@pytest.mark.parametrize(("kind", "quantity", "step", "status"), KINDS)
def test_a_notification_that_fails_is_parked_and_does_not_change_the_order(
    shop: InProcessShop, kind: str, quantity: int, step: str, status: str
) -> None:
    order_id = shop.place(mug=quantity)
    shop.intervene(kind, DOWN)

    execution = shop.process(order_id)

    assert execution.status == "SUCCEEDED"
    assert shop.order(order_id)["status"] == status
    (message,) = shop.all_parked()
    assert message == shop.parked("notification")[0]
    assert (message["orderId"], message["step"]) == (order_id, step)


@pytest.mark.parametrize(("kind", "quantity", "step", "status"), KINDS)
def test_a_redrive_sends_only_the_parked_notification(
    shop: InProcessShop, kind: str, quantity: int, step: str, status: str
) -> None:
    order_id = shop.place(mug=quantity)
    shop.intervene(kind, DOWN)
    shop.process(order_id)
    settled = shop.order(order_id)
    (message,) = shop.parked("notification")
    assert message["step"] == step
    shop.interventions.clear()

    shop.process_event(message["event"])

    assert shop.steps(order_id)[f"notification#{kind}"] == "SENT"
    settlement = "rejected" if status == "REJECTED" else "confirmed"
    assert sorted(shop.notified()) == sorted(["received", settlement])
    assert shop.order(order_id) == settled


def test_an_execution_waits_while_another_one_sends_the_notification(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    shop.intervene("received", raising(NotificationInProgress("another execution is sending it")), times=2)

    execution = shop.process(order_id)

    assert [wait.state for wait in execution.waits] == ["NotifyReceived"] * 2
    assert shop.all_parked() == []
