"""The SNS topic whose subscribers deliver to the customer."""

import json
from typing import Any

from handlers.adapters.aws import translated
from handlers.domain.notification import Notification


class NotificationTopic:
    """`client` is a boto3 SNS client."""

    def __init__(self, client: Any, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def publish(self, notification: Notification) -> str:
        """Return the message's id; raises DependencyUnavailable.

        The kind is an attribute too, for those who subscribe with a filter policy.
        https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
        """
        with translated("SNS"):
            response = self._client.publish(
                TopicArn=self._topic_arn,
                Subject=notification.subject,
                Message=_message(notification),
                MessageAttributes={"kind": {"DataType": "String", "StringValue": notification.kind.value}},
            )
        message_id: str = response["MessageId"]
        return message_id


def _message(notification: Notification) -> str:
    return json.dumps(
        {
            "orderId": notification.order_id,
            "kind": notification.kind,
            "to": notification.to,
            "subject": notification.subject,
            "body": notification.body,
        }
    )
