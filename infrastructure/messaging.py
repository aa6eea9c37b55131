"""The event bus with its archive, the dead-letter queues and the customers' notifications."""

from aws_cdk import Duration
from aws_cdk.aws_events import CfnArchive, EventBus, EventPattern
from aws_cdk.aws_sns import CfnTopic, Topic
from aws_cdk.aws_sns_subscriptions import EmailSubscription
from aws_cdk.aws_sqs import Queue, QueueEncryption
from constructs import Construct

from handlers.contract.names import EVENT_SOURCE, event_bus_name
from infrastructure.config import StageConfig


class Messaging(Construct):
    """Bus, topic and dead-letter queues."""

    def __init__(self, scope: Construct, id_: str, *, config: StageConfig) -> None:
        super().__init__(scope, id_)
        self._removal_policy = config.removal_policy
        # Other teams subscribe by this name.
        self.bus = EventBus(self, "Bus", event_bus_name=event_bus_name(config.stage))
        if config.archive_days is not None:
            self._archive(config.archive_days)
        self.inventory_dlq = self._dead_letter_queue("InventoryDlq")
        self.payment_dlq = self._dead_letter_queue("PaymentDlq")
        self.notification_dlq = self._dead_letter_queue("NotificationDlq")
        self.delivery_dlq = self._dead_letter_queue("DeliveryDlq")
        self.dead_letter_queues = (
            self.inventory_dlq,
            self.payment_dlq,
            self.notification_dlq,
            self.delivery_dlq,
        )
        self.notifications = self._topic(config.notification_email)

    def _archive(self, days: int) -> None:
        archive = self.bus.archive(
            "Archive",
            event_pattern=EventPattern(source=[EVENT_SOURCE]),
            retention=Duration.days(days),
        )
        resource = archive.node.default_child
        assert isinstance(resource, CfnArchive)  # noqa: S101  for the type checker
        # The CDK writes an empty key, which some Regions refuse: https://github.com/aws/aws-cdk/issues/37847
        resource.add_property_deletion_override("KmsKeyIdentifier")

    def _dead_letter_queue(self, id_: str) -> Queue:
        return Queue(
            self,
            id_,
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            # As long as SQS keeps a message: an outage over a weekend must not cost an order.
            retention_period=Duration.days(14),
            removal_policy=self._removal_policy,
        )

    def _topic(self, email: str | None) -> Topic:
        topic = Topic(self, "Notifications", enforce_ssl=True)
        resource = topic.node.default_child
        assert isinstance(resource, CfnTopic)  # noqa: S101  for the type checker
        # The CDK would write the alias as an ARN. Only for this literal SNS makes its key in an account that
        # has none yet; without the key every publish fails: https://github.com/aws/aws-cdk/issues/22605
        resource.kms_master_key_id = "alias/aws/sns"
        if email is not None:
            topic.add_subscription(EmailSubscription(email))
        return topic
