"""The delivery dead-letter queue: announcements that the bus did not take."""

import json
from typing import Any

from handlers.adapters.aws import translated
from handlers.contract.events import Event
from handlers.contract.names import EVENT_SOURCE


class DeliveryQueue:
    """`client` is a boto3 SQS client."""

    def __init__(self, client: Any, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def park(self, event: Event) -> None:
        """Send the event itself to the queue, for a redrive; raises DependencyUnavailable."""
        body = {"source": EVENT_SOURCE, "detail-type": event.detail_type.value, "detail": event.detail}
        with translated("delivery queue"):
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(body))
