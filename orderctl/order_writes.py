"""A write of an operator to the record of an order, by the rules of its life."""

from typing import Any

from botocore.exceptions import ClientError

from handlers.contract.names import ORDER_RECORD
from handlers.contract.order_lifecycle import OrderWrite
from orderctl.dynamodb import is_condition_failed, to_item


def write_order(dynamodb: Any, table: str, order_id: str, write: OrderWrite) -> bool:
    """Make the write; False when the order is not as its condition says, and stays as it is."""
    try:
        dynamodb.update_item(
            TableName=table,
            Key=to_item({"orderId": order_id, "record": ORDER_RECORD}),
            **write.arguments(to_item),
        )
    except ClientError as error:
        if not is_condition_failed(error):
            raise
        return False
    return True
