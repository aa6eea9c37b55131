"""Errors that no emulator gives: transaction conflicts, throttling, failures and timeouts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from botocore.stub import Stubber

from handlers.adapters import aws
from handlers.adapters.aws import translated
from handlers.adapters.inventory_table import InventoryTable
from handlers.adapters.notification_topic import NotificationTopic
from handlers.adapters.time_budget import TimeBudget
from handlers.domain.errors import DependencyUnavailable, NotificationRefused
from handlers.domain.notification import Notification, NotificationKind
from handlers.domain.reservation import InventoryStep, ReservedItem, released, reserved
from tests.moto_clients import client
from tests.order_tables import EXECUTION, ORDER

AT = "2026-11-22T15:14:31.123Z"
NONE = {"Code": "None"}
CONFLICT = {"Code": "TransactionConflict"}
CONDITION = {"Code": "ConditionalCheckFailed"}


class Invocation:
    """An invocation whose time passes only in pauses."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds
        self.pauses: list[float] = []

    @property
    def budget(self) -> TimeBudget:
        return TimeBudget(
            remaining_millis=lambda: round(self.left * 1000),
            sleep=self._sleep,
            jitter=lambda ceiling: ceiling,
        )

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.left -= seconds


@pytest.fixture
def dynamodb() -> Any:
    return client("dynamodb")


@pytest.fixture
def stub(dynamodb: Any) -> Iterator[Stubber]:
    with Stubber(dynamodb) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def inventory(dynamodb: Any) -> InventoryTable:
    return InventoryTable(dynamodb, orders_table="orders", inventory_table="inventory")


def reservation() -> InventoryStep:
    items = [ReservedItem(product_id="85123A", quantity=6), ReservedItem(product_id="71053", quantity=1)]
    return reserved(order_id=ORDER, items=items, at=AT, execution_arn=EXECUTION)


def release_record() -> InventoryStep:
    return released(order_id=ORDER, at=AT, execution_arn=EXECUTION)


def cancel(stub: Stubber, *reasons: dict[str, Any]) -> None:
    """Cancel a transaction with a reason for each action: the step's record, then the products."""
    stub.add_client_error(
        "transact_write_items",
        service_error_code="TransactionCanceledException",
        http_status_code=400,
        modeled_fields={"CancellationReasons": list(reasons)},
    )


def stored_step(status: str) -> dict[str, Any]:
    texts = {
        "orderId": ORDER,
        "record": "STEP#inventory",
        "status": status,
        "at": AT,
        "executionArn": EXECUTION,
    }
    return {name: {"S": text} for name, text in texts.items()}


def test_a_reservation_retries_a_transaction_conflict(stub: Stubber, inventory: InventoryTable) -> None:
    invocation = Invocation(seconds=8)
    cancel(stub, NONE, CONFLICT, NONE)
    cancel(stub, CONFLICT, NONE, NONE)
    stub.add_response("transact_write_items", {})

    step = inventory.reserve(reservation(), invocation.budget)

    assert step.status == "RESERVED"
    assert invocation.pauses == [0.025, 0.05]


def test_retries_end_while_there_is_time_for_the_response(stub: Stubber, inventory: InventoryTable) -> None:
    invocation = Invocation(seconds=3.2)
    for _ in range(4):
        cancel(stub, NONE, CONFLICT, NONE)

    with pytest.raises(DependencyUnavailable, match="TransactionConflict"):
        inventory.reserve(reservation(), invocation.budget)

    assert invocation.pauses == [0.025, 0.05, 0.1]
    assert invocation.left >= 3


def test_a_release_retries_a_transaction_conflict(stub: Stubber, inventory: InventoryTable) -> None:
    invocation = Invocation(seconds=8)
    held = {
        **stored_step("RESERVED"),
        "items": {"L": [{"M": {"productId": {"S": "85123A"}, "quantity": {"N": "6"}}}]},
    }
    stub.add_response("get_item", {"Item": held})
    cancel(stub, NONE, CONFLICT)
    stub.add_response("transact_write_items", {})

    assert inventory.release(release_record(), invocation.budget).status == "RELEASED"


def test_a_release_without_reservation_retries_a_transaction_conflict(
    stub: Stubber, inventory: InventoryTable
) -> None:
    invocation = Invocation(seconds=8)
    stub.add_response("get_item", {})
    stub.add_client_error("put_item", service_error_code="TransactionConflictException")
    stub.add_response("put_item", {})

    assert inventory.release(release_record(), invocation.budget).status == "RELEASED"
    assert len(invocation.pauses) == 1


def test_a_release_without_reservation_fails_when_the_time_is_over(
    stub: Stubber, inventory: InventoryTable
) -> None:
    stub.add_response("get_item", {})
    stub.add_client_error("put_item", service_error_code="TransactionConflictException")

    with pytest.raises(DependencyUnavailable):
        inventory.release(release_record(), Invocation(seconds=3).budget)


def test_a_recorded_reservation_takes_precedence_over_missing_stock(
    stub: Stubber, inventory: InventoryTable
) -> None:
    cancel(stub, {**CONDITION, "Item": stored_step("RESERVED")}, CONDITION, CONFLICT)

    assert inventory.reserve(reservation(), Invocation(seconds=8).budget).status == "RESERVED"


def test_missing_stock_takes_precedence_over_a_conflict(stub: Stubber, inventory: InventoryTable) -> None:
    cancel(stub, CONFLICT, CONDITION, NONE)
    stub.add_response("put_item", {})

    step = inventory.reserve(reservation(), Invocation(seconds=8).budget)

    assert step.status == "OUT_OF_STOCK"
    assert step.short_products == ("85123A",)


def busy(stub: Stubber, code: str = "TransactionConflict") -> None:
    """Refuse to read the counters: one of them is being written."""
    stub.add_client_error(
        "transact_get_items",
        service_error_code="TransactionCanceledException",
        http_status_code=400,
        modeled_fields={"CancellationReasons": [NONE, {"Code": code}]},
    )


def test_an_order_tries_another_counter_while_they_can_not_be_read(
    stub: Stubber, inventory: InventoryTable
) -> None:
    lamps = reserved(
        order_id=ORDER,
        items=[ReservedItem(product_id="85123A", quantity=6)],
        at=AT,
        execution_arn=EXECUTION,
    )
    for _ in range(2):
        cancel(stub, NONE, CONDITION)
        busy(stub)
    stub.add_response("transact_write_items", {})

    step = inventory.reserve(lamps, Invocation(seconds=8).budget, {"85123A": 10})

    assert step.status == "RESERVED"
    assert [share.quantity for share in step.items[0].taken()] == [6]


def test_an_order_is_not_refused_when_the_counters_can_never_be_read(
    stub: Stubber, inventory: InventoryTable
) -> None:
    for _ in range(3):
        cancel(stub, NONE, CONDITION, NONE)
        busy(stub)

    with pytest.raises(DependencyUnavailable, match="other orders take from the same counters"):
        inventory.reserve(reservation(), Invocation(seconds=3.1).budget, {"85123A": 10})


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_throttled_read_of_the_counters_is_transient(
    stub: Stubber, inventory: InventoryTable, code: str
) -> None:
    cancel(stub, NONE, CONDITION, NONE)
    busy(stub, code)

    with pytest.raises(DependencyUnavailable, match="throttled"):
        inventory.reserve(reservation(), Invocation(seconds=8).budget, {"85123A": 10})


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_throttled_transaction_is_transient(stub: Stubber, inventory: InventoryTable, code: str) -> None:
    cancel(stub, NONE, {"Code": code}, NONE)

    with pytest.raises(DependencyUnavailable, match="throttled"):
        inventory.reserve(reservation(), Invocation(seconds=8).budget)


@pytest.mark.parametrize("code", ["ValidationError", "ItemCollectionSizeLimitExceeded"])
def test_an_invalid_transaction_is_not_transient(stub: Stubber, inventory: InventoryTable, code: str) -> None:
    cancel(stub, NONE, {"Code": code}, NONE)

    with pytest.raises(ClientError, match="TransactionCanceledException"):
        inventory.reserve(reservation(), Invocation(seconds=8).budget)


@pytest.mark.parametrize(
    ("code", "http_status"),
    [
        ("ProvisionedThroughputExceededException", 400),
        ("ThrottlingException", 400),
        ("RequestLimitExceeded", 400),
        ("TransactionInProgressException", 400),
        ("InternalServerError", 500),
        ("ServiceUnavailable", 503),
    ],
)
def test_a_database_that_throttles_or_fails_is_transient(
    stub: Stubber, inventory: InventoryTable, code: str, http_status: int
) -> None:
    stub.add_client_error("transact_write_items", service_error_code=code, http_status_code=http_status)

    with pytest.raises(DependencyUnavailable, match=code):
        inventory.reserve(reservation(), Invocation(seconds=8).budget)


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"]
)
def test_a_database_that_refuses_the_request_is_not_transient(
    stub: Stubber, inventory: InventoryTable, code: str
) -> None:
    stub.add_client_error("get_item", service_error_code=code, http_status_code=400)

    with pytest.raises(ClientError, match=code):
        inventory.release(release_record(), Invocation(seconds=8).budget)


@pytest.mark.parametrize(
    ("code", "http_status", "expected"),
    [
        ("Throttled", 429, DependencyUnavailable),
        ("InternalError", 500, DependencyUnavailable),
        ("KMSThrottling", 400, DependencyUnavailable),
        ("AuthorizationError", 403, ClientError),
        ("InvalidParameter", 400, NotificationRefused),
        ("ParameterValueInvalid", 400, NotificationRefused),
        ("KMSAccessDenied", 400, NotificationRefused),
        ("KMSDisabled", 400, NotificationRefused),
        ("KMSInvalidState", 400, NotificationRefused),
        ("KMSNotFound", 400, NotificationRefused),
        ("KMSOptInRequired", 403, NotificationRefused),
    ],
)
def test_only_throttling_and_server_errors_of_publishing_are_transient(
    code: str, http_status: int, expected: type[Exception]
) -> None:
    sns = client("sns")
    message = Notification(
        order_id=ORDER, kind=NotificationKind.RECEIVED, to="ada@example.com", subject="Subject", body="Body"
    )

    with Stubber(sns) as stub:
        stub.add_client_error("publish", service_error_code=code, http_status_code=http_status)
        with pytest.raises(expected, match=code):
            NotificationTopic(sns, "arn:aws:sns:us-east-1:123456789012:topic").publish(message)


@pytest.mark.parametrize(
    "error",
    [
        lambda: EndpointConnectionError(endpoint_url="https://dynamodb"),
        lambda: ConnectTimeoutError(endpoint_url="https://dynamodb"),
        lambda: ReadTimeoutError(endpoint_url="https://dynamodb"),
    ],
)
def test_a_service_that_does_not_respond_is_transient(error: Callable[[], Exception]) -> None:
    with pytest.raises(DependencyUnavailable, match="Orders table: "), translated("Orders table"):
        raise error()


def test_a_call_and_its_retry_end_before_the_function_times_out() -> None:
    config = aws.client("dynamodb").meta.config

    longest = config.retries["total_max_attempts"] * (config.connect_timeout + config.read_timeout)

    assert longest <= 6
