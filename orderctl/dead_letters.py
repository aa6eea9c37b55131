"""Reads the messages of the dead-letter queues without taking them out."""

import json
import time
from collections.abc import Iterator
from typing import Any, Final

from orderctl.stack import Stack

# Long enough that one look meets each message once, short enough that a redrive finds it again soon.
_HIDDEN_SECONDS: Final = 2


def find_dead_letter(stack: Stack, queue: str, order_id: str, *, timeout: float) -> dict[str, Any] | None:
    """Return the order's message in the queue of that service, as soon as it is there."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        for message in _receive(stack, queue):
            if message.get("orderId") == order_id:
                return message
    return None


def _receive(stack: Stack, queue: str) -> Iterator[dict[str, Any]]:
    received = stack.client("sqs").receive_message(
        QueueUrl=stack.dlq_urls[queue],
        MaxNumberOfMessages=10,
        VisibilityTimeout=_HIDDEN_SECONDS,
        WaitTimeSeconds=1,
    )
    for message in received.get("Messages", []):
        yield json.loads(message["Body"])
