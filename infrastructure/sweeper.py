"""The sweeper: a function that emits overdue orders again, every minute."""

from typing import Final

from aws_cdk import Duration
from aws_cdk.aws_iam import PolicyStatement, Role
from aws_cdk.aws_lambda import Function
from aws_cdk.aws_scheduler import CfnSchedule
from constructs import Construct

from handlers.contract.names import OPEN_ORDERS_INDEX
from infrastructure.config import StageConfig
from infrastructure.functions import Functions, allow
from infrastructure.messaging import Messaging
from infrastructure.storage import Storage
from infrastructure.trust import service_of_this_account

_INTERVAL: Final = Duration.minutes(1)


class ScheduledSweeper(Construct):
    """The function, its permissions and its schedule."""

    def __init__(  # noqa: PLR0913  it wires what the others made
        self,
        scope: Construct,
        id_: str,
        *,
        config: StageConfig,
        storage: Storage,
        messaging: Messaging,
        functions: Functions,
    ) -> None:
        super().__init__(scope, id_)
        self.function = functions.add(
            "Sweeper",
            # A sweep is over before the next one starts.
            timeout=Duration.seconds(55),
            concurrency=config.sweeper_concurrency,
            environment={
                "ORDERS_TABLE": storage.orders.table_name,
                "EVENT_BUS": messaging.bus.event_bus_name,
                "DELIVERY_DLQ_URL": messaging.delivery_dlq.queue_url,
                "SWEEP_AFTER_SECONDS": str(config.sweep.after_seconds),
                "SWEEP_MAX_ATTEMPTS": str(config.sweep.max_attempts),
            },
        )
        # The next sweep comes in a minute and does what this one could not. Retries gain nothing.
        self.function.configure_async_invoke(retry_attempts=0, max_event_age=_INTERVAL)
        allow(self.function, ["dynamodb:GetItem", "dynamodb:UpdateItem"], storage.orders.table_arn)
        allow(self.function, ["dynamodb:Query"], f"{storage.orders.table_arn}/index/{OPEN_ORDERS_INDEX}")
        allow(self.function, ["events:PutEvents"], messaging.bus.event_bus_arn)
        allow(self.function, ["sqs:SendMessage"], messaging.delivery_dlq.queue_arn)
        self._schedule(self.function)

    def _schedule(self, function: Function) -> None:
        role = Role(
            self,
            "ScheduleRole",
            # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
            assumed_by=service_of_this_account("scheduler.amazonaws.com"),
        )
        role.add_to_policy(
            PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function.function_arn])
        )
        schedule = CfnSchedule(
            self,
            "EveryMinute",
            schedule_expression="rate(1 minute)",
            flexible_time_window=CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=CfnSchedule.TargetProperty(
                arn=function.function_arn,
                role_arn=role.role_arn,
                retry_policy=CfnSchedule.RetryPolicyProperty(
                    maximum_retry_attempts=0, maximum_event_age_in_seconds=60
                ),
            ),
        )
        # Without it the first sweeps of a new stack are refused.
        schedule.node.add_dependency(role)
