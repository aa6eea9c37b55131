"""Erases what names a customer from the customer's settled orders."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from handlers.contract import order_lifecycle as lifecycle
from handlers.contract.clock import Clock, rfc3339, utc_now
from handlers.contract.names import CUSTOMER_ORDERS_INDEX, ORDER_RECORD, OrderStatus
from orderctl.dynamodb import batch_get, to_item, to_plain
from orderctl.order_writes import write_order
from orderctl.stack import Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOfCustomer:
    """`is_closed`: it is settled, and everybody was told."""

    order_id: str
    status: str
    is_closed: bool


class CustomerOrders:
    """The orders of one customer in a deployed stack.

    They are found by an index, which is a moment behind the table: an order that was placed a second ago may
    be missing. Each order is changed by one conditional write, so a run that was cut off is finished by the
    next one, which finds only the rest.
    """

    def __init__(
        self,
        stack: Stack,
        customer_id: str,
        *,
        now: Clock = utc_now,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._dynamodb = stack.client("dynamodb")
        self._table = stack.orders_table
        self._customer_id = customer_id
        self._now = now
        self._sleep = sleep

    def find(self) -> list[OrderOfCustomer]:
        """Read all of them, the oldest first."""
        order_ids = list(self._order_ids())
        keys = [{"orderId": order_id, "record": ORDER_RECORD} for order_id in order_ids]
        read = batch_get(self._dynamodb, self._table, keys, ("orderId", "status", "openKey"))
        by_id = {record["orderId"]: _order(record) for record in read}
        return [by_id[order_id] for order_id in order_ids if order_id in by_id]

    def forget(self, orders: list[OrderOfCustomer], *, rate: float) -> Iterator[tuple[OrderOfCustomer, bool]]:
        """Erase at most `rate` orders a second; yield each with whether it was erased.

        An order that was opened again since it was read stays as it is.
        """
        for order in orders:
            yield order, self._forget(order.order_id)
            self._sleep(1 / rate)

    def _forget(self, order_id: str) -> bool:
        write = lifecycle.forget(order_id, self._customer_id, rfc3339(self._now()))
        return write_order(self._dynamodb, self._table, order_id, write)

    def _order_ids(self) -> Iterator[str]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=CUSTOMER_ORDERS_INDEX,
            KeyConditionExpression="customerId = :customer",
            ExpressionAttributeValues=to_item({":customer": self._customer_id}),
        )
        for page in pages:
            yield from (to_plain(item)["orderId"] for item in page["Items"])


def _order(record: dict[str, Any]) -> OrderOfCustomer:
    settled = {status for status in OrderStatus if status.is_settled}
    return OrderOfCustomer(
        order_id=record["orderId"],
        status=record["status"],
        is_closed=record["status"] in settled and "openKey" not in record,
    )
