"""An order that is held because a step is broken, and its redrive."""

import json

import pytest

from handlers.adapters.gateways.simulated import SimulatedGateway
from handlers.domain.errors import DependencyUnavailable, GatewayUnavailable, PaymentNotAuthorized
from tests.workflow.execution_history import entered_with, failures
from tests.workflow.in_process_shop import InProcessShop
from tests.workflow.interventions import raising

DOWN = raising(DependencyUnavailable("Inventory table: ThrottlingException"))
NO_RESPONSE = raising(GatewayUnavailable("no response"))

# The broken operation, the card, the reason of the hold, and the step whose message is parked.
BROKEN = [
    ("reserve", "pm_card_visa", "inventory", "ReserveInventory"),
    ("authorize", "pm_card_visa", "payment", "AuthorizePayment"),
    ("capture", "pm_card_visa", "payment", "CapturePayment"),
    ("release", "pm_card_declined", "inventory", "ReleaseInventory"),
    ("reverse", "pm_card_declined", "payment", "ReversePayment"),
]


def test_an_order_whose_gateway_is_down_is_held_and_keeps_its_stock(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3, payment_method="pm_gateway_down")

    execution = shop.process(order_id)

    order = shop.order(order_id)
    assert execution.status == "SUCCEEDED"
    assert (order["status"], order["reason"]) == ("ON_HOLD", "payment")
    assert shop.available("mug") == 7
    assert "payment" not in shop.steps(order_id)


def test_the_message_of_a_failed_payment_has_the_data_for_a_redrive(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3, payment_method="pm_gateway_down")
    event = shop.event(order_id)

    shop.process_event(event)

    (message,) = shop.all_parked()
    assert message == shop.parked("payment")[0]
    assert message.keys() == {"orderId", "step", "error", "cause", "executionArn", "event"}
    assert message["orderId"] == order_id
    assert message["step"] == "AuthorizePayment"
    assert message["error"] == "GatewayUnavailable"
    assert "is down" in json.loads(message["cause"])["errorMessage"]
    assert message["executionArn"] == shop.order(order_id)["executionArn"]
    assert message["event"] == event


@pytest.mark.parametrize(("operation", "payment_method", "reason", "step"), BROKEN)
def test_a_broken_step_holds_the_order_and_parks_one_message(
    shop: InProcessShop, operation: str, payment_method: str, reason: str, step: str
) -> None:
    order_id = shop.place(mug=3, payment_method=payment_method)
    shop.intervene(operation, DOWN)

    execution = shop.process(order_id)

    order = shop.order(order_id)
    assert execution.status == "SUCCEEDED"
    assert (order["status"], order["reason"]) == ("ON_HOLD", reason)
    assert [(message["orderId"], message["step"]) for message in shop.parked(reason)] == [(order_id, step)]
    assert len(shop.all_parked()) == 1


def test_an_order_whose_inventory_and_payment_are_both_broken_has_a_message_on_each_queue(
    shop: InProcessShop,
) -> None:
    order_id = shop.place(mug=3)
    shop.intervene("reserve", DOWN)
    shop.intervene("authorize", NO_RESPONSE)

    shop.process(order_id)

    assert shop.order(order_id)["status"] == "ON_HOLD"
    assert [message["step"] for message in shop.parked("inventory")] == ["ReserveInventory"]
    assert [message["step"] for message in shop.parked("payment")] == ["AuthorizePayment"]


def test_a_compensation_with_both_steps_broken_has_a_message_on_each_queue(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3, payment_method="pm_card_declined")
    shop.intervene("release", DOWN)
    shop.intervene("reverse", NO_RESPONSE)

    shop.process(order_id)

    assert shop.order(order_id)["status"] == "ON_HOLD"
    assert [message["step"] for message in shop.parked("inventory")] == ["ReleaseInventory"]
    assert [message["step"] for message in shop.parked("payment")] == ["ReversePayment"]


def test_a_held_order_is_announced_with_its_reason(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3, payment_method="pm_gateway_down")

    shop.process(order_id)

    detail = {"orderId": order_id, "customerId": "cust-17850", "reason": "payment"}
    assert shop.announced() == [("OrderHeld", detail)]


def test_a_held_order_is_in_the_open_orders_index_with_the_time_it_was_held(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3, payment_method="pm_gateway_down")

    shop.process(order_id)

    kind, _, since = str(shop.open_key(order_id)).partition("#")
    assert kind == "WAITING"
    assert since >= shop.order(order_id)["updatedAt"]


def test_the_customer_of_a_held_order_is_notified_only_that_it_arrived(shop: InProcessShop) -> None:
    shop.process(shop.place(mug=3, payment_method="pm_gateway_down"))

    assert shop.notified() == ["received"]


def test_the_cause_of_a_failure_is_only_in_its_message(shop: InProcessShop) -> None:
    shop.intervene("capture", NO_RESPONSE)

    execution = shop.process(shop.place(mug=3))

    assert entered_with(execution, "HoldOrder")["error"].keys() == {"messageId"}


@pytest.mark.parametrize(("operation", "payment_method", "reason", "step"), BROKEN)
def test_a_redrive_settles_a_held_order_once_the_step_works_again(
    shop: InProcessShop, operation: str, payment_method: str, reason: str, step: str
) -> None:
    order_id = shop.place(mug=3, payment_method=payment_method)
    shop.intervene(operation, DOWN)
    shop.process(order_id)
    (message,) = shop.parked(reason)
    assert message["step"] == step
    shop.interventions.clear()

    shop.process_event(message["event"])

    accepted = payment_method == "pm_card_visa"
    assert shop.order(order_id)["status"] == ("CONFIRMED" if accepted else "REJECTED")
    assert shop.available("mug") == (7 if accepted else 10)
    assert shop.open_key(order_id) is None
    assert shop.notified() == ["received", "confirmed" if accepted else "rejected"]


def test_a_confirmed_order_has_no_reason_of_an_earlier_hold(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    shop.intervene("authorize", NO_RESPONSE)
    shop.process(order_id)
    shop.interventions.clear()
    assert shop.order(order_id)["reason"] == "payment"

    shop.process(order_id)

    assert "reason" not in shop.order(order_id)


def test_a_redrive_does_not_repeat_finished_steps(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    shop.intervene("capture", NO_RESPONSE)
    shop.process(order_id)
    shop.interventions.clear()
    shop.stock("mug", 0)

    shop.process(order_id)

    assert shop.order(order_id)["status"] == "CONFIRMED"
    assert shop.available("mug") == 0


def test_a_payment_that_is_no_longer_authorized_is_not_captured_and_the_order_is_held(
    shop: InProcessShop,
) -> None:
    order_id = shop.place(mug=3)
    shop.intervene("capture", raising(PaymentNotAuthorized(order_id, "VOIDED")))

    execution = shop.process(order_id)

    assert shop.order(order_id)["status"] == "ON_HOLD"
    assert [error for error, _ in failures(execution)] == ["PaymentNotAuthorized"]


def test_an_order_whose_authorization_expired_is_refused_by_its_redrive(
    shop: InProcessShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = shop.place(mug=3)

    def gone(*_: object) -> None:
        raise PaymentNotAuthorized(order_id, "VOIDED")

    monkeypatch.setattr(SimulatedGateway, "capture", gone)
    shop.process(order_id)
    held = shop.order(order_id)["status"]
    (message,) = shop.parked("payment")

    shop.process_event(message["event"])

    order = shop.order(order_id)
    assert held == "ON_HOLD"
    assert (order["status"], order["reason"]) == ("REJECTED", "PAYMENT_DECLINED")
    assert shop.available("mug") == 10
    assert shop.notified() == ["received", "rejected"]


@pytest.mark.parametrize("order_id", ["7b5b4f0e-5c0b-4a8e-9a53-0d9d4a3c1f11", "", "no UUID\n", 7, None])
def test_an_event_that_names_no_order_fails_its_execution_and_changes_nothing(
    shop: InProcessShop, order_id: object
) -> None:
    event = shop.event(shop.place(mug=3))
    event["detail"]["orderId"] = order_id

    execution = shop.process_event(event)

    assert (execution.status, execution.error) == ("FAILED", "OrderUnknown")
    assert execution.waits == ()
    assert shop.all_parked() == []
    assert shop.records("7b5b4f0e-5c0b-4a8e-9a53-0d9d4a3c1f11") == {}
    assert shop.announced() == []
    assert shop.notified() == []


@pytest.mark.parametrize(
    ("broken", "payment_method", "detail_type"),
    [
        (None, "pm_card_visa", "OrderConfirmed"),
        (None, "pm_card_declined", "OrderRejected"),
        ("authorize", "pm_card_visa", "OrderHeld"),
    ],
)
def test_an_announcement_names_the_customer_who_is_stored_whatever_the_event_says(
    shop: InProcessShop, broken: str | None, payment_method: str, detail_type: str
) -> None:
    event = shop.event(shop.place(payment_method=payment_method, mug=3))
    event["detail"]["customerId"] = "somebody-else"
    if broken:
        shop.intervene(broken, raising(KeyError("a bug")))

    shop.process_event(event)

    ((announced, detail),) = shop.announced()
    assert (announced, detail["customerId"]) == (detail_type, "cust-17850")
