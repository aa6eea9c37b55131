"""An order that is in stock and paid."""

from tests.workflow.execution_history import entered_with
from tests.workflow.in_process_shop import PLACED_AT, InProcessShop


def test_an_order_in_stock_with_a_good_card_is_confirmed(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3, lamp=1)

    execution = shop.process(order_id)

    assert execution.status == "SUCCEEDED"
    assert shop.order(order_id)["status"] == "CONFIRMED"
    assert shop.steps(order_id) == {
        "inventory": "RESERVED",
        "payment": "CAPTURED",
        "notification#received": "SENT",
        "notification#confirmed": "SENT",
    }
    assert (shop.available("mug"), shop.available("lamp")) == (7, 9)
    assert shop.all_parked() == []


def test_a_confirmed_order_is_announced_without_its_items(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)

    shop.process(order_id)

    assert shop.announced() == [("OrderConfirmed", {"orderId": order_id, "customerId": "cust-17850"})]


def test_the_customer_is_notified_that_the_order_arrived_and_that_it_is_confirmed(
    shop: InProcessShop,
) -> None:
    shop.process(shop.place(mug=3))

    assert shop.notified() == ["received", "confirmed"]


def test_a_confirmed_order_leaves_the_open_orders_index(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    assert shop.open_key(order_id) == f"IN_PROGRESS#{PLACED_AT}"

    shop.process(order_id)

    assert shop.open_key(order_id) is None


def test_states_after_the_branches_carry_only_the_order_id_and_the_results(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)

    execution = shop.process(order_id)

    assert entered_with(execution, "OrderProcessed") == {
        "orderId": order_id,
        "inventory": "RESERVED",
        "payment": "AUTHORIZED",
        "notification": "SENT",
        "settled": {"customerId": "cust-17850"},
    }
