"""The topic that tells operators of alarms."""

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_kms import Key
from aws_cdk.aws_sns import Topic
from aws_cdk.aws_sns_subscriptions import EmailSubscription
from constructs import Construct

from infrastructure.trust import service_of_this_account


class OperationsTopic(Construct):
    """Encrypted with a key of its own: CloudWatch may not use AWS's key of SNS, and would tell nobody.

    https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
    """

    def __init__(self, scope: Construct, id_: str, *, email: str | None) -> None:
        super().__init__(scope, id_)
        # Nothing is kept under it but messages on their way.
        key = Key(
            self,
            "Key",
            description=f"Alarms of {Stack.of(self).stack_name} on their way to operators",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,
            pending_window=Duration.days(7),
        )
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
        cloudwatch = service_of_this_account("cloudwatch.amazonaws.com")
        key.add_to_resource_policy(
            PolicyStatement(
                principals=[cloudwatch], actions=["kms:Decrypt", "kms:GenerateDataKey*"], resources=["*"]
            )
        )
        self.topic = Topic(self, "Topic", master_key=key, enforce_ssl=True)
        # This policy takes the place of SNS's own, which lets the whole account publish.
        self.topic.add_to_resource_policy(
            PolicyStatement(
                principals=[cloudwatch],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"ArnLike": {"aws:SourceArn": self._alarms_of_the_stack()}},
            )
        )
        if email is not None:
            self.topic.add_subscription(EmailSubscription(email))

    def _alarms_of_the_stack(self) -> str:
        stack = Stack.of(self)
        return stack.format_arn(
            service="cloudwatch",
            resource="alarm",
            resource_name=f"{stack.stack_name}-*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
