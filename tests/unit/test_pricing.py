"""Orders are priced from the catalogue."""

import pytest

from handlers.api.requests import PlaceOrder, RequestedItem
from handlers.contract.money import Money, OrderLine
from handlers.contract.names import OrderStatus
from handlers.domain.errors import UnknownProducts
from handlers.domain.pricing import Offer, pending_order

ORDER_ID = "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"
AT = "2026-11-22T15:14:31.123Z"


def request(**quantities: int) -> PlaceOrder:
    return PlaceOrder(
        customer_id="cust-17850",
        customer_email="ada@example.com",
        payment_method="pm_card_visa",
        items=tuple(
            RequestedItem(product_id=product, quantity=quantity) for product, quantity in quantities.items()
        ),
        request_hash="0" * 64,
    )


def offers(**unit_prices: int) -> dict[str, Offer]:
    return {product: Offer(unit_price=price) for product, price in unit_prices.items()}


def test_the_total_is_the_sum_of_quantity_times_price() -> None:
    order = pending_order(request(A=6, B=2), offers(A=255, B=1099), order_id=ORDER_ID, currency="EUR", at=AT)

    assert order.total == Money(amount=3728, currency="EUR")
    assert order.items == (
        OrderLine(product_id="A", quantity=6, unit_price=255),
        OrderLine(product_id="B", quantity=2, unit_price=1099),
    )


def test_a_priced_order_is_pending_from_the_current_time() -> None:
    order = pending_order(request(A=1), offers(A=0), order_id=ORDER_ID, currency="USD", at=AT)

    assert (order.status, order.reason, order.execution) == (OrderStatus.PENDING, None, None)
    assert (order.created_at, order.updated_at) == (AT, AT)


def test_amounts_of_any_size_are_exact() -> None:
    order = pending_order(request(A=10_000), offers(A=10**20 + 1), order_id=ORDER_ID, currency="USD", at=AT)

    assert order.total.amount == 10**24 + 10_000


def test_every_unknown_product_is_named_with_its_position() -> None:
    with pytest.raises(UnknownProducts) as refused:
        pending_order(request(A=1, B=1, C=1), offers(B=1), order_id=ORDER_ID, currency="USD", at=AT)

    assert refused.value.product_ids == {0: "A", 2: "C"}


def test_an_order_knows_the_counters_of_its_split_products_only() -> None:
    catalogue = {"A": Offer(unit_price=1, counters=10), "B": Offer(unit_price=1)}

    order = pending_order(request(A=1, B=1), catalogue, order_id=ORDER_ID, currency="USD", at=AT)

    assert order.counters == {"A": 10}
