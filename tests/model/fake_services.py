"""In-memory EventBridge, SNS and SQS with the operations that this system calls."""

import json
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from handlers.contract.names import DetailType

Json = Any


@dataclass(kw_only=True)
class FakeBus:
    """An EventBridge bus that records its events."""

    events: list[Json] = field(default_factory=list)

    def put_events(self, *, Entries: list[Json]) -> Json:  # noqa: N803  boto3's name
        for entry in Entries:
            detail = entry["Detail"] if isinstance(entry["Detail"], dict) else json.loads(entry["Detail"])
            self.events.append(
                {"source": entry["Source"], "detail-type": entry["DetailType"], "detail": detail}
            )
        return {"FailedEntryCount": 0, "Entries": [{"EventId": str(uuid.uuid4())} for _ in Entries]}

    def starting(self) -> list[Json]:
        """Return the events that start an execution, oldest first."""
        return [event for event in self.events if DetailType(event["detail-type"]).starts_workflow]


@dataclass(kw_only=True)
class FakeTopic:
    """An SNS topic that records every message as (order id, kind)."""

    published: list[tuple[str, str]] = field(default_factory=list)

    def publish(self, *, Message: str, **_: Any) -> Json:  # noqa: N803  boto3's name
        message = json.loads(Message)
        self.published.append((message["orderId"], message["kind"]))
        return {"MessageId": str(uuid.uuid4())}


@dataclass(kw_only=True)
class FakeMessage:
    """A message of a queue; a hidden message can't be received."""

    id: str
    body: str
    sent: float
    hidden: bool = False


@dataclass(kw_only=True)
class FakeQueues:
    """SQS queues; a received message is hidden until it is released or deleted, or `reappear` is called."""

    clock: Callable[[], float] = time.time
    queues: dict[str, dict[str, FakeMessage]] = field(default_factory=lambda: defaultdict(dict))

    def send_message(self, *, QueueUrl: str, MessageBody: Json) -> Json:  # noqa: N803  boto3's names
        body = MessageBody if isinstance(MessageBody, str) else json.dumps(MessageBody)
        message = FakeMessage(id=str(uuid.uuid4()), body=body, sent=self.clock())
        self.queues[QueueUrl][message.id] = message
        return {"MessageId": message.id}

    def receive_message(self, *, QueueUrl: str, MaxNumberOfMessages: int, **_: Any) -> Json:  # noqa: N803
        visible = [message for message in self.queues[QueueUrl].values() if not message.hidden]
        for message in visible[:MaxNumberOfMessages]:
            message.hidden = True
        return {"Messages": [_received(message) for message in visible[:MaxNumberOfMessages]]}

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[Json]) -> Json:  # noqa: N803
        existing = [entry for entry in Entries if entry["ReceiptHandle"] in self.queues[QueueUrl]]
        for entry in existing:
            self.queues[QueueUrl][entry["ReceiptHandle"]].hidden = False
        return {"Successful": existing}

    def delete_message_batch(self, *, QueueUrl: str, Entries: list[Json]) -> Json:  # noqa: N803
        for entry in Entries:
            self.queues[QueueUrl].pop(entry["ReceiptHandle"], None)
        return {"Successful": Entries}

    def get_queue_attributes(self, *, QueueUrl: str, **_: Any) -> Json:  # noqa: N803
        hidden = [message.hidden for message in self.queues[QueueUrl].values()]
        return {
            "ResponseMetadata": {},
            "Attributes": {
                "ApproximateNumberOfMessages": str(hidden.count(False)),
                "ApproximateNumberOfMessagesNotVisible": str(hidden.count(True)),
            },
        }

    def reappear(self) -> None:
        """End every visibility timeout, because a killed reader does not release its messages."""
        for queue in self.queues.values():
            for message in queue.values():
                message.hidden = False

    def size(self) -> int:
        """Count the messages of all queues."""
        return sum(map(len, self.queues.values()))


def _received(message: FakeMessage) -> Json:
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.id,
        "Body": message.body,
        "Attributes": {"SentTimestamp": str(int(message.sent * 1000)), "ApproximateReceiveCount": "1"},
    }
