"""A shop whose orders go through the real workflow: its definition in moto's interpreter, real handlers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from devtools.asl.interpreter import ExecutionResult, Start, StateMachine, run
from handlers.adapters.orders_table import OrdersTable
from handlers.contract.events import order_placed, workflow_event
from handlers.contract.money import Money, OrderLine
from handlers.contract.names import (
    EVENT_SOURCE,
    OPEN_ORDERS_INDEX,
    ORDER_RECORD,
    CancelReason,
    DetailType,
    OrderStatus,
    open_shard,
)
from handlers.contract.order_lifecycle import reopen
from handlers.domain.order import Cancellation, Order
from tests.dynamodb_items import from_item, to_item
from tests.moto_clients import REGION, client
from tests.workflow.deployment import ACCOUNT, Deployment
from tests.workflow.direct_integrations import DirectIntegrations
from tests.workflow.interventions import Behaviour, Interventions
from tests.workflow.lambda_runtime import LambdaRuntime

EMAIL: Final = "ada@example.com"
PLACED_AT: Final = "2026-11-22T15:14:31.123Z"
CANCELLED_AT: Final = "2026-11-22T15:14:32.000Z"
STARTED_AT: Final = "2026-11-22T15:14:32.456Z"
_MACHINE: Final = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:OrderWorkflow"
_PRICE: Final = 255
_RECEIVE_LIMIT: Final = 10


@dataclass(slots=True, kw_only=True)
class InProcessShop:
    """A shop in this process; `InProcessShop.intervene` lists the kinds of calls of `interventions`."""

    deployment: Deployment
    interventions: Interventions = field(default_factory=Interventions)
    _orders: dict[str, Order] = field(default_factory=dict)

    def stock(self, product_id: str, available: int) -> None:
        item = {"productId": product_id, "name": product_id, "unitPrice": _PRICE, "available": available}
        client("dynamodb").put_item(TableName=self.deployment.tables.inventory, Item=to_item(item))

    def place(self, *, payment_method: str = "pm_card_visa", **quantities: int) -> str:
        """Store an order as the API does, and return its id; `quantities` are by product."""
        lines = tuple(
            OrderLine(product_id=product, quantity=quantity, unit_price=_PRICE)
            for product, quantity in quantities.items()
        )
        order = Order(
            order_id=str(uuid4()),
            customer_id="cust-17850",
            customer_email=EMAIL,
            payment_method=payment_method,
            status=OrderStatus.PENDING,
            items=lines,
            total=Money(amount=sum(line.quantity * _PRICE for line in lines), currency="USD"),
            created_at=PLACED_AT,
            updated_at=PLACED_AT,
            request_hash="0" * 64,
        )
        self._orders[order.order_id] = order
        OrdersTable(client("dynamodb"), self.deployment.tables.orders).place(order)
        return order.order_id

    def intervene(self, call: str, behaviour: Behaviour, times: float = float("inf")) -> None:
        """Change the next calls of one kind.

        `reserve`, `capture`, ... are inside the function; `invoke reserve`, ... are calls of the function;
        `settle`, `announce`, `close`, `park inventory`, ... are the workflow's own calls of AWS services.
        """
        self.interventions.plan(call, behaviour, times)

    def process(self, order_id: str) -> ExecutionResult:
        """Run the workflow once for the order, as OrderPlaced does."""
        return self.process_event(self.event(order_id))

    def cancel(self, order_id: str, *, at: str = CANCELLED_AT) -> Order:
        """Store the request to cancel the order, as the API does; return the order as it is then."""
        request = Cancellation(requested_at=at, reason=CancelReason.CUSTOMER, comment=None)
        orders = OrdersTable(client("dynamodb"), self.deployment.tables.orders)
        return orders.request_cancellation(order_id, request, confirmed_since=PLACED_AT)

    def reopen(self, order_id: str) -> None:
        """Let the order be announced again, as a redrive of a closed order does."""
        write = reopen(order_id, STARTED_AT, None, announce_again=True)
        client("dynamodb").update_item(
            TableName=self.deployment.tables.orders,
            Key=to_item({"orderId": order_id, "record": ORDER_RECORD}),
            **write.arguments(to_item),
        )

    def process_cancellation(self, order_id: str) -> ExecutionResult:
        """Run the workflow once for the order, as OrderCancellationRequested does."""
        emitted = workflow_event(
            OrdersTable(client("dynamodb"), self.deployment.tables.orders).read_order(order_id)
        )
        event = {"detail-type": emitted.detail_type.value, "detail": emitted.detail}
        return self.process_event(self.event(order_id) | event)

    def process_event(self, event: Mapping[str, Any]) -> ExecutionResult:
        execution = f"{uuid4()}:{uuid4()}"
        machine = StateMachine(
            arn=_MACHINE,
            name="OrderWorkflow",
            type="EXPRESS",
            role_arn=f"arn:aws:iam::{ACCOUNT}:role/workflow",
            definition=self.deployment.definition,
        )
        start = Start(
            arn=f"{_MACHINE.replace('stateMachine', 'express')}:{execution}",
            name=execution.partition(":")[0],
            started_at=STARTED_AT,
            input=dict(event),
        )
        return run(machine, start, client_for=self._client_for, sleep=lambda _: None)

    def event(self, order_id: str) -> dict[str, Any]:
        """Return OrderPlaced as the rule delivers it."""
        return {
            "version": "0",
            "id": str(uuid4()),
            "detail-type": DetailType.ORDER_PLACED.value,
            "source": EVENT_SOURCE,
            "account": ACCOUNT,
            "time": "2026-11-22T15:14:32Z",
            "region": REGION,
            "resources": [],
            "detail": order_placed(self._orders[order_id]).detail,
        }

    def order(self, order_id: str) -> dict[str, Any]:
        return self.records(order_id)["ORDER"]

    def steps(self, order_id: str) -> dict[str, str]:
        """Return the status of each step by the name of its record."""
        return {
            name.removeprefix("STEP#"): record["status"]
            for name, record in self.records(order_id).items()
            if name.startswith("STEP#")
        }

    def open_key(self, order_id: str) -> str | None:
        """Return the order's key in the index of open orders, or None."""
        found = client("dynamodb").query(
            TableName=self.deployment.tables.orders,
            IndexName=OPEN_ORDERS_INDEX,
            KeyConditionExpression="openShard = :shard",
            ExpressionAttributeValues=to_item({":shard": open_shard(order_id)}),
        )
        keys = {item["orderId"]["S"]: item["openKey"]["S"] for item in found["Items"]}
        return keys.get(order_id)

    def available(self, product_id: str) -> int:
        found = client("dynamodb").get_item(
            TableName=self.deployment.tables.inventory, Key=to_item({"productId": product_id})
        )
        return int(from_item(found["Item"])["available"])

    def parked(self, queue: str) -> list[dict[str, Any]]:
        """Return the messages on a dead-letter queue: inventory, payment, notification or delivery."""
        return self._messages(self.deployment.substitutions[f"{queue.title()}DlqUrl"])

    def all_parked(self) -> list[dict[str, Any]]:
        queues = ("inventory", "payment", "notification", "delivery")
        return [message for queue in queues for message in self.parked(queue)]

    def announced(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the events on the bus: type and detail."""
        events = self._messages(self.deployment.listener_url)
        return [(event["detail-type"], event["detail"]) for event in events]

    def notified(self) -> list[str]:
        """Return the kinds of the sent notifications: received, confirmed, rejected."""
        envelopes = self._messages(self.deployment.inbox_url)
        return [json.loads(envelope["Message"])["kind"] for envelope in envelopes]

    def records(self, order_id: str) -> dict[str, dict[str, Any]]:
        found = client("dynamodb").query(
            TableName=self.deployment.tables.orders,
            KeyConditionExpression="orderId = :id",
            ExpressionAttributeValues=to_item({":id": order_id}),
            ConsistentRead=True,
        )
        return {record["record"]: record for record in map(from_item, found["Items"])}

    def _messages(self, queue_url: str) -> list[dict[str, Any]]:
        response = client("sqs").receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=_RECEIVE_LIMIT, VisibilityTimeout=0
        )
        messages = response.get("Messages", [])
        assert len(messages) < _RECEIVE_LIMIT, "there may be more messages than were received"
        return [json.loads(message["Body"]) for message in messages]

    def _client_for(self, service: str, _region: str) -> Any:
        if service == "lambda":
            return LambdaRuntime(deployment=self.deployment, interventions=self.interventions)
        return DirectIntegrations(
            client=client(service),
            deployment=self.deployment,
            interventions=self.interventions,
        )
