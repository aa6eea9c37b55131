"""The event bus with its archive, the dead-letter queues and the customers' notifications."""

from aws_cdk import Duration
from aws_cdk.aws_events import EventBus, EventPattern
from aws_cdk.aws_kms import Alias
from aws_cdk.aws_sns import Topic
from aws_cdk.aws_sns_subscriptions import EmailSubscription
from aws_cdk.aws_sqs import Queue, QueueEncryption
from constructs import Construct

from handlers.contract.names import EVENT_BUS_NAME, EVENT_SOURCE
from infrastructure.config import StageConfig


class Messaging(Construct):
    """Bus, topic and dead-letter queues."""

    def __init__(self, scope: Construct, id_: str, *, config: StageConfig) -> None:
        super().__init__(scope, id_)
        # Other teams subscribe by this name.
        self.bus = EventBus(self, "Bus", event_bus_name=EVENT_BUS_NAME)
        if config.archives_events:
            self.bus.archive(
                "Archive",
                event_pattern=EventPattern(source=[EVENT_SOURCE]),
                retention=Duration.days(30),
            )
        self.inventory_dlq = self._dead_letter_queue("InventoryDlq")
        self.payment_dlq = self._dead_letter_queue("PaymentDlq")
        self.notification_dlq = self._dead_letter_queue("NotificationDlq")
        self.delivery_dlq = self._dead_letter_queue("DeliveryDlq")
        self.notifications = self._topic(config.notification_email)

    def _dead_letter_queue(self, id_: str) -> Queue:
        return Queue(
            self,
            id_,
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            # As long as SQS keeps a message: an outage over a weekend must not cost an order.
            retention_period=Duration.days(14),
        )

    def _topic(self, email: str | None) -> Topic:
        topic = Topic(
            self,
            "Notifications",
            master_key=Alias.from_alias_name(self, "SnsKey", "alias/aws/sns"),
            enforce_ssl=True,
        )
        if email is not None:
            topic.add_subscription(EmailSubscription(email))
        return topic
