"""Payments with the deployed table: no customer is charged twice, and no refused order holds money."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from handlers.adapters.gateways.stripe import StripeGateway
from handlers.adapters.orders_table import OrdersTable
from handlers.adapters.payment_records import PaymentRecords
from handlers.api.step_request import StepRequest
from handlers.contract.names import PAYMENT_STEP
from handlers.domain.errors import (
    GatewayUnavailable,
    OrderNotFound,
    PaymentAlreadyCaptured,
    PaymentNotAuthorized,
)
from handlers.domain.payment import PaymentOperation
from handlers.domain.payment_gateway import PaymentGateway
from handlers.payment import PaymentService
from tests.fake_stripe import SECRET_KEY, FakeStripe, fake_stripe
from tests.fakes import InterruptedClient, LedgerEntry, LedgerGateway
from tests.order_tables import EXECUTION, ORDER, OTHER_EXECUTION, OrderTables

Perform = Callable[..., str]


@pytest.fixture
def gateway() -> LedgerGateway:
    return LedgerGateway()


@pytest.fixture
def entry(gateway: LedgerGateway) -> LedgerEntry:
    """The provider's record of the order."""
    return gateway.ledger[ORDER]


@pytest.fixture
def perform(tables: OrderTables, gateway: LedgerGateway) -> Perform:
    """Perform "authorize", "capture" or "void", and return the status."""

    def perform(
        operation: str,
        *,
        gateway: PaymentGateway = gateway,
        dynamodb: Any = tables.dynamodb,
        execution: str = EXECUTION,
    ) -> str:
        service = PaymentService(
            orders=OrdersTable(dynamodb, tables.names.orders),
            records=PaymentRecords(dynamodb, tables.names.orders),
            gateway=gateway,
        )
        return service.perform(
            StepRequest(operation=PaymentOperation(operation), order_id=ORDER, execution_arn=execution)
        )

    return perform


@pytest.fixture
def stripe() -> Iterator[FakeStripe]:
    with fake_stripe() as stripe:
        yield stripe


def _payment(tables: OrderTables) -> dict[str, Any]:
    step = tables.step(PAYMENT_STEP)
    assert step is not None
    return step


def test_an_authorisation_holds_the_money_and_records_its_reference(
    tables: OrderTables, perform: Perform, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})

    status = perform("authorize")

    assert status == "AUTHORIZED"
    assert entry.holds_money
    assert entry.authorization is not None
    assert _payment(tables)["reference"] == entry.authorization.reference
    assert "reason" not in _payment(tables)
    assert _payment(tables)["executionArn"] == EXECUTION
    assert _payment(tables)["provider"] == "simulated"


def test_a_declined_card_is_recorded(tables: OrderTables, perform: Perform) -> None:
    tables.place({"85123A": 6}, payment_method="pm_card_declined")

    assert perform("authorize") == "DECLINED"
    assert (_payment(tables)["status"], _payment(tables)["reason"]) == ("DECLINED", "card_declined")


def test_the_reason_of_a_declined_card_stays_with_it(tables: OrderTables, perform: Perform) -> None:
    tables.place({"85123A": 6}, payment_method="pm_card_declined")
    perform("authorize")

    assert perform("void", execution=OTHER_EXECUTION) == "DECLINED"
    assert _payment(tables)["reason"] == "card_declined"


def test_a_recorded_authorisation_makes_no_call_to_the_provider(
    tables: OrderTables, perform: Perform
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")
    unused_gateway = LedgerGateway()

    status = perform("authorize", gateway=unused_gateway, execution=OTHER_EXECUTION)

    assert status == "AUTHORIZED"
    assert not unused_gateway.ledger


def test_an_outage_records_nothing(tables: OrderTables, perform: Perform) -> None:
    tables.place({"85123A": 6}, payment_method="pm_gateway_down")

    with pytest.raises(GatewayUnavailable):
        perform("authorize")

    assert tables.step(PAYMENT_STEP) is None


def test_an_unknown_order_is_never_authorised(
    tables: OrderTables, perform: Perform, gateway: LedgerGateway
) -> None:
    with pytest.raises(OrderNotFound, match=ORDER):
        perform("authorize")

    assert not gateway.ledger
    assert tables.step(PAYMENT_STEP) is None


def test_two_authorisations_at_the_same_time_keep_the_first_record(
    tables: OrderTables, perform: Perform, gateway: LedgerGateway
) -> None:
    tables.place({"85123A": 6})
    interrupted = InterruptedClient(
        gateway, "authorize", lambda: perform("authorize", execution=OTHER_EXECUTION)
    )

    status = perform("authorize", gateway=interrupted)

    assert status == "AUTHORIZED"
    assert _payment(tables)["executionArn"] == OTHER_EXECUTION


def test_a_capture_takes_the_money(tables: OrderTables, perform: Perform, entry: LedgerEntry) -> None:
    tables.place({"85123A": 6})
    perform("authorize")

    status = perform("capture")

    assert status == "CAPTURED"
    assert entry.captured
    assert _payment(tables)["reference"]


def test_a_second_capture_makes_no_call_to_the_provider(tables: OrderTables, perform: Perform) -> None:
    tables.place({"85123A": 6})
    perform("authorize")
    perform("capture")
    unused_gateway = LedgerGateway()

    assert perform("capture", gateway=unused_gateway) == "CAPTURED"
    assert not unused_gateway.ledger


def test_a_capture_whose_record_was_lost_can_be_repeated(
    tables: OrderTables, perform: Perform, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")

    def crash() -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        perform("capture", dynamodb=InterruptedClient(tables.dynamodb, "update_item", crash))

    assert entry.captured
    assert perform("capture") == "CAPTURED"


def test_two_captures_at_the_same_time_have_the_same_result(tables: OrderTables, perform: Perform) -> None:
    tables.place({"85123A": 6})
    perform("authorize")
    others: list[str] = []
    interrupted = InterruptedClient(
        tables.dynamodb, "update_item", lambda: others.append(perform("capture", execution=OTHER_EXECUTION))
    )

    status = perform("capture", dynamodb=interrupted)

    assert [status, *others] == ["CAPTURED", "CAPTURED"]
    assert _payment(tables)["executionArn"] == OTHER_EXECUTION


def test_a_payment_without_authorisation_is_not_captured(
    tables: OrderTables, perform: Perform, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})

    with pytest.raises(PaymentNotAuthorized, match="absent"):
        perform("capture")

    assert not entry.captured


@pytest.mark.parametrize(
    ("payment_method", "before", "status"),
    [("pm_card_declined", "authorize", "DECLINED"), ("pm_card_visa", "void", "VOIDED")],
)
def test_a_payment_that_holds_no_money_is_not_captured(
    tables: OrderTables, perform: Perform, payment_method: str, before: str, status: str
) -> None:
    tables.place({"85123A": 6}, payment_method=payment_method)
    perform(before)

    with pytest.raises(PaymentNotAuthorized, match=status):
        perform("capture")


def test_an_expired_hold_is_recorded_as_voided(
    tables: OrderTables, perform: Perform, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")
    reference = _payment(tables)["reference"]
    entry.voided = True  # the hold expired

    with pytest.raises(PaymentNotAuthorized):
        perform("capture")

    assert (_payment(tables)["status"], _payment(tables)["reference"]) == ("VOIDED", reference)
    assert perform("authorize") == "VOIDED"
    assert perform("void") == "VOIDED"


def test_a_void_releases_the_money(tables: OrderTables, perform: Perform, entry: LedgerEntry) -> None:
    tables.place({"85123A": 6})
    perform("authorize")

    statuses = [perform("void"), perform("void", execution=OTHER_EXECUTION)]

    assert statuses == ["VOIDED", "VOIDED"]
    assert not entry.holds_money


def test_a_second_void_makes_no_call_to_the_provider(tables: OrderTables, perform: Perform) -> None:
    tables.place({"85123A": 6})
    perform("authorize")
    perform("void")
    unused_gateway = LedgerGateway()

    assert perform("void", gateway=unused_gateway) == "VOIDED"
    assert not unused_gateway.ledger


def test_a_void_of_a_declined_payment_leaves_it_declined(tables: OrderTables, perform: Perform) -> None:
    tables.place({"85123A": 6}, payment_method="pm_card_declined")
    perform("authorize")

    assert perform("void") == "DECLINED"
    assert _payment(tables)["status"] == "DECLINED"


def test_a_captured_payment_is_not_voided(tables: OrderTables, perform: Perform, entry: LedgerEntry) -> None:
    tables.place({"85123A": 6})
    perform("authorize")
    perform("capture")

    with pytest.raises(PaymentAlreadyCaptured, match="refunded"):
        perform("void")

    assert not entry.voided
    assert _payment(tables)["status"] == "CAPTURED"


def test_an_authorisation_after_a_void_makes_no_call_to_the_provider(
    tables: OrderTables, perform: Perform
) -> None:
    tables.place({"85123A": 6})
    perform("void")
    unused_gateway = LedgerGateway()

    assert perform("authorize", gateway=unused_gateway) == "VOIDED"
    assert not unused_gateway.ledger


def test_a_void_releases_an_authorisation_whose_record_was_lost(
    tables: OrderTables, perform: Perform, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})

    def crash() -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        perform("authorize", dynamodb=InterruptedClient(tables.dynamodb, "put_item", crash))
    held_after_the_crash = entry.holds_money
    status = perform("void")

    assert held_after_the_crash
    assert status == "VOIDED"
    assert not entry.holds_money


def test_a_void_before_the_provider_is_called_stops_the_authorisation(
    tables: OrderTables, perform: Perform, gateway: LedgerGateway, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    interrupted = InterruptedClient(gateway, "authorize", lambda: perform("void"))

    status = perform("authorize", gateway=interrupted)

    assert status == "VOIDED"
    assert not entry.holds_money


def test_a_void_before_the_authorisation_is_recorded_releases_the_money(
    tables: OrderTables, perform: Perform, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    interrupted = InterruptedClient(tables.dynamodb, "put_item", lambda: perform("void"))

    status = perform("authorize", dynamodb=interrupted)

    assert status == "VOIDED"
    assert not entry.holds_money
    assert _payment(tables)["status"] == "VOIDED"


def test_an_authorisation_that_is_recorded_before_the_provider_voids_is_released(
    tables: OrderTables, perform: Perform, gateway: LedgerGateway, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})

    status = perform("void", gateway=InterruptedClient(gateway, "void", lambda: perform("authorize")))

    assert status == "VOIDED"
    assert not entry.holds_money
    assert _payment(tables)["status"] == "VOIDED"


def test_an_authorisation_after_the_provider_voided_holds_no_money(
    tables: OrderTables, perform: Perform, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})

    status = perform(
        "void", dynamodb=InterruptedClient(tables.dynamodb, "put_item", lambda: perform("authorize"))
    )

    assert status == "VOIDED"
    assert not entry.holds_money
    assert _payment(tables)["status"] == "VOIDED"


def test_a_capture_fails_when_a_void_reaches_the_provider_first(
    tables: OrderTables, perform: Perform, gateway: LedgerGateway, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")

    with pytest.raises(PaymentNotAuthorized):
        perform("capture", gateway=InterruptedClient(gateway, "capture", lambda: perform("void")))

    assert not entry.captured
    assert _payment(tables)["status"] == "VOIDED"


def test_a_void_fails_when_a_capture_reaches_the_provider_first(
    tables: OrderTables, perform: Perform, gateway: LedgerGateway, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")

    with pytest.raises(PaymentAlreadyCaptured):
        perform("void", gateway=InterruptedClient(gateway, "void", lambda: perform("capture")))

    assert entry.captured
    assert _payment(tables)["status"] == "CAPTURED"


@pytest.mark.parametrize("then", ["authorize", "void"])
@pytest.mark.parametrize("killed", ["before the creation", "before the confirmation", "before the record"])
def test_an_authorisation_at_stripe_can_be_killed_anywhere(
    tables: OrderTables, perform: Perform, stripe: FakeStripe, killed: str, then: str
) -> None:
    status, at_stripe = {
        "authorize": ("AUTHORIZED", "requires_capture"),
        "void": ("VOIDED", "canceled"),
    }[then]
    tables.place({"85123A": 6})
    gateway = StripeGateway(lambda: SECRET_KEY, base_url=stripe.url)

    def crash() -> None:
        raise SystemExit

    interrupted: dict[str, Any] = {
        "before the creation": {"gateway": InterruptedClient(gateway, "authorize", crash)},
        "before the confirmation": {"gateway": gateway},
        "before the record": {
            "gateway": gateway,
            "dynamodb": InterruptedClient(tables.dynamodb, "put_item", crash),
        },
    }[killed]
    stripe.responses_before_a_loss = 0 if killed == "before the confirmation" else None
    with pytest.raises((SystemExit, GatewayUnavailable)):
        perform("authorize", **interrupted)

    assert perform(then, gateway=gateway, execution=OTHER_EXECUTION) == status
    assert [intent["status"] for intent in stripe.intents.values()] == [at_stripe]
    assert perform("authorize", gateway=gateway) == status
