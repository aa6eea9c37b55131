"""An order that somebody asked to cancel, in whatever state the request meets it."""

import pytest

from handlers.domain.errors import DependencyUnavailable, GatewayUnavailable
from tests.workflow.execution_history import states
from tests.workflow.in_process_shop import InProcessShop
from tests.workflow.interventions import losing_the_response, raising, running_before

DOWN = raising(DependencyUnavailable("Inventory table: ThrottlingException"))
NO_RESPONSE = raising(GatewayUnavailable("no response"))
# After the execution started that it meets.
LATER = "2026-11-22T15:14:33.000Z"


def test_an_order_that_was_not_processed_yet_is_cancelled(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    shop.cancel(order_id)

    shop.process_cancellation(order_id)

    order = shop.order(order_id)
    assert (order["status"], order["reason"]) == ("CANCELLED", "CUSTOMER")
    assert shop.open_key(order_id) is None
    assert shop.available("mug") == 10
    assert shop.steps(order_id)["payment"] == "VOIDED"
    assert shop.notified() == ["cancelled"]
    assert shop.announced() == [
        ("OrderCancelled", {"orderId": order_id, "customerId": "cust-17850", "reason": "CUSTOMER"})
    ]


def test_a_confirmed_order_is_refunded_and_its_stock_is_back(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    shop.process(order_id)
    shop.cancel(order_id)

    shop.process_cancellation(order_id)

    assert shop.order(order_id)["status"] == "CANCELLED"
    assert shop.available("mug") == 10
    assert shop.steps(order_id)["payment"] == "REFUNDED"
    assert [type_ for type_, _ in shop.announced()] == ["OrderConfirmed", "OrderCancelled"]
    assert shop.notified() == ["received", "confirmed", "cancelled"]


def test_a_held_order_is_cancelled_without_its_broken_step(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3, payment_method="pm_gateway_down")
    shop.process(order_id)
    shop.cancel(order_id)

    shop.process_cancellation(order_id)

    assert shop.order(order_id)["status"] == "CANCELLED"
    assert shop.available("mug") == 10
    assert shop.steps(order_id)["payment"] == "VOIDED"


@pytest.mark.parametrize(("call", "queue"), [("release", "inventory"), ("reverse", "payment")])
def test_a_confirmed_order_that_can_not_be_undone_is_held_and_a_redrive_cancels_it(
    shop: InProcessShop, call: str, queue: str
) -> None:
    order_id = shop.place(mug=3)
    shop.process(order_id)
    shop.cancel(order_id)
    shop.intervene(call, NO_RESPONSE if queue == "payment" else DOWN)

    shop.process_cancellation(order_id)

    held = shop.order(order_id)
    (message,) = shop.parked(queue)
    shop.interventions.clear()
    shop.process_event(message["event"])
    assert (held["status"], held["reason"]) == ("ON_HOLD", queue)
    assert held["openKey"].startswith("WAITING#")
    assert shop.order(order_id)["status"] == "CANCELLED"
    assert (shop.available("mug"), shop.steps(order_id)["payment"]) == (10, "REFUNDED")
    assert shop.notified()[-1] == "cancelled"


@pytest.mark.parametrize("call", ["reserve", "authorize", "capture", "settle"])
def test_a_request_that_overtakes_an_execution_wins(shop: InProcessShop, call: str) -> None:
    order_id = shop.place(mug=3)
    shop.intervene(call, running_before(lambda: shop.cancel(order_id, at=LATER)), times=1)

    shop.process(order_id)
    shop.process_cancellation(order_id)

    assert shop.order(order_id)["status"] == "CANCELLED"
    assert shop.available("mug") == 10
    assert shop.steps(order_id)["payment"] == ("REFUNDED" if call == "settle" else "VOIDED")
    assert "confirmed" not in shop.notified()
    assert "OrderConfirmed" not in dict(shop.announced())


@pytest.mark.parametrize("call", ["reserve", "authorize", "received", "capture", "settle"])
def test_an_execution_that_a_cancellation_overtakes_as_a_whole_changes_nothing(
    shop: InProcessShop, call: str
) -> None:
    order_id = shop.place(mug=3)
    cancelled: list[dict[str, object]] = []

    def cancel() -> None:
        shop.cancel(order_id, at=LATER)
        shop.process_cancellation(order_id)
        cancelled.append(shop.order(order_id))

    shop.intervene(call, running_before(cancel), times=1)

    shop.process(order_id)

    assert cancelled == [shop.order(order_id)]
    assert cancelled[0]["status"] == "CANCELLED"
    assert shop.available("mug") == 10
    assert shop.steps(order_id)["payment"] in {"VOIDED", "REFUNDED"}
    assert shop.notified()[-1] == "cancelled"
    assert shop.all_parked() == []


def test_a_capture_on_its_way_is_refunded(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    shop.intervene("capture", losing_the_response)
    shop.process(order_id)
    shop.cancel(order_id)

    shop.process_cancellation(order_id)

    assert shop.order(order_id)["status"] == "CANCELLED"
    assert shop.steps(order_id)["payment"] == "REFUNDED"


def test_an_execution_that_started_before_the_request_does_not_hold_the_order(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    shop.intervene("authorize", NO_RESPONSE)
    shop.intervene("settle", running_before(lambda: shop.cancel(order_id, at=LATER)), times=1)

    execution = shop.process(order_id)

    assert states(execution)[-1] == "Overtaken"
    assert shop.order(order_id)["status"] == "PENDING"
    assert str(shop.open_key(order_id)) == f"IN_PROGRESS#{LATER}"


def test_a_cancelled_order_stays_as_it_is_when_either_event_comes_again(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    shop.process(order_id)
    shop.cancel(order_id)
    shop.process_cancellation(order_id)
    cancelled = shop.records(order_id)

    shop.process(order_id)
    shop.process_cancellation(order_id)

    assert shop.records(order_id) == cancelled
    assert shop.available("mug") == 10
    assert shop.notified().count("cancelled") == 1
    assert dict(shop.announced()).keys() == {"OrderConfirmed", "OrderCancelled"}


def test_a_cancelled_order_whose_customer_could_not_be_told_stays_cancelled(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    shop.cancel(order_id)
    shop.intervene("cancelled", DOWN)

    shop.process_cancellation(order_id)

    (message,) = shop.parked("notification")
    shop.interventions.clear()
    shop.process_event(message["event"])
    assert message["step"] == "NotifyCancelled"
    assert shop.order(order_id)["status"] == "CANCELLED"
    assert shop.notified() == ["cancelled"]


def test_an_order_that_was_refused_before_the_request_is_not_rejected(shop: InProcessShop) -> None:
    order_id = shop.place(mug=11)
    shop.intervene("settle", running_before(lambda: shop.cancel(order_id, at=LATER)), times=1)

    shop.process(order_id)
    shop.process_cancellation(order_id)

    assert shop.order(order_id)["status"] == "CANCELLED"
    assert shop.steps(order_id)["inventory"] == "OUT_OF_STOCK"
    assert [type_ for type_, _ in shop.announced()] == ["OrderCancelled"]
    assert "rejected" not in shop.notified()


def test_an_order_that_is_announced_again_was_confirmed_when_it_was_confirmed_first(
    shop: InProcessShop,
) -> None:
    order_id = shop.place(mug=3)
    shop.process(order_id)
    confirmed = shop.order(order_id)
    shop.reopen(order_id)

    shop.process(order_id)

    announced = shop.order(order_id)
    assert [type_ for type_, _ in shop.announced()] == ["OrderConfirmed", "OrderConfirmed"]
    assert announced["updatedAt"] != confirmed["updatedAt"]
    assert announced["settledAt"] == confirmed["settledAt"] == confirmed["updatedAt"]
