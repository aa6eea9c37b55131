"""Neither the customer's address nor the payment token leaves the Orders table."""

import json

import pytest

from handlers.domain.errors import DependencyUnavailable
from tests.workflow.in_process_shop import EMAIL, InProcessShop
from tests.workflow.interventions import raising

DOWN = raising(DependencyUnavailable("down"))


@pytest.mark.parametrize(
    "broken", [None, "reserve", "authorize", "capture", "received", "confirmed", "announce"]
)
@pytest.mark.parametrize("payment_method", ["pm_card_visa", "pm_card_declined", "pm_gateway_down"])
def test_no_event_or_message_has_the_address_or_the_payment_token(
    shop: InProcessShop, payment_method: str, broken: str | None
) -> None:
    if broken:
        shop.intervene(broken, DOWN)

    execution = shop.process(shop.place(mug=3, payment_method=payment_method))

    seen = json.dumps([execution.events, shop.all_parked(), shop.announced()])
    assert EMAIL not in seen
    assert "pm_" not in seen
