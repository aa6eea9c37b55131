"""The dead-letter queues: receives their messages, makes them visible again, and deletes them."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from orderctl.chunks import chunks
from orderctl.dlq.messages import CAUSE_ATTRIBUTE, ERROR_ATTRIBUTE, DeadLetter
from orderctl.stack import Stack

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
_MAX_MESSAGES: Final = 10
_MAX_VISIBILITY_TIMEOUT: Final = 12 * 60 * 60
# SQS keeps no order and can deliver a message twice: one batch of known messages is not the end of a queue.
_MAX_BATCHES_OF_KNOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSize:
    """The approximate numbers of visible messages and of those that a reader has hidden, at a time."""

    waiting: int
    hidden: int
    at: datetime


class DeadLetterQueue:
    """One queue of a deployed stack."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.name = name
        self._url = stack.dlq_urls[name]
        self._sqs = stack.client("sqs")

    def size(self) -> QueueSize:
        """Read the size; it can be a minute old."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        response = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)
        waiting, hidden = (int(response["Attributes"][name]) for name in names)
        return QueueSize(waiting=waiting, hidden=hidden, at=_time_of(response))

    def receive(self, visibility_timeout: int, wait_seconds: int) -> list[DeadLetter]:
        """Receive up to 10 messages, and hide them from other readers for `visibility_timeout` seconds."""
        response = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_MAX_MESSAGES,
            VisibilityTimeout=min(visibility_timeout, _MAX_VISIBILITY_TIMEOUT),
            # Long polling asks all servers of SQS: an empty response then means an empty queue.
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
            MessageAttributeNames=[ERROR_ATTRIBUTE, CAUSE_ATTRIBUTE],
        )
        return [DeadLetter.from_sqs(self.name, message) for message in response.get("Messages", [])]

    def give_back(self, messages: Iterable[DeadLetter]) -> None:
        """Make the messages visible to other readers; after an error, their visibility timeout does it."""
        with suppress(BotoCoreError, ClientError):
            for chunk in chunks(messages, _MAX_MESSAGES):
                entries = [{**entry, "VisibilityTimeout": 0} for entry in _entries(chunk)]
                self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

    def delete(self, messages: Iterable[DeadLetter]) -> int:
        """Delete the messages and return how many SQS deleted; the others can safely be redriven again."""
        deleted = 0
        for chunk in chunks(messages, _MAX_MESSAGES):
            response = self._sqs.delete_message_batch(QueueUrl=self._url, Entries=_entries(chunk))
            deleted += len(response.get("Successful", []))
        return deleted


@dataclass(slots=True, kw_only=True)
class ReceivedMessages:
    """The messages of some queues; other readers don't see them until `give_back`."""

    queues: Mapping[str, DeadLetterQueue]
    sizes: Mapping[str, QueueSize]
    _by_id: dict[str, DeadLetter] = field(default_factory=dict)

    @property
    def messages(self) -> list[DeadLetter]:
        """Return the messages, the oldest first."""
        return sorted(self._by_id.values(), key=lambda message: message.sent)

    @property
    def in_flight(self) -> int:
        """Return how many messages other readers had hidden before this one began; it can be a minute old."""
        return sum(size.hidden for size in self.sizes.values())

    def receive_all(self, *, visibility_timeout: int, wait_seconds: int) -> None:
        """Receive the messages of all queues, in parallel."""
        if not self.queues:  # emptied since their sizes were read
            return
        stopped = threading.Event()
        with ThreadPoolExecutor(len(self.queues)) as pool:
            readers = [
                pool.submit(self._receive_from, queue, stopped, visibility_timeout, wait_seconds)
                for queue in self.queues.values()
            ]
            try:
                for reader in readers:
                    reader.result()
            finally:
                stopped.set()

    def delete(self, messages: Iterable[DeadLetter]) -> int:
        """Delete these messages and return how many SQS deleted."""
        deleted = 0
        for queue, of_queue in _by_queue(messages).items():
            deleted += self.queues[queue].delete(of_queue)
            for message in of_queue:
                self._by_id.pop(message.message_id, None)
        return deleted

    def give_back(self) -> None:
        """Make the messages that were not deleted visible to other readers."""
        for queue, messages in _by_queue(self._by_id.values()).items():
            self.queues[queue].give_back(messages)
        self._by_id.clear()

    def _receive_from(
        self, queue: DeadLetterQueue, stopped: threading.Event, visibility_timeout: int, wait_seconds: int
    ) -> None:
        batches_of_known = 0
        while not stopped.is_set() and batches_of_known < _MAX_BATCHES_OF_KNOWN:
            messages = queue.receive(visibility_timeout, wait_seconds)
            if not messages:
                return
            known = all(message.message_id in self._by_id for message in messages)
            self._by_id |= {message.message_id: message for message in messages}
            # Messages that were sent after the start count as known: a failing service sends them forever.
            new = not known and any(message.sent <= self.sizes[queue.name].at for message in messages)
            batches_of_known = 0 if new else batches_of_known + 1


@contextmanager
def read_queues(
    stack: Stack,
    names: Sequence[str],
    *,
    seconds_per_message: float = 0.0,
    wait_seconds: int | None = None,
) -> Iterator[ReceivedMessages]:
    """Receive all messages of these queues; at the end, give back those that were not deleted.

    A received message is hidden from other readers. Two commands that read at the same time see a part each.
    The messages of a killed command stay hidden for half a minute, and for `seconds_per_message` more for
    each message (the time that its work takes). No message is lost.
    """
    queues = {name: DeadLetterQueue(stack, name) for name in names}
    sizes = {name: queue.size() for name, queue in queues.items()}
    waiting = sum(size.waiting for size in sizes.values())
    received = ReceivedMessages(queues=queues, sizes=sizes)
    try:
        received.receive_all(
            visibility_timeout=visibility_timeout(waiting, seconds_per_message),
            wait_seconds=_wait_seconds(stack) if wait_seconds is None else wait_seconds,
        )
        yield received
    finally:
        received.give_back()


def visibility_timeout(messages: int, seconds_per_message: float = 0.0) -> int:
    """Return for how many seconds a reader hides messages, when its work on each takes that long."""
    # A slow connection reads 50 messages a second.
    return int(30 + messages * (0.02 + seconds_per_message))


def _wait_seconds(stack: Stack) -> int:
    # The queue of an emulator is on one server, which an empty response comes from at once.
    return 0 if stack.endpoint_url else 1


def _time_of(response: Mapping[str, Any]) -> datetime:
    """Return the time by the clock of SQS, which also stamps the messages; this machine's can be wrong."""
    date = response["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
    # The header has no fraction of the second.
    return parsedate_to_datetime(date) + timedelta(seconds=1) if date else datetime.now(UTC)


def _by_queue(messages: Iterable[DeadLetter]) -> dict[str, list[DeadLetter]]:
    queues: dict[str, list[DeadLetter]] = {}
    for message in messages:
        queues.setdefault(message.queue, []).append(message)
    return queues


def _entries(messages: Sequence[DeadLetter]) -> list[dict[str, Any]]:
    return [{"Id": str(number), "ReceiptHandle": message.receipt} for number, message in enumerate(messages)]
