"""EventBridge and Express deliver at least once, so an order may have several executions."""

from threading import Thread

import pytest

from tests.workflow.in_process_shop import InProcessShop
from tests.workflow.interventions import running_before

ACCEPTED = ["reserve", "authorize", "received", "capture", "settle", "announce", "confirmed"]
REFUSED = ["reserve", "authorize", "received", "release", "reverse", "settle", "announce", "rejected"]


def _assert_confirmed_once(shop: InProcessShop, order_id: str) -> None:
    assert shop.order(order_id)["status"] == "CONFIRMED"
    assert shop.steps(order_id) == {
        "inventory": "RESERVED",
        "payment": "CAPTURED",
        "notification#received": "SENT",
        "notification#confirmed": "SENT",
    }
    assert shop.available("mug") == 7
    assert [type_ for type_, _ in shop.announced()] == ["OrderConfirmed"]
    assert sorted(shop.notified()) == ["confirmed", "received"]


def _assert_rejected_once(shop: InProcessShop, order_id: str) -> None:
    assert shop.order(order_id)["status"] == "REJECTED"
    assert shop.available("mug") == 10
    assert [type_ for type_, _ in shop.announced()] == ["OrderRejected"]
    assert sorted(shop.notified()) == ["received", "rejected"]


def test_a_repeated_event_does_not_change_a_confirmed_order(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    shop.process(order_id)
    settled = shop.records(order_id)

    again = shop.process(order_id)

    assert again.status == "SUCCEEDED"
    assert shop.records(order_id) == settled
    _assert_confirmed_once(shop, order_id)


@pytest.mark.parametrize(
    ("quantity", "payment_method"), [(11, "pm_card_visa"), (3, "pm_card_declined"), (11, "pm_card_declined")]
)
def test_a_repeated_event_does_not_change_a_rejected_order(
    shop: InProcessShop, quantity: int, payment_method: str
) -> None:
    order_id = shop.place(mug=quantity, payment_method=payment_method)
    shop.process(order_id)
    settled = shop.records(order_id)

    again = shop.process(order_id)

    assert again.status == "SUCCEEDED"
    assert shop.records(order_id) == settled
    _assert_rejected_once(shop, order_id)


@pytest.mark.parametrize("call", ACCEPTED)
def test_an_execution_that_runs_during_another_one_confirms_the_order_once(
    shop: InProcessShop, call: str
) -> None:
    order_id = shop.place(mug=3)
    shop.intervene(call, running_before(lambda: shop.process(order_id)), times=1)

    outer = shop.process(order_id)

    assert outer.status == "SUCCEEDED"
    _assert_confirmed_once(shop, order_id)


@pytest.mark.parametrize("call", REFUSED)
@pytest.mark.parametrize(("quantity", "payment_method"), [(11, "pm_card_visa"), (3, "pm_card_declined")])
def test_an_execution_that_runs_during_another_one_rejects_the_order_once(
    shop: InProcessShop, call: str, quantity: int, payment_method: str
) -> None:
    order_id = shop.place(mug=quantity, payment_method=payment_method)
    shop.intervene(call, running_before(lambda: shop.process(order_id)), times=1)

    outer = shop.process(order_id)

    assert outer.status == "SUCCEEDED"
    _assert_rejected_once(shop, order_id)


def test_concurrent_executions_reserve_the_stock_of_an_order_once(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    executions = [Thread(target=shop.process, args=[order_id]) for _ in range(3)]

    for execution in executions:
        execution.start()
    for execution in executions:
        execution.join()

    _assert_confirmed_once(shop, order_id)


def test_the_last_items_go_to_one_of_two_orders(shop: InProcessShop) -> None:
    first, second = shop.place(mug=6), shop.place(mug=6)
    shop.intervene("reserve", running_before(lambda: shop.process(second)), times=1)

    shop.process(first)

    assert shop.order(second)["status"] == "CONFIRMED"
    assert shop.order(first)["status"] == "REJECTED"
    assert shop.available("mug") == 4
