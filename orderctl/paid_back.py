"""Records that a customer has the money back in another way: the provider refused the refund for good."""

from datetime import datetime
from typing import Final

from botocore.exceptions import ClientError

from handlers.contract.clock import rfc3339
from handlers.contract.names import PAYMENT_STEP, PaymentStatus
from orderctl.dynamodb import batch_get, is_condition_failed, to_item
from orderctl.errors import OperatorError
from orderctl.stack import Stack

_ATTRIBUTES: Final = ("orderId", "status")


def record_paid_back(stack: Stack, order_id: str, amount: int, now: datetime) -> None:
    """Change a CAPTURED payment to REFUNDED, without a call to the provider; raise OperatorError else.

    `amount` is the whole of it, in minor units. One that is REFUNDED already stays as it is.
    """
    dynamodb = stack.client("dynamodb")
    key = {"orderId": order_id, "record": PAYMENT_STEP}
    try:
        dynamodb.update_item(
            TableName=stack.orders_table,
            Key=to_item(key),
            UpdateExpression="SET #status = :refunded, #at = :now, amount = :amount, paidBack = :true",
            ConditionExpression="#status = :captured",
            ExpressionAttributeNames={"#status": "status", "#at": "at"},
            ExpressionAttributeValues=to_item(
                {
                    ":refunded": PaymentStatus.REFUNDED.value,
                    ":captured": PaymentStatus.CAPTURED.value,
                    ":now": rfc3339(now),
                    ":amount": amount,
                    ":true": True,
                }
            ),
        )
    except ClientError as error:
        if not is_condition_failed(error):
            raise
        found = next(batch_get(dynamodb, stack.orders_table, [key], _ATTRIBUTES), {})
        status = found.get("status", "absent")
        if status != PaymentStatus.REFUNDED:
            raise OperatorError(
                f"The payment of {order_id} is {status}, not CAPTURED",
                why="only money that was taken can be paid back",
                what_to_do="Run the command again without --paid-back.",
            ) from None
