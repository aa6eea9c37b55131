"""Orders whose event or message can't be sent."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from handlers.domain.errors import DependencyUnavailable
from tests.workflow.in_process_shop import InProcessShop
from tests.workflow.interventions import raising, refusal, responding

DOWN = raising(DependencyUnavailable("down"))
UNREACHABLE = raising(EndpointConnectionError(endpoint_url="https://sqs"))
NOT_PUBLISHED = [
    pytest.param(raising(refusal("InternalException", 500)), id="the bus fails"),
    pytest.param(
        raising(EndpointConnectionError(endpoint_url="https://events")), id="the bus is unreachable"
    ),
    pytest.param(
        responding(lambda: {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}),
        id="the bus refuses the event",
    ),
]


@pytest.mark.parametrize("failure", NOT_PUBLISHED)
@pytest.mark.parametrize(
    ("quantity", "payment_method", "type_", "extra"),
    [
        (3, "pm_card_visa", "OrderConfirmed", {}),
        (11, "pm_card_visa", "OrderRejected", {"reason": "OUT_OF_STOCK"}),
        (3, "pm_gateway_down", "OrderHeld", {"reason": "payment"}),
    ],
)
def test_an_announcement_that_fails_is_parked_on_the_delivery_queue(  # noqa: PLR0913, PLR0917  three kinds of announcements, three failures
    shop: InProcessShop, failure: Any, quantity: int, payment_method: str, type_: str, extra: dict[str, str]
) -> None:
    order_id = shop.place(mug=quantity, payment_method=payment_method)
    shop.intervene("announce", failure)

    execution = shop.process(order_id)

    assert execution.status == "SUCCEEDED"
    assert shop.parked("delivery") == [
        {
            "source": "ecommerce.orders",
            "detail-type": type_,
            "detail": {"orderId": order_id, "customerId": "cust-17850"} | extra,
        }
    ]


def test_the_customer_of_a_confirmed_order_is_notified_even_when_the_bus_fails(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    shop.intervene("announce", raising(refusal("InternalException", 500)))

    shop.process(order_id)

    assert shop.steps(order_id)["notification#confirmed"] == "SENT"


@pytest.mark.parametrize(
    ("broken", "queue", "payment_method"),
    [
        ("reserve", "inventory", "pm_card_visa"),
        ("authorize", "payment", "pm_card_visa"),
        ("capture", "payment", "pm_card_visa"),
        ("release", "inventory", "pm_card_declined"),
        ("reverse", "payment", "pm_card_declined"),
    ],
)
def test_an_order_whose_message_can_not_be_parked_stays_pending_and_fails_the_execution(
    shop: InProcessShop, broken: str, queue: str, payment_method: str
) -> None:
    order_id = shop.place(mug=3, payment_method=payment_method)
    shop.intervene(broken, DOWN)
    shop.intervene(f"park {queue}", UNREACHABLE)

    execution = shop.process(order_id)

    assert (execution.status, execution.error) == ("FAILED", "MessageLost")
    assert shop.order(order_id)["status"] == "PENDING"
    assert shop.open_key(order_id) is not None


def test_an_order_that_was_left_pending_is_confirmed_by_the_next_execution(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    shop.intervene("authorize", DOWN)
    shop.intervene("park payment", UNREACHABLE)
    shop.process(order_id)
    shop.interventions.clear()

    shop.process(order_id)

    assert shop.order(order_id)["status"] == "CONFIRMED"
    assert shop.available("mug") == 7


def test_an_order_out_of_stock_is_rejected_even_when_the_payment_message_is_lost(shop: InProcessShop) -> None:
    order_id = shop.place(mug=11, payment_method="pm_gateway_down")
    shop.intervene("park payment", UNREACHABLE)

    execution = shop.process(order_id)

    assert execution.status == "SUCCEEDED"
    assert shop.order(order_id)["status"] == "REJECTED"


@pytest.mark.parametrize(
    ("broken", "queue", "quantity", "status"),
    [
        ("received", "notification", 3, "CONFIRMED"),
        ("confirmed", "notification", 3, "CONFIRMED"),
        ("rejected", "notification", 11, "REJECTED"),
        ("announce", "delivery", 3, "CONFIRMED"),
        ("announce", "delivery", 11, "REJECTED"),
    ],
)
def test_a_lost_notification_or_announcement_fails_the_execution_and_leaves_the_order_open(
    shop: InProcessShop, broken: str, queue: str, quantity: int, status: str
) -> None:
    order_id = shop.place(mug=quantity)
    shop.intervene(broken, UNREACHABLE)
    shop.intervene(f"park {queue}", UNREACHABLE)

    execution = shop.process(order_id)

    assert (execution.status, execution.error) == ("FAILED", "MessageLost")
    assert shop.order(order_id)["status"] == status
    assert str(shop.open_key(order_id)).startswith("IN_PROGRESS#")


def test_a_lost_announcement_of_a_held_order_fails_the_execution_and_leaves_it_in_progress(
    shop: InProcessShop,
) -> None:
    order_id = shop.place(mug=3, payment_method="pm_gateway_down")
    shop.intervene("announce", UNREACHABLE)
    shop.intervene("park delivery", UNREACHABLE)

    execution = shop.process(order_id)

    assert (execution.status, execution.error) == ("FAILED", "MessageLost")
    assert shop.order(order_id)["status"] == "ON_HOLD"
    assert str(shop.open_key(order_id)).startswith("IN_PROGRESS#")
