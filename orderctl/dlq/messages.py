"""A message on a dead-letter queue."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self

# EventBridge adds this attribute to an event that it could not deliver.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
ERROR_ATTRIBUTE: Final = "ERROR_CODE"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A failed step of an order, or an event that was not published or not delivered.

    `body` is {"orderId", "step", "error", "cause", "executionArn", "event"} or the event. It holds no
    personal data. It is empty when the message is not a JSON object.
    """

    queue: str
    message_id: str
    receipt: str = field(repr=False)
    sent: datetime
    body: Mapping[str, Any]
    delivery_error: str = ""

    @property
    def is_event(self) -> bool:
        """Tell whether the message is an event."""
        return "detail-type" in self.body

    @property
    def order_id(self) -> str | None:
        """Return the id of its order; None when the message is not from this system."""
        found = self.body.get("detail", {}) if self.is_event else self.body
        order_id = found.get("orderId") if isinstance(found, dict) else None
        return order_id if isinstance(order_id, str) else None

    @property
    def step(self) -> str:
        """Return the state that failed, or the type of the event."""
        return str(self.body.get("detail-type" if self.is_event else "step", "?"))

    @property
    def error(self) -> str:
        """Return the name of the error; "?" when it is not known."""
        return str(self.body.get("error") or self.delivery_error or "?")

    @classmethod
    def from_sqs(cls, queue: str, message: Mapping[str, Any]) -> Self:
        """Parse a message of an SQS response."""
        delivery_error = message.get("MessageAttributes", {}).get(ERROR_ATTRIBUTE, {})
        return cls(
            queue=queue,
            message_id=message["MessageId"],
            receipt=message["ReceiptHandle"],
            sent=datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC),
            body=_parse_body(message["Body"]),
            delivery_error=delivery_error.get("StringValue", ""),
        )


def _parse_body(text: str) -> Mapping[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
