"""The sweeper: a function that emits overdue orders again and cancels expired holds, every minute."""

from typing import Final

from aws_cdk import Duration
from constructs import Construct

from handlers.contract.names import OPEN_ORDERS_INDEX
from infrastructure.config import StageConfig
from infrastructure.functions import Functions, allow
from infrastructure.messaging import Messaging
from infrastructure.schedule import invoke_on_schedule
from infrastructure.storage import Storage

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
                "HOLD_EXPIRES_AFTER_SECONDS": str(config.hold_expires_after_seconds),
            },
        )
        # The next sweep comes in a minute and does what this one could not. Retries gain nothing.
        self.function.configure_async_invoke(retry_attempts=0, max_event_age=_INTERVAL)
        allow(self.function, ["dynamodb:GetItem", "dynamodb:UpdateItem"], storage.orders.table_arn)
        allow(self.function, ["dynamodb:Query"], f"{storage.orders.table_arn}/index/{OPEN_ORDERS_INDEX}")
        allow(self.function, ["events:PutEvents"], messaging.bus.event_bus_arn)
        allow(self.function, ["sqs:SendMessage"], messaging.delivery_dlq.queue_arn)
        invoke_on_schedule(self, "EveryMinute", self.function, "rate(1 minute)")
