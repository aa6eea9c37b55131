"""A shop on a deployed stage: its products, orders, records and executions."""

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
    stack_name: str

    @classmethod
    def on(cls, stack: Stack, stack_name: str) -> "DeployedShop":
        return cls(stack, OrdersApi(stack, connections=16, retry_seconds=TIMEOUT_SECONDS), stack_name)

    def resources(self, kind: str) -> list[str]:
        """Return the names or ARNs of the stack's resources of a CloudFormation type."""
        pages = (
            self.stack.client("cloudformation")
            .get_paginator("list_stack_resources")
            .paginate(StackName=self.stack_name)
        )
        found = (resource for page in pages for resource in page["StackResourceSummaries"])
        return [each["PhysicalResourceId"] for each in found if each["ResourceType"] == kind]

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

    def wait_for_orders_of(
        self, customer: str, *, count: int, status: str | None = None
    ) -> list[dict[str, Any]]:
        """Return a customer's orders as soon as the list has `count` of them, all with this status if given.

        On AWS the list is a moment behind.
        """

        def listed() -> list[dict[str, Any]]:
            found = self.orders_of(customer)
            of_status = [order for order in found if status in (None, order["status"])]
            return found if len(of_status) >= count else []

        return eventually(listed, f"one of {count} orders of {customer}")

    def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes | str = b""
    ) -> urllib3.BaseHTTPResponse:
        """Send a request; it has an API key only if `headers` has one."""
        url = self.stack.api_url + path
        return urllib3.request(
            method, url, headers=headers, body=body, retries=False, timeout=TIMEOUT_SECONDS
        )
