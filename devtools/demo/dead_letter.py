"""Waits for the dead letter of an order."""

import time
from typing import Any, Final

from orderctl.dlq.queues import read_queues
from orderctl.stack import Stack

_PAUSE_SECONDS: Final = 0.2


def find_dead_letter(stack: Stack, queue: str, order_id: str, *, timeout: float) -> dict[str, Any] | None:
    """Return the body of the order's message as soon as it is on the queue; None after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with read_queues(stack, [queue], wait_seconds=0) as received:
            for message in received.messages:
                if message.order_id == order_id:
                    return dict(message.body)
        time.sleep(_PAUSE_SECONDS)
    return None
