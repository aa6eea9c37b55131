"""The text of notifications."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.contract.money import Money, OrderLine, format_money
from handlers.contract.names import CancelReason, OrderStatus
from handlers.domain.notification import NotificationKind, compose
from handlers.domain.order import Cancellation, Order

ORDER = Order(
    order_id="6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11",
    customer_id="cust-17850",
    customer_email="ada@example.com",
    payment_method="pm_card_visa",
    status=OrderStatus.PENDING,
    items=(OrderLine(product_id="85123A", quantity=6, unit_price=255),),
    total=Money(amount=1530, currency="USD"),
    created_at="2026-11-22T15:14:31.123Z",
    updated_at="2026-11-22T15:14:31.123Z",
    request_hash="0" * 64,
)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            NotificationKind.RECEIVED,
            "received your order 6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11 over USD 15.30",
        ),
        (NotificationKind.CONFIRMED, "charged you USD 15.30"),
        (NotificationKind.REJECTED, "not been charged"),
        (NotificationKind.CANCELLED, "If we have charged you USD 15.30 already, you get all of it back"),
    ],
)
def test_each_kind_has_its_own_text(kind: NotificationKind, expected: str) -> None:
    assert expected in compose(kind, ORDER).body


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("OUT_OF_STOCK", "in stock"), ("PAYMENT_DECLINED", "declined"), (None, "can't fulfil it")],
)
def test_a_rejection_gives_its_reason(reason: str | None, expected: str) -> None:
    assert expected in compose(NotificationKind.REJECTED, replace(ORDER, reason=reason)).body


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("CUSTOMER", "is cancelled as you asked."),
        ("HOLD_EXPIRED", "is cancelled because we could not complete it in time."),
        ("OPERATOR", "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11 is cancelled."),
    ],
)
def test_a_cancellation_says_whose_wish_it_was(reason: str, expected: str) -> None:
    assert expected in compose(NotificationKind.CANCELLED, replace(ORDER, reason=reason)).body


def test_a_cancellation_does_not_repeat_the_words_of_the_customer() -> None:
    cancellation = Cancellation(
        requested_at=ORDER.created_at, reason=CancelReason.CUSTOMER, comment="the wrong size"
    )

    notification = compose(
        NotificationKind.CANCELLED, replace(ORDER, reason="CUSTOMER", cancellation=cancellation)
    )

    assert "the wrong size" not in notification.subject + notification.body
    assert "the wrong size" not in repr(cancellation)


@given(st.uuids(), st.sampled_from(NotificationKind))
def test_a_subject_is_valid_in_sns(order_id: UUID, kind: NotificationKind) -> None:
    subject = compose(kind, replace(ORDER, order_id=str(order_id))).subject

    assert subject.isascii()
    assert subject.isprintable()
    assert len(subject) < 100


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1530, "USD", "USD 15.30"),
        (5, "EUR", "EUR 0.05"),
        (1530, "JPY", "JPY 1530"),
        (1530, "KWD", "KWD 1.530"),
        (0, "USD", "USD 0.00"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(amount: int, currency: str, text: str) -> None:
    assert format_money(Money(amount=amount, currency=currency)) == text


def test_a_notification_does_not_show_the_address_when_printed() -> None:
    assert "ada@example.com" not in repr(compose(NotificationKind.RECEIVED, ORDER))
