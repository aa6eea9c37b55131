"""The write that settles an order is made once, also when several executions run."""

import re

import pytest

from handlers.domain.errors import DependencyUnavailable, GatewayUnavailable
from tests.workflow.execution_history import states
from tests.workflow.in_process_shop import PLACED_AT, STARTED_AT, InProcessShop
from tests.workflow.interventions import losing_the_response, raising, refusal, running_before

NO_RESPONSE = raising(GatewayUnavailable("no response"))


@pytest.mark.parametrize(
    ("quantity", "payment_method", "status"),
    [
        (3, "pm_card_visa", "CONFIRMED"),
        (11, "pm_card_visa", "REJECTED"),
        (3, "pm_gateway_down", "ON_HOLD"),
    ],
)
def test_an_order_shows_when_it_was_settled_or_held_and_by_which_execution(
    shop: InProcessShop, quantity: int, payment_method: str, status: str
) -> None:
    order_id = shop.place(mug=quantity, payment_method=payment_method)

    shop.process(order_id)

    order = shop.order(order_id)
    assert order["status"] == status
    assert order["executionStartedAt"] == STARTED_AT
    assert order["executionArn"].startswith("arn:aws:states:us-east-1:123456789012:express:OrderWorkflow:")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", order["updatedAt"])
    assert order["updatedAt"] != PLACED_AT


@pytest.mark.parametrize(
    ("quantity", "type_", "kind"), [(3, "OrderConfirmed", "confirmed"), (11, "OrderRejected", "rejected")]
)
def test_a_settlement_whose_response_is_lost_is_announced(
    shop: InProcessShop, quantity: int, type_: str, kind: str
) -> None:
    order_id = shop.place(mug=quantity)
    shop.intervene("settle", losing_the_response, times=1)

    shop.process(order_id)

    assert shop.order(order_id)["status"] == kind.upper()
    assert [announced for announced, _ in shop.announced()] == [type_]
    assert shop.notified() == ["received", kind]


@pytest.mark.parametrize(
    ("quantity", "type_", "kind"), [(3, "OrderConfirmed", "confirmed"), (11, "OrderRejected", "rejected")]
)
def test_an_execution_that_loses_the_race_succeeds_and_announces_nothing(
    shop: InProcessShop, quantity: int, type_: str, kind: str
) -> None:
    order_id = shop.place(mug=quantity)
    shop.intervene("settle", running_before(lambda: shop.process(order_id)), times=1)

    loser = shop.process(order_id)

    assert loser.status == "SUCCEEDED"
    assert loser.waits == ()
    assert [announced for announced, _ in shop.announced()] == [type_]
    assert shop.notified() == ["received", kind]


@pytest.mark.parametrize(
    ("quantity", "kind", "type_"), [(3, "confirmed", "OrderConfirmed"), (11, "rejected", "OrderRejected")]
)
def test_an_execution_that_loses_the_race_sends_the_notification_of_the_winner(
    shop: InProcessShop, quantity: int, kind: str, type_: str
) -> None:
    order_id = shop.place(mug=quantity)
    shop.intervene("settle", running_before(lambda: shop.process(order_id)), times=1)
    shop.intervene(kind, raising(DependencyUnavailable("down")), times=4)

    shop.process(order_id)

    assert shop.steps(order_id)[f"notification#{kind}"] == "SENT"
    assert [announced for announced, _ in shop.announced()] == [type_]


def test_an_order_stays_open_until_the_customer_is_notified(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    seen: list[str | None] = []
    shop.intervene("confirmed", running_before(lambda: seen.append(shop.open_key(order_id))))

    shop.process(order_id)

    assert seen == [f"IN_PROGRESS#{shop.order(order_id)['updatedAt']}"]
    assert shop.open_key(order_id) is None


@pytest.mark.parametrize(
    ("quantity", "type_", "kind"), [(3, "OrderConfirmed", "confirmed"), (11, "OrderRejected", "rejected")]
)
def test_an_execution_that_loses_the_race_leaves_the_order_open_for_the_winner(
    shop: InProcessShop, quantity: int, type_: str, kind: str
) -> None:
    order_id = shop.place(mug=quantity)
    seen: list[str | None] = []

    def run_other_execution() -> None:
        shop.process(order_id)
        seen.append(shop.open_key(order_id))

    shop.intervene("announce", running_before(run_other_execution), times=1)

    shop.process(order_id)

    assert seen[0] is not None
    assert shop.open_key(order_id) is None
    assert [announced for announced, _ in shop.announced()] == [type_]
    assert shop.notified() == ["received", kind]


@pytest.mark.parametrize("quantity", [3, 11])
def test_a_close_that_can_not_be_written_leaves_the_order_open(shop: InProcessShop, quantity: int) -> None:
    order_id = shop.place(mug=quantity)
    shop.intervene("close", raising(refusal("AccessDeniedException")))

    execution = shop.process(order_id)

    assert (execution.status, execution.error) == ("FAILED", "SettlementFailed")
    assert str(shop.open_key(order_id)).startswith("IN_PROGRESS#")


def test_an_order_that_another_execution_confirmed_is_not_held(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)

    def another_execution_confirms() -> None:
        shop.interventions.clear()
        shop.process(order_id)

    shop.intervene("authorize", NO_RESPONSE)
    shop.intervene("settle", running_before(another_execution_confirms), times=1)

    loser = shop.process(order_id)

    assert states(loser)[-1] == "Overtaken"
    assert shop.order(order_id)["status"] == "CONFIRMED"
    assert [announced for announced, _ in shop.announced()] == ["OrderConfirmed"]


@pytest.mark.parametrize(
    ("quantity", "payment_method"), [(3, "pm_card_visa"), (11, "pm_card_visa"), (3, "pm_gateway_down")]
)
def test_a_settlement_that_can_not_be_written_fails_the_execution_and_leaves_the_order_open(
    shop: InProcessShop, quantity: int, payment_method: str
) -> None:
    order_id = shop.place(mug=quantity, payment_method=payment_method)
    shop.intervene("settle", raising(refusal("AccessDeniedException")))

    execution = shop.process(order_id)

    assert (execution.status, execution.error) == ("FAILED", "SettlementFailed")
    assert "AccessDeniedException" in str(execution.cause)
    assert shop.order(order_id)["status"] == "PENDING"
    assert shop.open_key(order_id) is not None
    assert shop.announced() == []


def test_an_order_whose_settlement_failed_is_settled_by_the_next_execution(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    shop.intervene("settle", raising(refusal("InternalServerError", 500)), times=4)
    shop.process(order_id)

    shop.process(order_id)

    assert shop.order(order_id)["status"] == "CONFIRMED"
    assert shop.available("mug") == 7
