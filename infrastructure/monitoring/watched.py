"""What the dashboard and the alarms of a stage look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aws_cdk import Stack
from aws_cdk.aws_lambda import Function
from aws_cdk.aws_sqs import Queue

from infrastructure.api import Api
from infrastructure.config import StageConfig
from infrastructure.functions import Functions
from infrastructure.messaging import Messaging
from infrastructure.storage import Storage
from infrastructure.workflow import Workflow

RUNBOOK: Final = "docs/operations.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The parts of one stage."""

    config: StageConfig
    api: Api
    workflow: Workflow
    functions: Functions
    messaging: Messaging
    storage: Storage

    @property
    def stage(self) -> str:
        return self.config.stage

    @property
    def stack_name(self) -> str:
        return Stack.of(self.api).stack_name

    @property
    def queues(self) -> Mapping[str, Queue]:
        """Return the dead-letter queues by the names that `orderctl dlq` has for them."""
        messaging = self.messaging
        return {
            "inventory": messaging.inventory_dlq,
            "payment": messaging.payment_dlq,
            "notification": messaging.notification_dlq,
            "delivery": messaging.delivery_dlq,
        }

    @property
    def with_deadline(self) -> Mapping[str, Function]:
        """Return the functions that should be done long before their timeout.

        Sweeper and eraser stop by themselves when their time is nearly used up: the next run goes on.
        """
        return {name: each for name, each in self.functions.all.items() if name not in {"sweeper", "eraser"}}
