"""The dead-letter queues: their messages, read without taking them out, given back or deleted."""

import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from orderctl.stack import Stack

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
_AT_ONCE: Final = 10
_PAUSE_SECONDS: Final = 0.2
# SQS keeps no order and may deliver again: one batch that tells nothing new is not the end.
_BATCHES_WITHOUT_NEWS: Final = 3
_LONGEST_HIDING: Final = 12 * 60 * 60
# What EventBridge says of an event that it could not deliver.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
_ERROR_ATTRIBUTE: Final = "ERROR_CODE"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One message: a step that a service could not do, or an event that was not delivered or not published.

    `body` is {"orderId", "step", "error", "cause", "executionArn", "event"} or the event, and holds no
    personal data; it is empty when the message is none of ours.
    """

    queue: str
    message_id: str
    receipt: str = field(repr=False)
    sent: datetime
    body: Mapping[str, Any]
    delivery_error: str = ""

    @property
    def is_event(self) -> bool:
        """Tell whether it is an event itself."""
        return "detail-type" in self.body

    @property
    def order_id(self) -> str | None:
        """Return the order it is about; None when it is none of ours."""
        found = self.body.get("detail", {}) if self.is_event else self.body
        order_id = found.get("orderId") if isinstance(found, dict) else None
        return order_id if isinstance(order_id, str) else None

    @property
    def step(self) -> str:
        """Return the state that failed, or the type of the event."""
        return str(self.body.get("detail-type" if self.is_event else "step", "?"))

    @property
    def error(self) -> str:
        """Return the name of the error, as far as it is known."""
        return str(self.body.get("error") or self.delivery_error or "?")

    @classmethod
    def from_message(cls, queue: str, message: Mapping[str, Any]) -> Self:
        """Read what SQS answered."""
        reason = message.get("MessageAttributes", {}).get(_ERROR_ATTRIBUTE, {})
        return cls(
            queue=queue,
            message_id=message["MessageId"],
            receipt=message["ReceiptHandle"],
            sent=datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC),
            body=_body(message["Body"]),
            delivery_error=reason.get("StringValue", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSize:
    """About how many messages waited in a queue at that time, and how many somebody was just reading."""

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
        """Ask how much there is; SQS may be behind by a minute."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)
        waiting, hidden = (int(answer["Attributes"][name]) for name in names)
        return QueueSize(waiting=waiting, hidden=hidden, at=_answered_at(answer))

    def receive(self, hidden_seconds: int, wait_seconds: int) -> list[DeadLetter]:
        """Receive some messages and hide them from others; none is there when none comes."""
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_AT_ONCE,
            VisibilityTimeout=min(hidden_seconds, _LONGEST_HIDING),
            # A wait makes SQS ask all its servers, so that an empty answer means an empty queue.
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["SentTimestamp"],
            MessageAttributeNames=[_ERROR_ATTRIBUTE],
        )
        return [DeadLetter.from_message(self.name, message) for message in answer.get("Messages", [])]

    def give_back(self, letters: Iterable[DeadLetter]) -> None:
        """Let others see them again; a message that can't be given back comes back by itself."""
        with suppress(BotoCoreError, ClientError):
            for chunk in _chunks(letters):
                entries = [{**entry, "VisibilityTimeout": 0} for entry in _entries(chunk)]
                self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

    def delete(self, letters: Iterable[DeadLetter]) -> int:
        """Delete them and say how many are; one that is not will be redriven again, which does no harm."""
        deleted = 0
        for chunk in _chunks(letters):
            answer = self._sqs.delete_message_batch(QueueUrl=self._url, Entries=_entries(chunk))
            deleted += len(answer.get("Successful", []))
        return deleted


@dataclass(slots=True, kw_only=True)
class Reading:
    """What was in some queues at one moment; it stays hidden from others until the reading is over."""

    queues: Mapping[str, DeadLetterQueue]
    sizes: Mapping[str, QueueSize]
    _held: dict[str, DeadLetter] = field(default_factory=dict)

    @property
    def letters(self) -> list[DeadLetter]:
        """Return the messages, the oldest first."""
        return sorted(self._held.values(), key=lambda letter: letter.sent)

    def delete(self, letters: Iterable[DeadLetter]) -> int:
        """Delete these messages and say how many are."""
        deleted = 0
        for queue, of_queue in _by_queue(letters).items():
            deleted += self.queues[queue].delete(of_queue)
            for letter in of_queue:
                self._held.pop(letter.message_id, None)
        return deleted

    def receive_all(self, *, hidden_seconds: int, wait_seconds: int) -> None:
        """Read all the queues at once."""
        stopped = threading.Event()
        with ThreadPoolExecutor(len(self.queues)) as pool:
            readers = [
                pool.submit(self._receive_from, queue, stopped, hidden_seconds, wait_seconds)
                for queue in self.queues.values()
            ]
            try:
                for reader in readers:
                    reader.result()
            finally:
                stopped.set()

    def give_back(self) -> None:
        """Let others see the messages that are left."""
        for queue, letters in _by_queue(self._held.values()).items():
            self.queues[queue].give_back(letters)
        self._held.clear()

    def _receive_from(
        self, queue: DeadLetterQueue, stopped: threading.Event, hidden_seconds: int, wait_seconds: int
    ) -> None:
        without_news = 0
        while not stopped.is_set() and without_news < _BATCHES_WITHOUT_NEWS:
            letters = queue.receive(hidden_seconds, wait_seconds)
            if not letters:
                return
            known = all(letter.message_id in self._held for letter in letters)
            self._held |= {letter.message_id: letter for letter in letters}
            # Only what arrived since is no news: while a service fails, its queue fills for ever.
            new = not known and any(letter.sent <= self.sizes[queue.name].at for letter in letters)
            without_news = 0 if new else without_news + 1


@contextmanager
def reading(
    stack: Stack,
    names: Sequence[str],
    *,
    seconds_per_message: float = 0.0,
    wait_seconds: int = 1,
) -> Iterator[Reading]:
    """Read everything that is in these queues, and give it back in the end, but for what was deleted.

    Reading from SQS hides a message from every other reader: two commands that read at the same time see each
    a part. A reader that is killed leaves its messages hidden for half a minute, and for
    `seconds_per_message` more of each (what its work takes). Nobody ever loses a message by that.
    """
    queues = {name: DeadLetterQueue(stack, name) for name in names}
    sizes = {name: queue.size() for name, queue in queues.items()}
    waiting = sum(size.waiting for size in sizes.values())
    found = Reading(queues=queues, sizes=sizes)
    try:
        found.receive_all(
            # 50 messages a second are read on the slowest line.
            hidden_seconds=int(30 + waiting * (0.02 + seconds_per_message)),
            wait_seconds=wait_seconds,
        )
        yield found
    finally:
        found.give_back()


def find_dead_letter(stack: Stack, queue: str, order_id: str, *, timeout: float) -> dict[str, Any] | None:
    """Return the order's message in the queue of that service, as soon as it is there."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with reading(stack, [queue], wait_seconds=0) as found:
            for letter in found.letters:
                if letter.order_id == order_id:
                    return dict(letter.body)
        time.sleep(_PAUSE_SECONDS)
    return None


def _answered_at(answer: Mapping[str, Any]) -> datetime:
    """Return the time by the clock that stamps the messages; this machine's may be wrong."""
    date = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
    # The header leaves out the fraction of the second.
    return parsedate_to_datetime(date) + timedelta(seconds=1) if date else datetime.now(UTC)


def _body(text: str) -> Mapping[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _by_queue(letters: Iterable[DeadLetter]) -> dict[str, list[DeadLetter]]:
    queues: dict[str, list[DeadLetter]] = {}
    for letter in letters:
        queues.setdefault(letter.queue, []).append(letter)
    return queues


def _entries(letters: Sequence[DeadLetter]) -> list[dict[str, Any]]:
    return [{"Id": str(number), "ReceiptHandle": letter.receipt} for number, letter in enumerate(letters)]


def _chunks(letters: Iterable[DeadLetter]) -> Iterator[list[DeadLetter]]:
    remaining = iter(letters)
    while chunk := list(islice(remaining, _AT_ONCE)):
        yield chunk
