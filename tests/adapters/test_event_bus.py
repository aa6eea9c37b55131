"""Events match their published schemas, and a failed event raises an error."""

import json
from collections.abc import Iterator

import pytest
from botocore.stub import Stubber
from jsonschema import Draft4Validator
from moto import mock_aws

from handlers.adapters.event_bus import EventBus
from handlers.contract.events import order_placed
from handlers.contract.money import Money, OrderLine
from handlers.contract.names import DetailType, OrderStatus
from handlers.domain.errors import DependencyUnavailable
from handlers.domain.order import Order
from tests.moto_clients import client
from tests.orders_api import BusListener
from tests.schemas import event_schema

PLACED = Order(
    order_id="6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11",
    customer_id="cust-17850",
    customer_email="ada@example.com",
    payment_method="pm_card_visa",
    status=OrderStatus.PENDING,
    items=(OrderLine(product_id="85123A", quantity=6, unit_price=255),),
    total=Money(amount=1530, currency="USD"),
    created_at="2026-11-22T15:14:31.123Z",
    updated_at="2026-11-22T15:14:31.123Z",
    request_hash="ab" * 32,
)


@pytest.fixture
def stubber() -> Iterator[Stubber]:
    with Stubber(client("events")) as stubber:
        yield stubber


@mock_aws
def test_an_event_on_the_bus_matches_its_published_schema() -> None:
    bus = BusListener.on("ecommerce")

    EventBus(client("events"), "ecommerce").emit(order_placed(PLACED))

    (event,) = bus.received()
    assert (event["source"], event["detail-type"]) == ("ecommerce.orders", "OrderPlaced")
    assert event["detail"] == {
        "orderId": PLACED.order_id,
        "customerId": "cust-17850",
        "items": [{"productId": "85123A", "quantity": 6, "unitPrice": 255}],
        "total": {"amount": 1530, "currency": "USD"},
    }
    Draft4Validator(event_schema(event["detail-type"])).validate(event["detail"])


def test_an_event_has_neither_the_address_nor_the_token() -> None:
    printed = json.dumps(order_placed(PLACED).detail)

    assert PLACED.customer_email not in printed
    assert PLACED.payment_method not in printed


@pytest.mark.parametrize("detail_type", [*DetailType])
def test_the_schema_of_every_event_allows_no_personal_data(detail_type: DetailType) -> None:
    schema = event_schema(detail_type)

    Draft4Validator.check_schema(schema)
    assert schema["title"] == detail_type
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == set(schema["properties"]) >= {"orderId", "customerId"}


def test_a_failed_entry_raises_an_error(stubber: Stubber) -> None:
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "again"}]}
    stubber.add_response("put_events", refused)

    with pytest.raises(DependencyUnavailable, match="event bus: InternalFailure"):
        EventBus(stubber.client, "ecommerce").emit(order_placed(PLACED))


def test_a_throttled_bus_is_unavailable(stubber: Stubber) -> None:
    stubber.add_client_error("put_events", "ThrottlingException")

    with pytest.raises(DependencyUnavailable, match="event bus: ThrottlingException"):
        EventBus(stubber.client, "ecommerce").emit(order_placed(PLACED))
