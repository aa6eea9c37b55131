"""Orders that are cancelled: by their customer, or by an operator."""

from collections.abc import Callable

from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.operator_steps import (
    kinds,
    orderctl,
    outage,
    parked,
    place,
    statuses,
    wait_until_parked,
)
from tests.deployed.subscribers import Subscriber
from tests.waiting import eventually


def _wait_until(shop: DeployedShop, order_id: str, status: str) -> None:
    def reached() -> bool:
        return bool(shop.api.get(order_id).body["status"] == status)

    eventually(reached, f"the status {status} of {order_id}")


def _steps(shop: DeployedShop, order_id: str) -> dict[str, str]:
    return {name: step["status"] for name, step in shop.api.get(order_id).body["steps"].items()}


def _announced(events: Subscriber, order_id: str) -> Callable[[], list[str]]:
    return lambda: [event["detail-type"] for event in events.received_of(order_id)]


def test_a_confirmed_order_is_refunded_and_its_stock_is_back(
    shop: DeployedShop, notifications: Subscriber, events: Subscriber
) -> None:
    product = shop.sell(available=10)
    order_id = shop.place({product: 6}).body["orderId"]
    shop.wait_until_closed(order_id)

    requested = shop.api.cancel(order_id)
    _wait_until(shop, order_id, "CANCELLED")
    shop.wait_until_closed(order_id)
    again = shop.api.cancel(order_id)

    assert (requested.status, again.status) == (202, 202)
    assert requested.body["cancellation"] == again.body["cancellation"]
    assert (again.body["status"], again.body["reason"]) == ("CANCELLED", "CUSTOMER")
    assert _steps(shop, order_id) == {"inventory": "RELEASED", "payment": "REFUNDED", "notification": "SENT"}
    assert shop.available(product) == 10
    assert sorted(kinds(notifications.wait_for(order_id, count=3))) == ["cancelled", "confirmed", "received"]
    assert _announced(events, order_id)().count("OrderCancelled") == 1


def test_an_order_in_flight_is_cancelled_without_a_word_after_it(
    shop: DeployedShop, notifications: Subscriber
) -> None:
    product = shop.sell(available=10)
    order_id = shop.place({product: 6}).body["orderId"]

    requested = shop.api.cancel(order_id)
    if requested.status == 409:
        # It was confirmed before, and is still being announced.
        assert requested.headers["Retry-After"]
        shop.wait_until_closed(order_id)
        requested = shop.api.cancel(order_id)
    _wait_until(shop, order_id, "CANCELLED")
    shop.wait_until_closed(order_id)

    assert requested.status == 202
    assert _steps(shop, order_id)["payment"] in {"VOIDED", "REFUNDED"}
    assert shop.available(product) == 10
    eventually(lambda: "cancelled" in kinds(notifications.received_of(order_id)), "the last notification")
    assert kinds(notifications.received_of(order_id)).count("cancelled") == 1


def test_a_refund_that_can_not_be_made_waits_for_a_redrive(shop: DeployedShop) -> None:
    product = shop.sell(available=10)
    (order_id,) = place(shop, product)
    shop.wait_until_closed(order_id)
    with outage("payment"):
        shop.api.cancel(order_id)
        _wait_until(shop, order_id, "ON_HOLD")
        messages = wait_until_parked(shop.stack, [order_id], count=2)
    held = statuses(shop, [order_id])

    orderctl("dlq", "redrive", "--order", order_id)
    _wait_until(shop, order_id, "CANCELLED")

    assert sorted(step for _, step in messages) == ["AuthorizePayment", "ReversePayment"]
    assert held == {("ON_HOLD", "payment")}
    assert _steps(shop, order_id)["payment"] == "REFUNDED"
    assert shop.available(product) == 10
    assert parked(shop.stack, {order_id}) == []


def test_an_operator_cancels_a_held_order_and_a_redrive_removes_its_message(shop: DeployedShop) -> None:
    product = shop.sell(available=10)
    order_id = shop.place({product: 6}, payment="pm_gateway_down").body["orderId"]
    shop.wait_until_not_pending(order_id)
    wait_until_parked(shop.stack, [order_id], count=1)

    orderctl("cancel", order_id, "--reason", "the customer called", "--wait")
    shop.wait_until_closed(order_id)
    redriven = orderctl("dlq", "redrive", "--order", order_id).stdout

    shown = shop.api.get(order_id).body
    assert (shown["status"], shown["reason"]) == ("CANCELLED", "OPERATOR")
    assert shown["cancellation"]["comment"] == "the customer called"
    assert "0 orders emitted again, 1 message deleted" in redriven
    assert shop.available(product) == 10
    assert parked(shop.stack, {order_id}) == []


def test_a_rejected_order_can_not_be_cancelled(shop: DeployedShop) -> None:
    order_id = shop.place({shop.sell(): 1}, payment="pm_card_declined").body["orderId"]
    shop.wait_until_closed(order_id)

    refused = shop.api.cancel(order_id)

    assert (refused.status, refused.body["type"]) == (409, "urn:problem-type:ecommerce:not-cancellable")
    assert statuses(shop, [order_id]) == {("REJECTED", "PAYMENT_DECLINED")}
