"""Payments with the deployed table: no customer is charged twice, and no refused order holds money."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from handlers.adapters.gateways.stripe import StripeGateway
from handlers.adapters.orders_table import OrdersTable
from handlers.adapters.payment_records import PaymentRecords
from handlers.api.step_request import StepRequest
from handlers.contract.names import PAYMENT_STEP
from handlers.domain.errors import (
    CancellationRequested,
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
TO_BE_CANCELLED: Final = {"cancelRequestedAt": "2026-11-22T15:20:00.000Z", "cancelReason": "CUSTOMER"}


@pytest.fixture
def gateway() -> LedgerGateway:
    return LedgerGateway()


@pytest.fixture
def entry(gateway: LedgerGateway) -> LedgerEntry:
    """The provider's record of the order."""
    return gateway.ledger[ORDER]


@pytest.fixture
def perform(tables: OrderTables, gateway: LedgerGateway) -> Perform:
    """Perform "authorize", "capture", "void" or "reverse", and return the status."""

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


@pytest.fixture
def cancel(tables: OrderTables, perform: Perform) -> Callable[[], str]:
    """Cancel the order as another execution does: it is requested, then the payment is reversed."""

    def cancel() -> str:
        tables.change(**TO_BE_CANCELLED)
        return perform("reverse", execution=OTHER_EXECUTION)

    return cancel


def _crash() -> None:
    raise SystemExit


def _capture_without_a_record(tables: OrderTables, perform: Perform) -> None:
    perform("authorize")
    with pytest.raises(SystemExit):
        perform("capture", dynamodb=InterruptedClient(tables.dynamodb, "update_item", _crash))


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


def test_a_payment_that_is_held_is_voided_when_the_order_is_cancelled(
    tables: OrderTables, perform: Perform, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")
    reference = _payment(tables)["reference"]

    status = perform("reverse", execution=OTHER_EXECUTION)

    assert (status, entry.holds_money, entry.refunded) == ("VOIDED", False, False)
    assert (_payment(tables)["status"], _payment(tables)["reference"]) == ("VOIDED", reference)
    assert _payment(tables)["executionArn"] == OTHER_EXECUTION


def test_a_payment_that_is_taken_is_refunded_when_the_order_is_cancelled(
    tables: OrderTables, perform: Perform, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")
    perform("capture")
    reference = _payment(tables)["reference"]

    status = perform("reverse")

    assert (status, entry.refunded) == ("REFUNDED", True)
    assert (_payment(tables)["status"], _payment(tables)["reference"]) == ("REFUNDED", reference)


def test_a_declined_payment_stays_declined_when_the_order_is_cancelled(
    tables: OrderTables, perform: Perform
) -> None:
    tables.place({"85123A": 6}, payment_method="pm_card_declined")
    perform("authorize")
    unused_gateway = LedgerGateway()

    assert perform("reverse", gateway=unused_gateway) == "DECLINED"
    assert not unused_gateway.ledger
    assert _payment(tables)["reason"] == "card_declined"


def test_an_order_without_a_payment_can_not_be_charged_after_its_cancellation(
    tables: OrderTables, perform: Perform, gateway: LedgerGateway, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})

    status = perform("reverse")

    assert (status, _payment(tables)["status"]) == ("VOIDED", "VOIDED")
    assert gateway.ledger[ORDER].voided
    assert perform("authorize") == "VOIDED"
    assert not entry.holds_money


def test_money_that_was_taken_without_a_record_is_refunded(
    tables: OrderTables, perform: Perform, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    _capture_without_a_record(tables, perform)
    recorded_before = _payment(tables)["status"]

    status = perform("reverse")

    assert (recorded_before, status) == ("AUTHORIZED", "REFUNDED")
    assert entry.refunded
    assert _payment(tables)["status"] == "REFUNDED"


def test_money_whose_capture_is_recorded_during_the_refund_is_refunded(
    tables: OrderTables, perform: Perform, gateway: LedgerGateway, entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    _capture_without_a_record(tables, perform)
    late = InterruptedClient(gateway, "refund", lambda: perform("capture", execution=OTHER_EXECUTION))

    status = perform("reverse", gateway=late)

    assert (status, entry.refunded) == ("REFUNDED", True)
    assert _payment(tables)["status"] == "REFUNDED"


@pytest.mark.parametrize("taken", [False, True])
def test_a_second_reversal_makes_no_call_to_the_provider(
    tables: OrderTables, perform: Perform, *, taken: bool
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")
    if taken:
        perform("capture")
    first = perform("reverse")
    unused_gateway = LedgerGateway()

    assert perform("reverse", gateway=unused_gateway) == first
    assert not unused_gateway.ledger


@pytest.mark.parametrize("taken", [False, True])
def test_a_reversal_whose_record_was_lost_can_be_repeated(
    tables: OrderTables, perform: Perform, entry: LedgerEntry, *, taken: bool
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")
    if taken:
        perform("capture")
    before = _payment(tables)

    with pytest.raises(SystemExit):
        perform("reverse", dynamodb=InterruptedClient(tables.dynamodb, "update_item", _crash))

    assert (entry.refunded, entry.voided) == (taken, not taken)
    assert _payment(tables) == before
    assert perform("reverse") == ("REFUNDED" if taken else "VOIDED")


@pytest.mark.parametrize("taken", [False, True])
def test_two_reversals_at_the_same_time_have_the_same_result(
    tables: OrderTables, perform: Perform, *, taken: bool
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")
    if taken:
        perform("capture")
    others: list[str] = []
    interrupted = InterruptedClient(
        tables.dynamodb, "update_item", lambda: others.append(perform("reverse", execution=OTHER_EXECUTION))
    )

    status = perform("reverse", dynamodb=interrupted)

    assert [status, *others] == ["REFUNDED" if taken else "VOIDED"] * 2
    assert _payment(tables)["executionArn"] == OTHER_EXECUTION


def test_a_refund_that_fails_leaves_the_payment_captured(
    tables: OrderTables, perform: Perform, gateway: LedgerGateway
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")
    perform("capture")

    def fail() -> None:
        raise GatewayUnavailable("down")

    with pytest.raises(GatewayUnavailable):
        perform("reverse", gateway=InterruptedClient(gateway, "refund", fail))

    assert _payment(tables)["status"] == "CAPTURED"
    assert perform("reverse") == "REFUNDED"


def test_an_order_that_is_to_be_cancelled_is_not_authorised(
    tables: OrderTables, perform: Perform, gateway: LedgerGateway
) -> None:
    tables.place({"85123A": 6}, **TO_BE_CANCELLED)

    assert perform("authorize") == "CANCELLED"
    assert not gateway.ledger
    assert tables.step(PAYMENT_STEP) is None


@pytest.mark.parametrize("payment", ["held", "taken"])
def test_an_authorisation_of_a_cancelled_order_does_not_say_what_is_recorded(
    tables: OrderTables, perform: Perform, cancel: Callable[[], str], payment: str
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")
    if payment == "taken":
        perform("capture")
    cancel()

    assert perform("authorize") == "CANCELLED"


def test_an_authorisation_that_a_cancellation_overtakes_holds_no_money(
    tables: OrderTables,
    perform: Perform,
    cancel: Callable[[], str],
    gateway: LedgerGateway,
    entry: LedgerEntry,
) -> None:
    tables.place({"85123A": 6})

    status = perform("authorize", gateway=InterruptedClient(gateway, "authorize", cancel))

    assert (status, entry.holds_money) == ("VOIDED", False)
    assert _payment(tables)["status"] == "VOIDED"


@pytest.mark.parametrize("reversed_", [False, True])
def test_an_order_that_is_to_be_cancelled_is_not_captured(
    tables: OrderTables, perform: Perform, entry: LedgerEntry, *, reversed_: bool
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")
    tables.change(**TO_BE_CANCELLED)
    if reversed_:
        perform("reverse")

    with pytest.raises(CancellationRequested, match=ORDER):
        perform("capture")

    assert not entry.captured
    assert _payment(tables)["status"] == ("VOIDED" if reversed_ else "AUTHORIZED")


def test_a_capture_that_the_provider_refuses_because_of_a_cancellation_gives_way_to_it(
    tables: OrderTables,
    perform: Perform,
    cancel: Callable[[], str],
    gateway: LedgerGateway,
    entry: LedgerEntry,
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")

    with pytest.raises(CancellationRequested):
        perform("capture", gateway=InterruptedClient(gateway, "capture", cancel))

    assert not entry.captured
    assert _payment(tables)["status"] == "VOIDED"


def test_a_capture_that_a_cancellation_overtakes_before_its_record_is_refunded(
    tables: OrderTables, perform: Perform, cancel: Callable[[], str], entry: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")

    with pytest.raises(CancellationRequested):
        perform("capture", dynamodb=InterruptedClient(tables.dynamodb, "update_item", cancel))

    assert (entry.captured, entry.refunded) == (True, True)
    assert _payment(tables)["status"] == "REFUNDED"


def test_a_late_capture_of_a_refunded_order_takes_nothing(
    tables: OrderTables, perform: Perform, cancel: Callable[[], str]
) -> None:
    tables.place({"85123A": 6})
    perform("authorize")
    perform("capture")
    cancel()
    unused_gateway = LedgerGateway()

    with pytest.raises(CancellationRequested):
        perform("capture", gateway=unused_gateway)

    assert not unused_gateway.ledger
