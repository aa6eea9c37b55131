"""An order has a console link, and its text form has no personal data."""

import pytest

from handlers.contract.money import Money
from handlers.contract.names import OrderStatus
from handlers.domain.order import Execution, Order

ARN = "arn:aws:states:eu-central-1:123456789012:express:OrderWorkflow:0c1d:7f2e"


@pytest.mark.parametrize("started_at", ["2026-11-22T15:14:32.456Z", "2026-11-22T16:14:32.456000+01:00"])
def test_the_console_link_has_region_arn_and_start_date(started_at: str) -> None:
    execution = Execution(arn=ARN, started_at=started_at)

    assert execution.console_url("console.aws.amazon.com") == (
        "https://eu-central-1.console.aws.amazon.com/states/home?region=eu-central-1"
        f"#/express-executions/details/{ARN}?startDate=1795360472456"
    )


def test_the_text_form_of_an_order_has_neither_address_nor_token() -> None:
    order = Order(
        order_id="6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11",
        customer_id="cust-17850",
        customer_email="ada@example.com",
        payment_method="pm_card_visa",
        status=OrderStatus.PENDING,
        items=(),
        total=Money(amount=0, currency="USD"),
        created_at="2026-11-22T15:14:31.123Z",
        updated_at="2026-11-22T15:14:31.123Z",
        request_hash="0" * 64,
    )

    assert "ada@example.com" not in repr(order)
    assert "pm_card_visa" not in repr(order)
