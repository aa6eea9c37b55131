"""Orders in outages, and how an operator settles them."""

import json

from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.operator_steps import (
    kinds,
    orderctl,
    outage,
    parked,
    place,
    statuses,
    wait_until_parked,
)
from tests.deployed.subscribers import Subscriber


def test_an_outage_of_payment_holds_orders_and_a_redrive_confirms_them(shop: DeployedShop) -> None:
    stack, product = shop.stack, shop.sell(available=100)
    with outage("payment"):
        order_ids = place(shop, product, 20)
        shop.wait_until_not_pending(*order_ids)
    held = statuses(shop, order_ids)
    messages = wait_until_parked(stack, order_ids, count=20)
    listed = orderctl("dlq", "list", "payment", "--limit", "1000").stdout.splitlines()

    output = orderctl("dlq", "redrive", "payment").stdout
    shop.wait_until_not_pending(*order_ids)

    assert held == {("ON_HOLD", "payment")}
    assert sorted(messages) == sorted((order_id, "AuthorizePayment") for order_id in order_ids)
    for order_id in order_ids:
        (line,) = (line for line in listed if order_id in line)
        assert "ON_HOLD" in line
        assert line.rstrip().endswith("needs redrive")
    assert "emitted again" in output
    assert statuses(shop, order_ids) == {("CONFIRMED", None)}
    assert shop.available(product) == 80
    assert parked(stack, set(order_ids)) == []


def test_a_redrive_sends_a_failed_notification_once(shop: DeployedShop, notifications: Subscriber) -> None:
    product = shop.sell()
    with outage("notification"):
        (order_id,) = place(shop, product)
        shop.wait_until_not_pending(order_id)
        messages = wait_until_parked(shop.stack, [order_id], count=2)
    unsent = statuses(shop, [order_id])

    output = orderctl("dlq", "redrive", "--order", order_id).stdout
    sent = kinds(notifications.wait_for(order_id, count=2))

    assert sorted(step for _, step in messages) == ["NotifyConfirmed", "NotifyReceived"]
    assert unsent == {("CONFIRMED", None)}
    assert "1 order emitted again, 2 messages deleted" in output
    assert sorted(sent) == ["confirmed", "received"]
    assert parked(shop.stack, {order_id}) == []
    shop.wait_until_closed(order_id)


def test_a_message_of_an_order_that_is_done_is_removed(shop: DeployedShop) -> None:
    (order_id,) = place(shop, shop.sell())
    shop.wait_until_closed(order_id)
    closed = shop.records(order_id)
    shop.stack.client("sqs").send_message(
        QueueUrl=shop.stack.dlq_urls["payment"],
        MessageBody=json.dumps(
            {"orderId": order_id, "step": "AuthorizePayment", "error": "GatewayUnavailable", "cause": "down"}
        ),
    )
    wait_until_parked(shop.stack, [order_id], count=1)
    listed = orderctl("dlq", "list", "payment", "--limit", "1000").stdout.splitlines()

    output = orderctl("dlq", "redrive", "--order", order_id).stdout

    (line,) = (line for line in listed if order_id in line)
    assert line.rstrip().endswith("already done")
    assert "0 orders emitted again, 1 message deleted" in output
    assert parked(shop.stack, {order_id}) == []
    assert shop.records(order_id) == closed
