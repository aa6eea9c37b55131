"""The ORDER record of the Orders table: stored once, read alone, with its steps, or by customer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from handlers.adapters.aws import translated
from handlers.adapters.dynamodb import (
    ConditionFailedError,
    Record,
    conditional_write,
    from_item,
    record_key,
    to_item,
)
from handlers.contract.clock import with_milliseconds
from handlers.contract.money import Money, OrderLine
from handlers.contract.names import (
    CUSTOMER_ORDERS_INDEX,
    INVENTORY_STEP,
    NOTIFICATION_STEP_PREFIX,
    ORDER_RECORD,
    PAYMENT_STEP,
    CancelReason,
    NotificationStatus,
    OpenKind,
    OrderStatus,
    open_key,
)
from handlers.contract.order_lifecycle import NOT_STORED, request_cancellation, stored_order
from handlers.contract.stock_counters import COUNTERS
from handlers.domain.errors import OrderNotFound
from handlers.domain.notification import NotificationKind
from handlers.domain.order import (
    Cancellation,
    Execution,
    ListPosition,
    Order,
    OrderSummary,
    RecordedStep,
    RecordedSteps,
)

_SERVICE: Final = "Orders table"
_WAITING: Final = open_key(OpenKind.WAITING, "")
# In the order in which a customer hears of them.
_NOTIFICATIONS: Final = [f"{NOTIFICATION_STEP_PREFIX}{kind}" for kind in NotificationKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some orders of a customer; `next` is where the next page begins, None on the last page."""

    orders: tuple[OrderSummary, ...]
    next: ListPosition | None


class OrdersTable:
    """`client` is a boto3 DynamoDB client. All methods raise DependencyUnavailable."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def place(self, order: Order) -> Order | None:
        """Store a new order, or return the order that is stored already under this id."""
        try:
            with conditional_write(_SERVICE):
                self._client.put_item(
                    TableName=self._table_name,
                    Item=to_item(_record(order)),
                    ConditionExpression=NOT_STORED,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailedError as failed:
            return _order(failed.stored)
        return None

    def request_cancellation(
        self, order_id: str, request: Cancellation, *, confirmed_since: str | None
    ) -> Order:
        """Let the next execution cancel the order, where that is possible; return the order as it is now.

        `confirmed_since`: see `order_lifecycle.request_cancellation`. Raises OrderNotFound.
        """
        # The words of a customer who was forgotten must not be stored.
        write = request_cancellation(
            order_id,
            request.requested_at,
            request.reason,
            comment=request.comment,
            confirmed_since=confirmed_since,
        )
        try:
            with conditional_write(_SERVICE):
                response = self._client.update_item(
                    TableName=self._table_name,
                    Key=record_key(order_id, ORDER_RECORD),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **write.arguments(to_item),
                )
        except ConditionFailedError as failed:
            if not failed.stored:
                raise OrderNotFound(order_id) from None
            if "forgottenAt" in failed.stored and request.comment is not None:
                without = replace(request, comment=None)
                return self.request_cancellation(order_id, without, confirmed_since=confirmed_since)
            return _order(failed.stored)
        return _order(from_item(response["Attributes"]))

    def read_order(self, order_id: str) -> Order:
        """Read an order, strongly consistent; raises OrderNotFound."""
        order = self.find_order(order_id)
        if order is None:
            raise OrderNotFound(order_id)
        return order

    def is_cancelling(self, order_id: str) -> bool:
        """Tell, strongly consistent, whether somebody asked to cancel the order; raises OrderNotFound."""
        return self.read_order(order_id).cancellation is not None

    def find_order(self, order_id: str) -> Order | None:
        """Read an order, strongly consistent; None when there is none."""
        with translated(_SERVICE):
            response = self._client.get_item(
                TableName=self._table_name,
                Key=record_key(order_id, ORDER_RECORD),
                ConsistentRead=True,
            )
        return _order(from_item(response["Item"])) if "Item" in response else None

    def read_order_with_steps(self, order_id: str) -> tuple[Order, RecordedSteps]:
        """Read the order and its steps in one request, strongly consistent; raises OrderNotFound."""
        records = self._records(order_id)
        return _order(records[ORDER_RECORD]), _steps(records)

    def read_order_and(self, record: str, order_id: str) -> tuple[Order, Record | None]:
        """Read the order and one of its other records in one request, as above; None when there is none.

        All records are read: together they cost no more than two reads, and one round trip less.
        """
        records = self._records(order_id)
        return _order(records[ORDER_RECORD]), records.get(record)

    def _records(self, order_id: str) -> dict[str, Record]:
        with translated(_SERVICE):
            # An order and its steps have some 20 KB at most: one page holds 1 MB.
            response = self._client.query(
                TableName=self._table_name,
                KeyConditionExpression="orderId = :order",
                ExpressionAttributeValues=to_item({":order": order_id}),
                ConsistentRead=True,
            )
        records = {item["record"]["S"]: from_item(item) for item in response["Items"]}
        if ORDER_RECORD not in records:
            raise OrderNotFound(order_id)
        return records

    def list_of_customer(self, customer_id: str, *, limit: int, after: ListPosition | None = None) -> Page:
        """List summaries, newest first. An order that was placed a moment ago may be missing."""
        start = {"ExclusiveStartKey": _index_key(customer_id, after)} if after else {}
        with translated(_SERVICE):
            response = self._client.query(
                TableName=self._table_name,
                IndexName=CUSTOMER_ORDERS_INDEX,
                KeyConditionExpression="customerId = :customer",
                ExpressionAttributeValues=to_item({":customer": customer_id}),
                ScanIndexForward=False,
                # One more than requested tells whether there is a next page.
                Limit=limit + 1,
                **start,
            )
        found = [_summary(from_item(item)) for item in response["Items"]]
        shown = tuple(found[:limit])
        if len(found) <= limit:
            return Page(orders=shown, next=None)
        return Page(
            orders=shown, next=ListPosition(created_at=shown[-1].created_at, order_id=shown[-1].order_id)
        )


def _index_key(customer_id: str, position: ListPosition) -> dict[str, Any]:
    index_key = {"customerId": customer_id, "createdAt": position.created_at}
    return to_item(index_key) | record_key(position.order_id, ORDER_RECORD)


def _record(order: Order) -> dict[str, Any]:
    return {
        "orderId": order.order_id,
        "record": ORDER_RECORD,
        "customerId": order.customer_id,
        "customerEmail": order.customer_email,
        "paymentMethod": order.payment_method,
        "items": [
            {"productId": line.product_id, "quantity": line.quantity, "unitPrice": line.unit_price}
            for line in order.items
        ],
        "total": {"amount": order.total.amount, "currency": order.total.currency},
        "requestHash": order.request_hash,
        **({COUNTERS: dict(order.counters)} if order.counters else {}),
        **stored_order(order.order_id, order.created_at),
    }


def _order(plain: Mapping[str, Any]) -> Order:
    return Order(
        order_id=plain["orderId"],
        customer_id=plain["customerId"],
        customer_email=plain.get("customerEmail"),
        payment_method=plain.get("paymentMethod"),
        status=OrderStatus(plain["status"]),
        reason=plain.get("reason"),
        items=tuple(_line(line) for line in plain["items"]),
        total=_money(plain["total"]),
        created_at=plain["createdAt"],
        updated_at=with_milliseconds(plain["updatedAt"]),
        request_hash=plain["requestHash"],
        execution=_execution(plain),
        settled_at=with_milliseconds(plain["settledAt"]) if "settledAt" in plain else None,
        cancellation=_cancellation(plain),
        waits_for_operator=plain.get("openKey", "").startswith(_WAITING),
        counters={product: int(counters) for product, counters in plain.get(COUNTERS, {}).items()},
    )


def _line(line: Mapping[str, Any]) -> OrderLine:
    return OrderLine(
        product_id=line["productId"], quantity=int(line["quantity"]), unit_price=int(line["unitPrice"])
    )


def _money(total: Mapping[str, Any]) -> Money:
    return Money(amount=int(total["amount"]), currency=total["currency"])


def _execution(order: Mapping[str, Any]) -> Execution | None:
    if "executionArn" not in order or "executionStartedAt" not in order:
        return None
    return Execution(arn=order["executionArn"], started_at=order["executionStartedAt"])


def _cancellation(order: Mapping[str, Any]) -> Cancellation | None:
    if "cancelRequestedAt" not in order:
        return None
    return Cancellation(
        requested_at=order["cancelRequestedAt"],
        reason=CancelReason(order["cancelReason"]),
        comment=order.get("cancelComment"),
    )


def _summary(plain: Mapping[str, Any]) -> OrderSummary:
    return OrderSummary(
        order_id=plain["orderId"],
        status=OrderStatus(plain["status"]),
        reason=plain.get("reason"),
        total=_money(plain["total"]),
        created_at=plain["createdAt"],
        updated_at=with_milliseconds(plain["updatedAt"]),
    )


def _steps(records: Mapping[str, Mapping[str, Any]]) -> RecordedSteps:
    notifications = (records[kind] for kind in _NOTIFICATIONS if kind in records)
    begun = [each for each in notifications if each["status"] != NotificationStatus.SKIPPED]
    return RecordedSteps(
        inventory=_step(records.get(INVENTORY_STEP)),
        payment=_step(records.get(PAYMENT_STEP)),
        notification=_step(begun[-1] if begun else None),
    )


def _step(record: Mapping[str, Any] | None) -> RecordedStep | None:
    if record is None:
        return None
    return RecordedStep(
        status=record["status"],
        at=record["at"],
        provider=record.get("provider"),
        reference=record.get("reference"),
        reason=record.get("reason"),
    )
