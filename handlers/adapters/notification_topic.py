"""The SNS topic whose subscribers deliver to the customer."""

import json
from typing import Any, Final

from botocore.exceptions import ClientError

from handlers.adapters.aws import error_code, translated
from handlers.domain.errors import NotificationRefused
from handlers.domain.notification import Notification

# The key of the topic, or the topic itself, is not usable. KMSThrottling passes, so it is not here.
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors
_REFUSALS: Final = frozenset(
    {
        "InvalidParameter",
        "ParameterValueInvalid",
        "KMSAccessDenied",
        "KMSDisabled",
        "KMSInvalidState",
        "KMSNotFound",
        "KMSOptInRequired",
    }
)


class NotificationTopic:
    """`client` is a boto3 SNS client."""

    def __init__(self, client: Any, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def publish(self, notification: Notification) -> str:
        """Return the message's id; raises DependencyUnavailable or NotificationRefused.

        The kind is an attribute too, for those who subscribe with a filter policy.
        https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
        """
        try:
            with translated("SNS"):
                response = self._client.publish(
                    TopicArn=self._topic_arn,
                    Subject=notification.subject,
                    Message=_message(notification),
                    MessageAttributes={
                        "kind": {"DataType": "String", "StringValue": notification.kind.value}
                    },
                )
        except ClientError as error:
            if (code := error_code(error)) not in _REFUSALS:
                raise
            # Not SNS's own text: it can repeat a value of the message.
            raise NotificationRefused(f"SNS can't publish: {code}") from error
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
