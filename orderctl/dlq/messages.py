"""A message on a dead-letter queue."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self
from uuid import UUID

from handlers.contract.names import DetailType
from orderctl.cause import one_line

# EventBridge adds these attributes to an event that it could not deliver.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
ERROR_ATTRIBUTE: Final = "ERROR_CODE"
CAUSE_ATTRIBUTE: Final = "ERROR_MESSAGE"

_NOTIFY: Final = "Notify"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A failed step of an order, or an event that was not published or not delivered.

    `body` is {"orderId", "step", "error", "cause", "executionArn", "event"} or the event. It holds no
    personal data. It is empty when the message is not a JSON object. `received` is how often a reader has
    received the message, this time included.
    """

    queue: str
    message_id: str
    receipt: str = field(repr=False)
    sent: datetime
    body: Mapping[str, Any]
    delivery_error: str = ""
    delivery_cause: str = ""
    received: int = 1

    @property
    def is_event(self) -> bool:
        """Tell whether the message is an event."""
        return "detail-type" in self.body

    @property
    def order_id(self) -> str | None:
        """Return the id of its order; None when the message is not from this system."""
        found = self.body.get("detail", {}) if self.is_event else self.body
        order_id = found.get("orderId") if isinstance(found, dict) else None
        return order_id if isinstance(order_id, str) and _is_uuid(order_id) else None

    @property
    def is_foreign(self) -> bool:
        """Tell whether the message is not from this system."""
        return self.order_id is None or (self.is_event and self.step not in set(DetailType))

    @property
    def is_announcement(self) -> bool:
        """Tell whether the message is an event that was not published."""
        return self.is_event and not self.is_foreign and not DetailType(self.step).starts_workflow

    @property
    def notification(self) -> str | None:
        """Return the kind of the notification that was not sent; None for another step."""
        is_notification = not self.is_event and self.step.startswith(_NOTIFY)
        return self.step.removeprefix(_NOTIFY).lower() if is_notification else None

    @property
    def step(self) -> str:
        """Return the state that failed, or the type of the event."""
        return str(self.body.get("detail-type" if self.is_event else "step", "?"))

    @property
    def error(self) -> str:
        """Return the name of the error; "?" when it is not known."""
        return str(self.body.get("error") or self.delivery_error or "?")

    @property
    def cause(self) -> str:
        """Return the error and the first line of its cause, shortened to about 80 characters."""
        return one_line(self.error, self.whole_cause)

    @property
    def whole_cause(self) -> str:
        """Return the cause as it was parked: text, or the JSON of an exception."""
        return str(self.body.get("cause") or self.delivery_cause)

    @classmethod
    def from_sqs(cls, queue: str, message: Mapping[str, Any]) -> Self:
        """Parse a message of an SQS response."""
        attributes = message.get("MessageAttributes", {})
        return cls(
            queue=queue,
            message_id=message["MessageId"],
            receipt=message["ReceiptHandle"],
            sent=datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC),
            body=_parse_body(message["Body"]),
            delivery_error=attributes.get(ERROR_ATTRIBUTE, {}).get("StringValue", ""),
            delivery_cause=attributes.get(CAUSE_ATTRIBUTE, {}).get("StringValue", ""),
            received=int(message["Attributes"]["ApproximateReceiveCount"]),
        )


def _is_uuid(text: str) -> bool:
    """Tell whether it can be an order id; the table refuses some other texts as a key."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _parse_body(text: str) -> Mapping[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
