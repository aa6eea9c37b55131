"""A shop on the deployed local cloud: its products, orders, records, events and notifications."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import urllib3

from orderctl.api_client import OrdersApi, Response
from orderctl.execution_log import ExecutionLog
from orderctl.products import ProductsTable
from orderctl.settlement import wait_while_pending
from orderctl.stack import Stack
from orderctl.trace import ExecutionTrace
from tests.dynamodb_items import from_item, to_item
from tests.waiting import TIMEOUT_SECONDS, eventually


@dataclass(frozen=True)
class DeployedShop:
    """One deployed stack with the API of its clients and operators."""

    stack: Stack
    api: OrdersApi

    @classmethod
    def on(cls, stack: Stack) -> "DeployedShop":
        return cls(stack, OrdersApi(stack, connections=16, retry_seconds=TIMEOUT_SECONDS))

    def sell(self, *, available: int = 1_000, unit_price: int = 255) -> str:
        """Add a product to the catalogue that only one test uses."""
        product_id = f"P-{uuid4()}"
        ProductsTable(self.stack).set(product_id, available=available, unit_price=unit_price)
        return product_id

    def available(self, product_id: str) -> int:
        return ProductsTable(self.stack).find([product_id])[product_id].available

    def place(
        self,
        items: Mapping[str, int],
        *,
        payment: str = "pm_card_visa",
        customer: str = "cust-1",
        email: str = "ada@example.com",
        key: str | None = None,
    ) -> Response:
        order = {
            "customerId": customer,
            "customerEmail": email,
            "paymentMethod": payment,
            "items": [{"productId": product, "quantity": quantity} for product, quantity in items.items()],
        }
        return self.api.place(order, idempotency_key=key or str(uuid4()))

    def wait_until_not_pending(self, *order_ids: str) -> None:
        states = wait_while_pending(self.stack, order_ids, timeout=TIMEOUT_SECONDS)
        done = {state.order_id for state in states if state.status != "PENDING"}
        pending = set(order_ids) - done
        assert not pending, f"after {TIMEOUT_SECONDS} s these orders are still pending: {pending}"

    def wait_until_closed(self, *order_ids: str) -> None:
        """Wait until these orders are settled, announced and closed."""
        for order_id in order_ids:
            eventually(lambda: "openKey" not in self.records(order_id)["ORDER"], f"the close of {order_id}")  # noqa: B023  called at once

    def records(self, order_id: str) -> dict[str, dict[str, Any]]:
        """Return the records of an order by sort key."""
        found = self.stack.client("dynamodb").query(
            TableName=self.stack.orders_table,
            KeyConditionExpression="orderId = :orderId",
            ExpressionAttributeValues=to_item({":orderId": order_id}),
            ConsistentRead=True,
        )
        return {item["record"]["S"]: from_item(item) for item in found["Items"]}

    def ended_executions(self, order_id: str, *, at_least: int = 1) -> list[ExecutionTrace]:
        """Wait until this number of executions of an order has ended and none is running."""
        since = datetime.fromisoformat(self.records(order_id)["ORDER"]["createdAt"])

        def ended() -> list[ExecutionTrace]:
            found = ExecutionLog(self.stack).executions_of(order_id, since, count=at_least)
            running = len(found) < at_least or any(execution.ending == "RUNNING" for execution in found)
            return [] if running else found

        return eventually(ended, f"the end of {at_least} executions of {order_id}")

    def orders_of(self, customer: str) -> list[dict[str, Any]]:
        response = self.api.list_orders(customer, limit=100)
        assert response.status == 200
        return list(response.body["orders"])

    def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes | str = b""
    ) -> urllib3.BaseHTTPResponse:
        """Send a request; it has an API key only if `headers` has one."""
        url = self.stack.api_url + path
        return urllib3.request(
            method, url, headers=headers, body=body, retries=False, timeout=TIMEOUT_SECONDS
        )


class Subscriber:
    """A queue that receives what is published, and keeps all of it."""

    def __init__(self, stack: Stack) -> None:
        self._sqs = stack.client("sqs")
        self._url = self._sqs.create_queue(QueueName=f"subscriber-{uuid4()}")["QueueUrl"]
        self._received: list[dict[str, Any]] = []

    @property
    def arn(self) -> str:
        """The queue's ARN."""
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        return str(attributes["Attributes"]["QueueArn"])

    def received(self) -> list[dict[str, Any]]:
        """Receive the new messages; return all messages until now, parsed."""
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                self._received.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return self._received

    def received_of(self, order_id: str) -> list[dict[str, Any]]:
        """Return the notifications or events of one order."""
        return [each for each in self.received() if each.get("detail", each)["orderId"] == order_id]

    def wait_for(self, order_id: str, *, count: int) -> list[dict[str, Any]]:
        """Return the messages about one order as soon as there are `count` of them."""

        def arrived() -> list[dict[str, Any]]:
            found = self.received_of(order_id)
            return found if len(found) >= count else []

        return eventually(arrived, f"one of {count} messages about {order_id}")


def subscribe_to_notifications(stack: Stack) -> Subscriber:
    """Receive every notification from now on, without the envelope of SNS."""
    subscriber = Subscriber(stack)
    sns = stack.client("sns")
    (topic,) = sns.list_topics()["Topics"]
    sns.subscribe(
        TopicArn=topic["TopicArn"],
        Protocol="sqs",
        Endpoint=subscriber.arn,
        Attributes={"RawMessageDelivery": "true"},
    )
    return subscriber


def subscribe_to_events(stack: Stack) -> Subscriber:
    """Receive every event of the bus from now on."""
    subscriber = Subscriber(stack)
    events = stack.client("events")
    rule = f"all-{uuid4()}"
    pattern = json.dumps({"source": ["ecommerce.orders"]})
    events.put_rule(Name=rule, EventBusName=stack.bus_name, EventPattern=pattern)
    events.put_targets(
        Rule=rule, EventBusName=stack.bus_name, Targets=[{"Id": "queue", "Arn": subscriber.arn}]
    )
    return subscriber
