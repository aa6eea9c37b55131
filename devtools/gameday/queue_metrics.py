"""The metrics of the dead-letter queues, and of the rule that starts the workflow."""

from pathlib import Path
from typing import Final

from devtools.gameday.samples import Clock, Metric, Samples
from orderctl.dlq.queues import DeadLetterQueue
from orderctl.stack import QUEUES, Stack

_SQS: Final = "AWS/SQS"
_EVENTS: Final = "AWS/Events"
# The local cloud writes it for an event that it can't deliver to a target (patches/event_dead_letters.py).
_NOT_DELIVERED: Final = " not delivered: "


class QueueMetrics:
    """Looks at the queues, as SQS does once a minute.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """

    def __init__(self, stack: Stack, clock: Clock) -> None:
        self._queues = [DeadLetterQueue(stack, name) for name in QUEUES]
        self._clock = clock

    def collect(self, samples: Samples) -> None:
        """Add the sizes of the queues now."""
        for queue in self._queues:
            size = queue.size()
            for name, count in {
                "ApproximateNumberOfMessagesVisible": size.waiting,
                "ApproximateNumberOfMessagesNotVisible": size.hidden,
            }.items():
                metric = Metric(namespace=_SQS, name=name, subject=queue.name)
                samples.add(metric, self._clock.now(), float(count))


class RuleMetrics:
    """Counts the events that could not be delivered, in the log of the local cloud.

    FailedInvocations are those that failed for good, InvocationsSentToDlq those that went to the queue.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    """

    def __init__(self, server_log: Path, clock: Clock) -> None:
        self._log = server_log
        self._clock = clock
        self._read = server_log.stat().st_size

    def collect(self, samples: Samples) -> None:
        """Add what was logged since the last time."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            text = log.read()
        self._read += len(text)
        for _ in range(text.decode(errors="replace").count(_NOT_DELIVERED)):
            for name in ("FailedInvocations", "InvocationsSentToDlq"):
                samples.add(Metric(namespace=_EVENTS, name=name), self._clock.now(), 1.0)
