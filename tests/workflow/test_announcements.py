"""The events of the workflow match the published schemas."""

import pytest
from jsonschema import Draft4Validator

from tests.schemas import event_schema
from tests.workflow.in_process_shop import InProcessShop


@pytest.mark.parametrize(
    ("payment_method", "announced"),
    [
        ("pm_card_visa", "OrderConfirmed"),
        ("pm_card_declined", "OrderRejected"),
        ("pm_gateway_down", "OrderHeld"),
    ],
)
def test_an_announcement_matches_its_schema(shop: InProcessShop, payment_method: str, announced: str) -> None:
    shop.process(shop.place(mug=1, payment_method=payment_method))

    ((type_, detail),) = shop.announced()

    assert type_ == announced
    Draft4Validator(event_schema(announced)).validate(detail)
