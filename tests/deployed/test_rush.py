"""Many concurrent orders for a small stock, and events that are delivered five times."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from handlers.contract.names import EVENT_SOURCE, DetailType
from orderctl.trace import ExecutionTrace
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.subscribers import Subscriber
from tests.waiting import eventually

BUYERS, STOCK, CONCURRENCY = 60, 25, 12


def test_exactly_25_of_60_concurrent_orders_are_confirmed_from_a_stock_of_25(shop: DeployedShop) -> None:
    product = shop.sell(available=STOCK)

    with ThreadPoolExecutor(CONCURRENCY) as buyers:
        responses = list(buyers.map(lambda _: shop.place({product: 1}), range(BUYERS)))
    order_ids = [response.body["orderId"] for response in responses]
    shop.wait_until_not_pending(*order_ids)

    orders = [shop.records(order_id)["ORDER"] for order_id in order_ids]
    assert Counter(order["status"] for order in orders) == {"CONFIRMED": STOCK, "REJECTED": BUYERS - STOCK}
    assert {order["reason"] for order in orders if order["status"] == "REJECTED"} == {"OUT_OF_STOCK"}
    assert shop.available(product) == 0


def test_an_event_that_is_published_five_times_has_one_effect(
    shop: DeployedShop, notifications: Subscriber
) -> None:
    product = shop.sell(available=100)
    order_ids = [shop.place({product: 2}).body["orderId"] for _ in range(6)]

    _publish_again(shop, order_ids, times=4)
    shop.wait_until_not_pending(*order_ids)

    everything = {(order_id, kind) for order_id in order_ids for kind in ("received", "confirmed")}
    eventually(
        lambda: everything <= _notified(notifications, order_ids).keys(),
        f"one of the notifications {everything}",
    )
    executions = {order_id: shop.ended_executions(order_id, at_least=5) for order_id in order_ids}
    assert shop.available(product) == 100 - 2 * len(order_ids)
    assert {shop.records(order_id)["STEP#payment"]["status"] for order_id in order_ids} == {"CAPTURED"}
    assert set(_notified(notifications, order_ids).values()) == {1}
    assert {_announcing(found) for found in executions.values()} == {1}


def _publish_again(shop: DeployedShop, order_ids: list[str], *, times: int) -> None:
    """Put each order's event on the bus again, because EventBridge delivers at least once."""
    events = shop.stack.as_operator().client("events")
    for _ in range(times):
        for order_id in order_ids:
            order = shop.records(order_id)["ORDER"]
            detail = {name: order[name] for name in ("orderId", "customerId", "items", "total")}
            entry = {
                "EventBusName": shop.stack.bus_name,
                "Source": EVENT_SOURCE,
                "DetailType": DetailType.ORDER_PLACED,
                "Detail": json.dumps(detail, default=int),
            }
            assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0


def _notified(inbox: Subscriber, order_ids: list[str]) -> Counter[tuple[str, str]]:
    """Count the notifications of these orders, by order and kind."""
    return Counter(
        (each["orderId"], each["kind"]) for each in inbox.received() if each["orderId"] in order_ids
    )


def _announcing(executions: list[ExecutionTrace]) -> int:
    """Count the executions that announced the outcome."""
    return sum("AnnounceConfirmed" in {run.name for run in execution.runs} for execution in executions)
