"""Payments on the deployed table: nobody is charged twice, and no money stays held for a refused order."""

from collections.abc import Callable
from typing import Any

import pytest

from handlers.adapters.orders_table import OrdersTable
from handlers.adapters.payment_records import PaymentRecords
from handlers.contract.names import PAYMENT_STEP
from handlers.domain.errors import (
    GatewayUnavailable,
    OrderNotFound,
    PaymentAlreadyCaptured,
    PaymentNotAuthorized,
)
from handlers.domain.payment import PaymentOperation
from handlers.domain.payment_gateway import PaymentGateway
from handlers.domain.step_request import StepRequest
from handlers.payment import PaymentService
from tests.fakes import Interrupted, LedgerEntry, LedgerGateway
from tests.order_tables import EXECUTION, ORDER, OTHER_EXECUTION, OrderTables

Ask = Callable[..., str]


@pytest.fixture
def gateway() -> LedgerGateway:
    return LedgerGateway()


@pytest.fixture
def books(gateway: LedgerGateway) -> LedgerEntry:
    """What the provider knows of the order."""
    return gateway.ledger[ORDER]


@pytest.fixture
def ask(tables: OrderTables, gateway: LedgerGateway) -> Ask:
    """Ask for "authorize", "capture" or "void"; the answer is the status."""

    def ask(
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

    return ask


def _payment(tables: OrderTables) -> dict[str, Any]:
    step = tables.step(PAYMENT_STEP)
    assert step is not None
    return step


def test_an_authorisation_holds_the_money_and_records_its_reference(
    tables: OrderTables, ask: Ask, books: LedgerEntry
) -> None:
    tables.place({"85123A": 6})

    status = ask("authorize")

    assert status == "AUTHORIZED"
    assert books.holds_money
    assert books.authorization is not None
    assert _payment(tables)["reference"] == books.authorization.reference
    assert _payment(tables)["executionArn"] == EXECUTION


def test_a_declined_card_is_an_answer_and_is_recorded(tables: OrderTables, ask: Ask) -> None:
    tables.place({"85123A": 6}, payment_method="pm_card_declined")

    assert ask("authorize") == "DECLINED"
    assert _payment(tables)["status"] == "DECLINED"


def test_a_recorded_payment_is_answered_without_asking_the_provider(tables: OrderTables, ask: Ask) -> None:
    tables.place({"85123A": 6})
    ask("authorize")
    provider_that_forgot = LedgerGateway()

    status = ask("authorize", gateway=provider_that_forgot, execution=OTHER_EXECUTION)

    assert status == "AUTHORIZED"
    assert not provider_that_forgot.ledger


def test_an_outage_records_nothing_so_that_a_retry_can_succeed(tables: OrderTables, ask: Ask) -> None:
    tables.place({"85123A": 6}, payment_method="pm_gateway_down")

    with pytest.raises(GatewayUnavailable):
        ask("authorize")

    assert tables.step(PAYMENT_STEP) is None


def test_an_unknown_order_is_never_authorised(tables: OrderTables, ask: Ask, gateway: LedgerGateway) -> None:
    with pytest.raises(OrderNotFound, match=ORDER):
        ask("authorize")

    assert not gateway.ledger
    assert tables.step(PAYMENT_STEP) is None


def test_two_authorisations_at_once_agree_on_the_first_recorded(
    tables: OrderTables, ask: Ask, gateway: LedgerGateway
) -> None:
    tables.place({"85123A": 6})
    interrupted = Interrupted(gateway, "authorize", lambda: ask("authorize", execution=OTHER_EXECUTION))

    status = ask("authorize", gateway=interrupted)

    assert status == "AUTHORIZED"
    assert _payment(tables)["executionArn"] == OTHER_EXECUTION


def test_a_capture_takes_the_money(tables: OrderTables, ask: Ask, books: LedgerEntry) -> None:
    tables.place({"85123A": 6})
    ask("authorize")

    status = ask("capture")

    assert status == "CAPTURED"
    assert books.captured
    assert _payment(tables)["reference"]


def test_a_second_capture_does_not_ask_the_provider(tables: OrderTables, ask: Ask) -> None:
    tables.place({"85123A": 6})
    ask("authorize")
    ask("capture")
    provider_that_forgot = LedgerGateway()

    assert ask("capture", gateway=provider_that_forgot) == "CAPTURED"
    assert not provider_that_forgot.ledger


def test_a_capture_whose_record_was_lost_is_made_again(
    tables: OrderTables, ask: Ask, books: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    ask("authorize")

    def crash() -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        ask("capture", dynamodb=Interrupted(tables.dynamodb, "update_item", crash))

    assert books.captured
    assert ask("capture") == "CAPTURED"


def test_two_captures_at_once_agree(tables: OrderTables, ask: Ask) -> None:
    tables.place({"85123A": 6})
    ask("authorize")
    others: list[str] = []
    interrupted = Interrupted(
        tables.dynamodb, "update_item", lambda: others.append(ask("capture", execution=OTHER_EXECUTION))
    )

    status = ask("capture", dynamodb=interrupted)

    assert [status, *others] == ["CAPTURED", "CAPTURED"]
    assert _payment(tables)["executionArn"] == OTHER_EXECUTION


def test_what_was_never_authorised_is_not_captured(tables: OrderTables, ask: Ask, books: LedgerEntry) -> None:
    tables.place({"85123A": 6})

    with pytest.raises(PaymentNotAuthorized, match="absent"):
        ask("capture")

    assert not books.captured


@pytest.mark.parametrize(
    ("payment_method", "before", "status"),
    [("pm_card_declined", "authorize", "DECLINED"), ("pm_card_visa", "void", "VOIDED")],
)
def test_a_payment_that_holds_no_money_is_not_captured(
    tables: OrderTables, ask: Ask, payment_method: str, before: str, status: str
) -> None:
    tables.place({"85123A": 6}, payment_method=payment_method)
    ask(before)

    with pytest.raises(PaymentNotAuthorized, match=status):
        ask("capture")


def test_money_that_the_provider_let_go_of_is_recorded_as_voided(
    tables: OrderTables, ask: Ask, books: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    ask("authorize")
    reference = _payment(tables)["reference"]
    books.voided = True  # the hold expired

    with pytest.raises(PaymentNotAuthorized):
        ask("capture")

    assert (_payment(tables)["status"], _payment(tables)["reference"]) == ("VOIDED", reference)
    assert ask("authorize") == "VOIDED"
    assert ask("void") == "VOIDED"


def test_a_void_lets_go_of_the_money(tables: OrderTables, ask: Ask, books: LedgerEntry) -> None:
    tables.place({"85123A": 6})
    ask("authorize")

    statuses = [ask("void"), ask("void", execution=OTHER_EXECUTION)]

    assert statuses == ["VOIDED", "VOIDED"]
    assert not books.holds_money


def test_a_second_void_does_not_ask_the_provider(tables: OrderTables, ask: Ask) -> None:
    tables.place({"85123A": 6})
    ask("authorize")
    ask("void")
    provider_that_forgot = LedgerGateway()

    assert ask("void", gateway=provider_that_forgot) == "VOIDED"
    assert not provider_that_forgot.ledger


def test_a_void_of_a_declined_payment_leaves_it_declined(tables: OrderTables, ask: Ask) -> None:
    tables.place({"85123A": 6}, payment_method="pm_card_declined")
    ask("authorize")

    assert ask("void") == "DECLINED"
    assert _payment(tables)["status"] == "DECLINED"


def test_money_that_was_taken_is_not_voided(tables: OrderTables, ask: Ask, books: LedgerEntry) -> None:
    tables.place({"85123A": 6})
    ask("authorize")
    ask("capture")

    with pytest.raises(PaymentAlreadyCaptured, match="refunded"):
        ask("void")

    assert not books.voided
    assert _payment(tables)["status"] == "CAPTURED"


def test_an_authorisation_after_a_void_does_not_ask_the_provider(tables: OrderTables, ask: Ask) -> None:
    tables.place({"85123A": 6})
    ask("void")
    provider_that_forgot = LedgerGateway()

    assert ask("authorize", gateway=provider_that_forgot) == "VOIDED"
    assert not provider_that_forgot.ledger


def test_a_void_undoes_an_authorisation_whose_record_was_lost(
    tables: OrderTables, ask: Ask, books: LedgerEntry
) -> None:
    tables.place({"85123A": 6})

    def crash() -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        ask("authorize", dynamodb=Interrupted(tables.dynamodb, "put_item", crash))
    held_after_the_crash = books.holds_money
    status = ask("void")

    assert held_after_the_crash
    assert status == "VOIDED"
    assert not books.holds_money


def test_a_void_that_overtakes_the_provider_stops_the_authorisation(
    tables: OrderTables, ask: Ask, gateway: LedgerGateway, books: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    interrupted = Interrupted(gateway, "authorize", lambda: ask("void"))

    status = ask("authorize", gateway=interrupted)

    assert status == "VOIDED"
    assert not books.holds_money


def test_a_void_that_overtakes_the_record_undoes_the_authorisation(
    tables: OrderTables, ask: Ask, books: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    interrupted = Interrupted(tables.dynamodb, "put_item", lambda: ask("void"))

    status = ask("authorize", dynamodb=interrupted)

    assert status == "VOIDED"
    assert not books.holds_money
    assert _payment(tables)["status"] == "VOIDED"


def test_an_authorisation_recorded_before_the_void_reaches_the_provider_is_undone(
    tables: OrderTables, ask: Ask, gateway: LedgerGateway, books: LedgerEntry
) -> None:
    tables.place({"85123A": 6})

    status = ask("void", gateway=Interrupted(gateway, "void", lambda: ask("authorize")))

    assert status == "VOIDED"
    assert not books.holds_money
    assert _payment(tables)["status"] == "VOIDED"


def test_an_authorisation_after_the_void_reached_the_provider_holds_nothing(
    tables: OrderTables, ask: Ask, books: LedgerEntry
) -> None:
    tables.place({"85123A": 6})

    status = ask("void", dynamodb=Interrupted(tables.dynamodb, "put_item", lambda: ask("authorize")))

    assert status == "VOIDED"
    assert not books.holds_money
    assert _payment(tables)["status"] == "VOIDED"


def test_a_void_that_slips_into_a_capture_makes_it_fail(
    tables: OrderTables, ask: Ask, gateway: LedgerGateway, books: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    ask("authorize")

    with pytest.raises(PaymentNotAuthorized):
        ask("capture", gateway=Interrupted(gateway, "capture", lambda: ask("void")))

    assert not books.captured
    assert _payment(tables)["status"] == "VOIDED"


def test_a_capture_that_slips_into_a_void_makes_it_fail(
    tables: OrderTables, ask: Ask, gateway: LedgerGateway, books: LedgerEntry
) -> None:
    tables.place({"85123A": 6})
    ask("authorize")

    with pytest.raises(PaymentAlreadyCaptured):
        ask("void", gateway=Interrupted(gateway, "void", lambda: ask("capture")))

    assert books.captured
    assert _payment(tables)["status"] == "CAPTURED"
