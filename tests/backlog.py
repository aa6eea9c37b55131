"""Open orders and dead letters in moto, for the tests of the sweeper and the redrive."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import uuid4

from handlers.contract.names import ORDER_RECORD, OpenKind, open_key, open_shard
from orderctl.stack import QUEUES, Stack
from tests.dynamodb_items import from_item, to_item
from tests.moto_clients import REGION, client
from tests.workflow.deployment import ACCOUNT, Deployment, deployed

EMAIL: Final = "ada@example.com"
TOKEN: Final = "pm_card_visa"
LONG_AGO: Final = "2026-11-22T15:00:00.000Z"
_OPEN_AS: Final = {"PENDING": OpenKind.IN_PROGRESS, "ON_HOLD": OpenKind.WAITING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """`dynamodb`, `events` and `sqs` are moto clients."""

    deployment: Deployment
    dynamodb: Any
    events: Any
    sqs: Any

    @classmethod
    @contextmanager
    def in_moto(cls, template: Mapping[str, Any]) -> Iterator[Self]:
        with deployed(template) as deployment:
            yield cls(
                deployment=deployment,
                dynamodb=client("dynamodb"),
                events=client("events"),
                sqs=client("sqs"),
            )

    @property
    def orders_table(self) -> str:
        return self.deployment.tables.orders

    @property
    def bus_name(self) -> str:
        return self.deployment.substitutions["EventBusName"]

    @property
    def stack(self) -> Stack:
        """The stack that orderctl operates."""
        return Stack(
            endpoint_url=None,
            region=REGION,
            api_url="https://api.example.com/prod/",
            api_key="key",
            console_url=None,
            state_machine_arn=f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:OrderWorkflow",
            orders_table=self.orders_table,
            inventory_table=self.deployment.tables.inventory,
            bus_name=self.bus_name,
            dlq_urls={queue: self.queue_url(queue) for queue in QUEUES},
        )

    def queue_url(self, queue: str) -> str:
        return self.deployment.substitutions[f"{queue.title()}DlqUrl"]

    def place(
        self, status: str = "PENDING", *, since: str = LONG_AGO, kind: OpenKind | None = None, **fields: Any
    ) -> str:
        """Store an order with this status since this time; return its id."""
        order_id = fields.pop("orderId", None) or str(uuid4())
        open_as = kind or _OPEN_AS.get(status)
        index_key = (
            {"openShard": open_shard(order_id), "openKey": open_key(open_as, since)} if open_as else {}
        )
        self._put(
            {
                "orderId": order_id,
                "record": ORDER_RECORD,
                "customerId": "cust-17850",
                "customerEmail": EMAIL,
                "paymentMethod": TOKEN,
                "status": status,
                "items": [{"productId": "85123A", "quantity": 6, "unitPrice": 255}],
                "total": {"amount": 1530, "currency": "USD"},
                "createdAt": since,
                "updatedAt": since,
                "requestHash": "0" * 64,
                **index_key,
                **fields,
            }
        )
        return order_id

    def order(self, order_id: str) -> dict[str, Any]:
        found = self.dynamodb.get_item(
            TableName=self.orders_table, Key=to_item({"orderId": order_id, "record": ORDER_RECORD})
        )
        return from_item(found["Item"])

    def change(self, order_id: str, **fields: Any) -> None:
        """Overwrite fields of an order; None removes one."""
        changed = self.order(order_id) | fields
        self._put({name: value for name, value in changed.items() if value is not None})

    def record(self, order_id: str, record: str, **fields: Any) -> None:
        """Store the record of a step."""
        self._put({"orderId": order_id, "record": record, **fields})

    def settle(self, order_id: str) -> None:
        """Confirm the order as its workflow does."""
        self.change(order_id, status="CONFIRMED", openShard=None, openKey=None)

    def park(self, queue: str, order_id: str, *, step: str = "AuthorizePayment") -> None:
        """Put the message of a failed step on the queue of its service."""
        self.send(
            queue,
            {
                "orderId": order_id,
                "step": step,
                "error": "GatewayUnavailable",
                "cause": "the gateway is down",
                "executionArn": f"arn:aws:states:{REGION}:{ACCOUNT}:express:OrderWorkflow:a:b",
                "event": {"detail-type": "OrderPlaced", "detail": {"orderId": order_id}},
            },
        )

    def send(self, queue: str, body: Any, **attributes: str) -> None:
        self.sqs.send_message(
            QueueUrl=self.queue_url(queue),
            MessageBody=body if isinstance(body, str) else json.dumps(body),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )

    def parked(self, queue: str) -> list[dict[str, Any]]:
        """Return the visible messages of the queue without deleting them."""
        return self._messages(self.queue_url(queue), hidden_seconds=0)

    def announced(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the events since the last call: type and detail."""
        events = self._messages(self.deployment.listener_url, hidden_seconds=12 * 60 * 60)
        return [(event["detail-type"], event["detail"]) for event in events]

    def emitted(self) -> list[str]:
        """Return the orders whose OrderPlaced was emitted since the last call."""
        return [detail["orderId"] for type_, detail in self.announced() if type_ == "OrderPlaced"]

    def _put(self, record: Mapping[str, Any]) -> None:
        self.dynamodb.put_item(TableName=self.orders_table, Item=to_item(record))

    def _messages(self, url: str, hidden_seconds: int) -> list[dict[str, Any]]:
        """Receive until the queue is empty."""
        found: dict[str, dict[str, Any]] = {}
        receipts = []
        while True:
            messages = self.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=hidden_seconds or 60
            ).get("Messages", [])
            if not messages:
                break
            found |= {message["MessageId"]: json.loads(message["Body"]) for message in messages}
            receipts += [message["ReceiptHandle"] for message in messages]
        if not hidden_seconds:
            for receipt in receipts:
                self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0)
        return list(found.values())
