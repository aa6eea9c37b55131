"""Orders on the deployed system: their status, notifications, events, dead letters and logs."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from devtools.demo.dead_letter import find_dead_letter
from orderctl.trace import StateRun
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.subscribers import Subscriber
from tests.waiting import TIMEOUT_SECONDS, eventually

EMAIL = "grace.hopper@example.com"


@dataclass(frozen=True)
class EndedOrder:
    """An order whose executions have ended."""

    product: str
    order_id: str
    shown: dict[str, Any]


@pytest.fixture(scope="module")
def ended(
    shop: DeployedShop,
    notifications: Subscriber,  # noqa: ARG001  subscribes before the orders are placed
    events: Subscriber,  # noqa: ARG001  same
) -> Mapping[str, EndedOrder]:
    """One order of each kind, placed at the same time: 6 of a product with a stock of 10 or 5."""
    kinds = {
        "paid": (10, "pm_card_visa"),
        "too many": (5, "pm_card_visa"),
        "declined": (10, "pm_card_declined"),
        "gateway down": (10, "pm_gateway_down"),
    }
    placed = {}
    for kind, (available, payment) in kinds.items():
        product = shop.sell(available=available, unit_price=255)
        response = shop.place({product: 6}, payment=payment, email=EMAIL)
        placed[kind] = (product, response.body["orderId"])
    shop.wait_until_not_pending(*(order_id for _, order_id in placed.values()))
    return {kind: _wait_for_execution(shop, *order) for kind, order in placed.items()}


def _wait_for_execution(shop: DeployedShop, product: str, order_id: str) -> EndedOrder:
    shop.ended_executions(order_id)
    return EndedOrder(product=product, order_id=order_id, shown=dict(shop.api.get(order_id).body))


def _steps(order: EndedOrder) -> dict[str, str]:
    return {name: step["status"] for name, step in order.shown["steps"].items()}


def test_an_order_that_is_in_stock_and_paid_is_confirmed(
    shop: DeployedShop, ended: Mapping[str, EndedOrder]
) -> None:
    order = ended["paid"]

    assert (order.shown["status"], order.shown["reason"]) == ("CONFIRMED", None)
    assert _steps(order) == {"inventory": "RESERVED", "payment": "CAPTURED", "notification": "SENT"}
    assert order.shown["total"] == {"amount": 1530, "currency": "USD"}
    assert shop.available(order.product) == 4


def test_an_order_out_of_stock_is_rejected_and_not_charged(
    shop: DeployedShop, ended: Mapping[str, EndedOrder]
) -> None:
    order = ended["too many"]

    assert (order.shown["status"], order.shown["reason"]) == ("REJECTED", "OUT_OF_STOCK")
    assert _steps(order) == {"inventory": "OUT_OF_STOCK", "payment": "VOIDED", "notification": "SENT"}
    assert shop.available(order.product) == 5


def test_a_declined_card_releases_the_stock(shop: DeployedShop, ended: Mapping[str, EndedOrder]) -> None:
    order = ended["declined"]

    assert (order.shown["status"], order.shown["reason"]) == ("REJECTED", "PAYMENT_DECLINED")
    assert _steps(order) == {"inventory": "RELEASED", "payment": "DECLINED", "notification": "SENT"}
    assert shop.available(order.product) == 10


def test_an_order_whose_payment_fails_is_held_with_its_stock_and_parked(
    shop: DeployedShop, ended: Mapping[str, EndedOrder]
) -> None:
    order = ended["gateway down"]

    message = find_dead_letter(shop.stack, "payment", order.order_id, timeout=TIMEOUT_SECONDS)

    assert (order.shown["status"], order.shown["reason"]) == ("ON_HOLD", "payment")
    assert _steps(order) == {"inventory": "RESERVED", "notification": "SENT"}
    assert shop.available(order.product) == 4
    assert message is not None
    assert (message["step"], message["error"]) == ("AuthorizePayment", "GatewayUnavailable")
    assert message["event"]["detail"]["orderId"] == order.order_id
    assert message["executionArn"] == order.shown["execution"]["arn"]


@pytest.mark.parametrize(
    ("kind", "notified"),
    [
        ("paid", {"received": 1, "confirmed": 1}),
        ("too many", {"received": 1, "rejected": 1}),
        ("declined", {"received": 1, "rejected": 1}),
        ("gateway down", {"received": 1}),
    ],
)
def test_a_customer_gets_each_notification_once(
    ended: Mapping[str, EndedOrder], notifications: Subscriber, kind: str, notified: dict[str, int]
) -> None:
    order_id = ended[kind].order_id

    received = notifications.wait_for(order_id, count=sum(notified.values()))

    assert Counter(message["kind"] for message in received) == notified
    assert {message["to"] for message in received} == {EMAIL}


@pytest.mark.parametrize(
    ("kind", "announced"),
    [
        ("paid", [("OrderPlaced", None), ("OrderConfirmed", None)]),
        ("too many", [("OrderPlaced", None), ("OrderRejected", "OUT_OF_STOCK")]),
        ("declined", [("OrderPlaced", None), ("OrderRejected", "PAYMENT_DECLINED")]),
        ("gateway down", [("OrderPlaced", None), ("OrderHeld", "payment")]),
    ],
)
def test_an_outcome_is_announced_on_the_bus(
    ended: Mapping[str, EndedOrder],
    events: Subscriber,
    kind: str,
    announced: list[tuple[str, str | None]],
) -> None:
    order_id = ended[kind].order_id

    found = events.wait_for(order_id, count=len(announced))

    # SQS keeps no order
    assert {(event["detail-type"], event["detail"].get("reason")) for event in found} == set(announced)
    assert len(found) == len(announced)


def test_a_settled_order_leaves_the_index_of_open_orders(
    shop: DeployedShop, ended: Mapping[str, EndedOrder]
) -> None:
    open_keys = {
        kind: shop.records(order.order_id)["ORDER"].get("openKey", "").partition("#")[0]
        for kind, order in ended.items()
    }

    assert open_keys == {"paid": "", "too many": "", "declined": "", "gateway down": "WAITING"}


def test_logs_events_and_dead_letters_have_neither_the_address_nor_the_token(
    shop: DeployedShop, ended: Mapping[str, EndedOrder], events: Subscriber
) -> None:
    order_ids = [order.order_id for order in ended.values()]
    logged = eventually(lambda: _logged_with(shop, order_ids), f"the log with {order_ids}")
    announced = json.dumps(events.received())
    held = ended["gateway down"].order_id
    parked = json.dumps(find_dead_letter(shop.stack, "payment", held, timeout=TIMEOUT_SECONDS))

    for written in (logged, announced, parked):
        assert EMAIL not in written
        assert "pm_" not in written


def _logged_with(shop: DeployedShop, order_ids: Iterable[str]) -> str:
    """Return everything that the stack has logged; "" until it names each of these orders."""
    pages = (
        page
        for group in shop.resources("AWS::Logs::LogGroup")
        for page in shop.stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    )
    logged = "\n".join(event["message"] for page in pages for event in page["events"])
    return logged if all(order_id in logged for order_id in order_ids) else ""


def test_an_order_names_its_execution(ended: Mapping[str, EndedOrder]) -> None:
    assert ":express:" in ended["paid"].shown["execution"]["arn"]


def test_five_concurrent_requests_with_one_key_place_one_order(shop: DeployedShop) -> None:
    product = shop.sell(available=10)

    order_ids = _place_at_once(lambda: shop.place({product: 2}, key=product).body["orderId"], times=5)
    shop.wait_until_not_pending(*set(order_ids))

    assert len(set(order_ids)) == 1
    assert shop.available(product) == 8


def test_a_second_delivery_of_an_event_changes_nothing(
    shop: DeployedShop, notifications: Subscriber, events: Subscriber
) -> None:
    product = shop.sell(available=10)
    order_id = shop.place({product: 6}).body["orderId"]
    shop.ended_executions(order_id)
    before = shop.records(order_id)
    notified = notifications.wait_for(order_id, count=2)
    (placed,) = (
        event for event in events.wait_for(order_id, count=2) if event["detail-type"] == "OrderPlaced"
    )

    shop.stack.as_operator().client("events").put_events(
        Entries=[
            {
                "EventBusName": shop.stack.bus_name,
                "Source": placed["source"],
                "DetailType": placed["detail-type"],
                "Detail": json.dumps(placed["detail"]),
            }
        ]
    )
    executions = shop.ended_executions(order_id, at_least=2)

    assert [execution.ending for execution in executions] == ["SUCCEEDED"] * 2
    assert not any(name.startswith("Park") for execution in executions for name in _states(execution.runs))
    assert shop.records(order_id) == before
    assert shop.available(product) == 4
    assert notifications.received_of(order_id) == notified


def _states(runs: Sequence[StateRun]) -> Iterator[str]:
    for run in runs:
        yield run.name
        for branch in run.branches:
            yield from _states(branch.runs)


def _place_at_once(place: Callable[[], str], *, times: int) -> list[str]:
    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(place) for _ in range(times)]]
