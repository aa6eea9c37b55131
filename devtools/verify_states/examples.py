"""Fills the placeholders of the definition and of the recordings with values like those on AWS."""

import re
from typing import Any, Final

from devtools.asl.definition import MACHINE

_REGION: Final = "us-east-1"
_ACCOUNT: Final = "111122223333"  # the account of the examples in AWS's documentation
_LAMBDA: Final = f"arn:aws:lambda:{_REGION}:{_ACCOUNT}:function"
_SQS: Final = f"https://sqs.{_REGION}.amazonaws.com/{_ACCOUNT}"
_STATES: Final = f"arn:aws:states:{_REGION}:{_ACCOUNT}"
_NAME: Final = "5f0d3b6e-2f1c-4d43-9a52-3f3a0f6c9c11"
_RUN: Final = "0c9d1c1e-7f8e-4f0c-8d7f-4f4c2b7d3a55"

VALUES: Final = {
    "Account": _ACCOUNT,
    "Region": _REGION,
    "RoleArn": f"arn:aws:iam::{_ACCOUNT}:role/{MACHINE}",
    "ExecutionName": _NAME,
    # The ARN of an Express execution.
    # https://docs.aws.amazon.com/step-functions/latest/dg/concepts-express-synchronous.html
    "ExecutionArn": f"{_STATES}:express:{MACHINE}:{_NAME}:{_RUN}",
    "StateMachineArn": f"{_STATES}:stateMachine:{MACHINE}",
    "StartTime": "2026-01-15T10:30:00.123Z",
    "EnteredTime": "2026-01-15T10:30:01.456Z",
    "EventTime": "2026-01-15T10:30:00Z",
    "EventId": "7bf73129-1428-4cd3-a780-95db273d1602",
    "OrderId": "3c1f0c52-6c0e-4d38-8b0f-0d7a2c0e9b71",
    "MessageId": "0a3f2f3e-5b64-4b43-9c1b-0f1f5f6e7d80",
    "Id": "B3VJ4TQ0AGHK2L8M5N7P9R1S6TVV4KQNSO5AEMVJF66Q9ASUAAJG",
    "InventoryFunctionArn": f"{_LAMBDA}:inventory",
    "PaymentFunctionArn": f"{_LAMBDA}:payment",
    "NotificationFunctionArn": f"{_LAMBDA}:notification",
    "InventoryDlqUrl": f"{_SQS}/inventory",
    "PaymentDlqUrl": f"{_SQS}/payment",
    "NotificationDlqUrl": f"{_SQS}/notification",
    "DeliveryDlqUrl": f"{_SQS}/delivery",
    "OrdersTableName": "orders",
    "EventBusName": "ecommerce",
}
_PLACEHOLDER: Final = re.compile(r"\$\{(\w+)}")


def filled(value: Any) -> Any:
    """Fill the placeholders in a value and in all values inside it; raise KeyError for an unknown one."""
    match value:
        case dict():
            return {name: filled(each) for name, each in value.items()}
        case list():
            return [filled(each) for each in value]
        case str():
            return _PLACEHOLDER.sub(lambda found: VALUES[found[1]], value)
    return value
