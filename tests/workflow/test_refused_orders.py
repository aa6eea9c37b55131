"""An order that is out of stock or whose card is declined."""

import pytest

from handlers.domain.errors import DependencyUnavailable
from tests.workflow.in_process_shop import InProcessShop
from tests.workflow.interventions import raising


def test_an_order_out_of_stock_is_rejected_and_its_payment_voided(shop: InProcessShop) -> None:
    order_id = shop.place(mug=11)

    execution = shop.process(order_id)

    order = shop.order(order_id)
    assert execution.status == "SUCCEEDED"
    assert (order["status"], order["reason"]) == ("REJECTED", "OUT_OF_STOCK")
    assert shop.steps(order_id) == {
        "inventory": "OUT_OF_STOCK",
        "payment": "VOIDED",
        "notification#received": "SENT",
        "notification#rejected": "SENT",
    }
    assert shop.available("mug") == 10
    assert shop.all_parked() == []


def test_one_product_out_of_stock_leaves_the_other_products_in_stock(shop: InProcessShop) -> None:
    shop.process(shop.place(mug=11, lamp=1))

    assert shop.available("lamp") == 10


def test_a_declined_card_releases_the_stock(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3, payment_method="pm_card_declined")

    shop.process(order_id)

    order = shop.order(order_id)
    assert (order["status"], order["reason"]) == ("REJECTED", "PAYMENT_DECLINED")
    assert shop.steps(order_id) == {
        "inventory": "RELEASED",
        "payment": "DECLINED",
        "notification#received": "SENT",
        "notification#rejected": "SENT",
    }
    assert shop.available("mug") == 10


def test_an_order_out_of_stock_with_a_declined_card_is_rejected_for_the_stock(shop: InProcessShop) -> None:
    order_id = shop.place(mug=11, payment_method="pm_card_declined")

    shop.process(order_id)

    assert shop.order(order_id)["reason"] == "OUT_OF_STOCK"


@pytest.mark.parametrize(
    ("quantity", "payment_method", "reason"),
    [(11, "pm_card_visa", "OUT_OF_STOCK"), (3, "pm_card_declined", "PAYMENT_DECLINED")],
)
def test_a_rejected_order_is_announced_with_its_reason(
    shop: InProcessShop, quantity: int, payment_method: str, reason: str
) -> None:
    order_id = shop.place(mug=quantity, payment_method=payment_method)

    shop.process(order_id)

    detail = {"orderId": order_id, "customerId": "cust-17850", "reason": reason}
    assert shop.announced() == [("OrderRejected", detail)]


def test_a_rejected_order_leaves_the_open_orders_index(shop: InProcessShop) -> None:
    order_id = shop.place(mug=11)

    shop.process(order_id)

    assert shop.open_key(order_id) is None


def test_an_order_out_of_stock_is_rejected_even_when_payment_is_down(shop: InProcessShop) -> None:
    order_id = shop.place(mug=11, payment_method="pm_gateway_down")

    shop.process(order_id)

    order = shop.order(order_id)
    assert (order["status"], order["reason"]) == ("REJECTED", "OUT_OF_STOCK")
    assert shop.steps(order_id)["payment"] == "VOIDED"


def test_an_order_with_a_declined_card_is_rejected_even_when_inventory_is_down(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3, payment_method="pm_card_declined")
    shop.intervene("reserve", raising(DependencyUnavailable("Inventory table: slow")))

    shop.process(order_id)

    order = shop.order(order_id)
    assert (order["status"], order["reason"]) == ("REJECTED", "PAYMENT_DECLINED")


def test_a_late_reservation_of_a_rejected_order_takes_no_stock(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3, payment_method="pm_card_declined")
    shop.intervene("reserve", raising(DependencyUnavailable("Inventory table: slow")))
    shop.process(order_id)
    shop.interventions.clear()

    shop.process(order_id)

    assert shop.steps(order_id)["inventory"] == "RELEASED"
    assert shop.available("mug") == 10
