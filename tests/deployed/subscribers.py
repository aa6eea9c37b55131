"""Queues that receive the notifications and the events of a deployed stack while a test runs."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self
from uuid import uuid4

from handlers.contract.names import EVENT_SOURCE
from orderctl.stack import Stack
from tests.waiting import eventually

# Long polling asks all servers of SQS, so that an empty response means an empty queue.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
_WAIT_SECONDS = 1


class Subscriber:
    """A queue that receives what is published, and keeps all of it."""

    def __init__(self, stack: Stack, name: str, url: str) -> None:
        self._sqs = stack.client("sqs")
        self._url = url
        self._probe = f"probe-{name}"
        self._received: dict[str, dict[str, Any]] = {}
        self._is_reached = False

    @classmethod
    @contextmanager
    def on(cls, stack: Stack) -> Iterator[tuple[Self, str]]:
        """Make the queue, and delete it at the end; yield it with its ARN."""
        sqs, name = stack.client("sqs"), f"subscriber-{uuid4()}"
        account = stack.state_machine_arn.split(":")[4]
        arn = f"arn:aws:sqs:{stack.region}:{account}:{name}"
        url = sqs.create_queue(QueueName=name, Attributes={"Policy": _policy(stack, account, arn)})[
            "QueueUrl"
        ]
        try:
            yield cls(stack, name, url), arn
        finally:
            sqs.delete_queue(QueueUrl=url)

    def received(self) -> list[dict[str, Any]]:
        """Receive until the queue is empty; return all messages until now, parsed."""
        while self._receive():
            pass
        return list(self._received.values())

    def received_of(self, order_id: str) -> list[dict[str, Any]]:
        """Return the messages about one order."""
        return _about(self.received(), order_id)

    def wait_for(self, order_id: str, *, count: int) -> list[dict[str, Any]]:
        """Return the messages about one order as soon as there are `count` of them."""

        def arrived() -> list[dict[str, Any]]:
            if len(found := _about(self._received.values(), order_id)) >= count:
                return found
            self._receive()
            return []

        return eventually(arrived, f"one of {count} messages about {order_id}")

    def wait_until_reached(self, publish: Callable[[str], object]) -> None:
        """Publish a probe until it arrives: a new policy, rule or subscription takes a moment on AWS.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
        """

        def reached() -> bool:
            publish(self._probe)
            self._receive()
            return self._is_reached

        eventually(reached, "the first message of a new subscription")

    def _receive(self) -> bool:
        """Keep the next messages; return False when there is none."""
        response = self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=_WAIT_SECONDS
        )
        messages = response.get("Messages", [])
        for message in messages:
            if self._probe in message["Body"]:
                self._is_reached = True
            else:
                # SQS can deliver a message twice.
                self._received[message["MessageId"]] = json.loads(message["Body"])
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return bool(messages)


@contextmanager
def notifications_of(stack: Stack, topic_arn: str) -> Iterator[Subscriber]:
    """Receive every notification from now on, without the envelope of SNS."""
    sns = stack.client("sns")
    with Subscriber.on(stack) as (subscriber, queue_arn):
        subscription = sns.subscribe(
            TopicArn=topic_arn,
            Protocol="sqs",
            Endpoint=queue_arn,
            Attributes={"RawMessageDelivery": "true"},
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        try:
            subscriber.wait_until_reached(lambda probe: sns.publish(TopicArn=topic_arn, Message=probe))
            yield subscriber
        finally:
            sns.unsubscribe(SubscriptionArn=subscription)


@contextmanager
def events_of(stack: Stack) -> Iterator[Subscriber]:
    """Receive every event of the bus from now on."""
    events, rule = stack.client("events"), f"all-{uuid4()}"
    on_bus = {"EventBusName": stack.bus_name}

    def publish(probe: str) -> None:
        # No rule of the system matches this type.
        entry = {"Source": EVENT_SOURCE, "DetailType": "Probe", "Detail": json.dumps({"probe": probe})}
        stack.as_operator().client("events").put_events(Entries=[entry | on_bus])

    with Subscriber.on(stack) as (subscriber, queue_arn):
        events.put_rule(Name=rule, EventPattern=json.dumps({"source": [EVENT_SOURCE]}), **on_bus)
        try:
            events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": queue_arn}], **on_bus)
            subscriber.wait_until_reached(publish)
            yield subscriber
        finally:
            # A bus with a rule can't be deleted.
            events.remove_targets(Rule=rule, Ids=["queue"], **on_bus)
            events.delete_rule(Name=rule, **on_bus)


def _about(messages: Iterable[dict[str, Any]], order_id: str) -> list[dict[str, Any]]:
    return [each for each in messages if each.get("detail", each)["orderId"] == order_id]


def _policy(stack: Stack, account: str, queue_arn: str) -> str:
    """Allow a topic or a rule of this account to send.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions
    """
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:*:{stack.region}:{account}:*"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
