"""The eraser: a function that lets address and payment token of settled orders expire."""

from aws_cdk import Duration
from constructs import Construct

from infrastructure.functions import Functions, allow
from infrastructure.schedule import invoke_on_schedule
from infrastructure.storage import Storage


class ContactEraser(Construct):
    """The function, its permissions and its schedule."""

    def __init__(
        self, scope: Construct, id_: str, *, days: int, storage: Storage, functions: Functions
    ) -> None:
        super().__init__(scope, id_)
        function = functions.add(
            "Eraser",
            timeout=Duration.minutes(15),
            environment={"ORDERS_TABLE": storage.orders.table_name, "CONTACT_DATA_DAYS": str(days)},
        )
        function.configure_async_invoke(retry_attempts=0)
        allow(function, ["dynamodb:Scan", "dynamodb:UpdateItem"], storage.orders.table_arn)
        # The date chooses the part. A rate starts when the stack is created, which may be at midnight UTC.
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
        invoke_on_schedule(self, "EveryDay", function, "cron(0 3 * * ? *)")
