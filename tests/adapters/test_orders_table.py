"""Orders in the deployed table are stored once, read with their steps, and listed by customer."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from handlers.adapters.orders_table import OrdersTable
from handlers.contract.money import Money, OrderLine
from handlers.contract.names import OrderStatus
from handlers.domain.errors import OrderNotFound
from handlers.domain.order import Execution, Order, RecordedStep, RecordedSteps
from tests.dynamodb_items import to_item
from tests.order_tables import EXECUTION, ORDER, OrderTables

AT = "2026-11-22T15:14:31.123Z"
LATER = "2026-11-22T15:14:33.000Z"
PLACED = Order(
    order_id=ORDER,
    customer_id="cust-17850",
    customer_email="ada@example.com",
    payment_method="pm_card_visa",
    status=OrderStatus.PENDING,
    items=(
        OrderLine(product_id="85123A", quantity=6, unit_price=255),
        OrderLine(product_id="71053", quantity=1, unit_price=10**20),
    ),
    total=Money(amount=10**20 + 1530, currency="USD"),
    created_at=AT,
    updated_at=AT,
    request_hash="ab" * 32,
)
Record = Callable[..., None]


@pytest.fixture
def orders(tables: OrderTables) -> OrdersTable:
    return OrdersTable(tables.dynamodb, tables.names.orders)


@pytest.fixture
def record(tables: OrderTables) -> Record:
    """Store a record of ORDER as another service does."""

    def record(name: str, **attributes: Any) -> None:
        item = to_item({"orderId": ORDER, "record": name, **attributes})
        tables.dynamodb.put_item(TableName=tables.names.orders, Item=item)

    return record


def numbered(number: int, **changes: Any) -> Order:
    """Return order number n, placed in second n."""
    at = f"2026-11-22T15:14:{number:02}.000Z"
    return replace(PLACED, order_id=str(UUID(int=number)), created_at=at, updated_at=at, **changes)


def test_a_placed_order_can_be_read(orders: OrdersTable) -> None:
    placed_before = orders.place(PLACED)

    assert placed_before is None
    assert orders.read_order(ORDER) == PLACED


def test_an_order_is_stored_once_and_the_first_record_stays(orders: OrdersTable) -> None:
    orders.place(PLACED)

    placed_before = orders.place(replace(PLACED, total=Money(amount=1, currency="USD"), created_at=LATER))

    assert placed_before == PLACED
    assert orders.read_order(ORDER) == PLACED


def test_an_open_order_is_in_the_index_of_open_orders(tables: OrderTables, orders: OrdersTable) -> None:
    orders.place(PLACED)

    (found,) = tables.dynamodb.scan(TableName=tables.names.orders, IndexName="open-orders")["Items"]

    assert found["openShard"]["S"] in "01234567"
    assert found["openKey"]["S"] == f"IN_PROGRESS#{AT}"
    assert (found["status"]["S"], found["customerId"]["S"]) == ("PENDING", "cust-17850")


def test_an_order_that_was_never_placed_is_not_found(orders: OrdersTable) -> None:
    assert orders.find_order(ORDER) is None
    with pytest.raises(OrderNotFound):
        orders.read_order(ORDER)
    with pytest.raises(OrderNotFound):
        orders.read_order_with_steps(ORDER)


def test_steps_without_an_order_are_not_found(orders: OrdersTable, record: Record) -> None:
    record("STEP#payment", status="VOIDED", at=AT, executionArn=EXECUTION)

    with pytest.raises(OrderNotFound):
        orders.read_order_with_steps(ORDER)


def test_a_new_order_has_no_steps(orders: OrdersTable) -> None:
    orders.place(PLACED)

    assert orders.read_order_with_steps(ORDER) == (PLACED, RecordedSteps())


def test_an_order_is_read_with_its_recorded_steps(orders: OrdersTable, record: Record) -> None:
    orders.place(PLACED)
    record("STEP#inventory", status="RESERVED", at=AT, items=[{"productId": "85123A", "quantity": 6}])
    record("STEP#payment", status="CAPTURED", at=LATER, reference="pi_1")
    record("STEP#notification#received", status="SENT", at=AT, owner=EXECUTION, messageId="m1")

    _, steps = orders.read_order_with_steps(ORDER)

    assert steps == RecordedSteps(
        inventory=RecordedStep(status="RESERVED", at=AT),
        payment=RecordedStep(status="CAPTURED", at=LATER, reference="pi_1"),
        notification=RecordedStep(status="SENT", at=AT),
    )


@pytest.mark.parametrize("kind", ["confirmed", "rejected"])
def test_the_final_notification_is_shown_also_when_the_first_one_was_sent_later(
    orders: OrdersTable, record: Record, kind: str
) -> None:
    orders.place(PLACED)
    record("STEP#notification#received", status="SENT", at=LATER)
    record(f"STEP#notification#{kind}", status="SENDING", at=AT)

    _, steps = orders.read_order_with_steps(ORDER)

    assert steps.notification == RecordedStep(status="SENDING", at=AT)


def test_a_settled_order_has_its_reason_and_its_execution(tables: OrderTables, orders: OrdersTable) -> None:
    tables.place(
        {"85123A": 6},
        status="REJECTED",
        reason="OUT_OF_STOCK",
        executionArn=EXECUTION,
        executionStartedAt=LATER,
    )

    order = orders.read_order(ORDER)

    assert (order.status, order.reason) == (OrderStatus.REJECTED, "OUT_OF_STOCK")
    assert order.execution == Execution(arn=EXECUTION, started_at=LATER)


def test_the_orders_of_a_customer_are_listed_newest_first(orders: OrdersTable) -> None:
    for number in (2, 1, 3):
        orders.place(numbered(number))
    orders.place(numbered(4, customer_id="someone-else"))

    page = orders.list_of_customer("cust-17850", limit=20)

    assert [order.created_at for order in page.orders] == [numbered(n).created_at for n in (3, 2, 1)]
    assert page.next is None


def test_a_summary_has_the_fields_of_a_list(tables: OrderTables, orders: OrdersTable) -> None:
    tables.place({"85123A": 2}, status="REJECTED", reason="OUT_OF_STOCK", updatedAt=LATER)

    (order,) = orders.list_of_customer("cust-17850", limit=20).orders

    assert (order.order_id, order.status, order.reason) == (ORDER, OrderStatus.REJECTED, "OUT_OF_STOCK")
    assert (order.total, order.created_at, order.updated_at) == (Money(amount=510, currency="USD"), AT, LATER)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6])
def test_every_order_is_on_one_page_and_no_page_is_empty(orders: OrdersTable, limit: int) -> None:
    for number in range(1, 6):
        orders.place(numbered(number))

    pages = [orders.list_of_customer("cust-17850", limit=limit)]
    while pages[-1].next and len(pages) < 9:
        pages.append(orders.list_of_customer("cust-17850", limit=limit, after=pages[-1].next))

    found = [order.order_id for page in pages for order in page.orders]
    assert found == [numbered(number).order_id for number in (5, 4, 3, 2, 1)]
    assert len(pages) == -(-5 // limit)


def test_a_customer_without_orders_has_an_empty_list(orders: OrdersTable) -> None:
    page = orders.list_of_customer("nobody", limit=20)

    assert (page.orders, page.next) == ((), None)
