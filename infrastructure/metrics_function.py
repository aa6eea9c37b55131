"""The metrics function: it counts what changes in the Orders table, from the table's stream."""

import json
from collections.abc import Mapping
from typing import Any, Final

from aws_cdk import Duration
from aws_cdk.aws_lambda import EventSourceMapping, StartingPosition, Tracing
from constructs import Construct

from handlers.contract.names import ORDER_RECORD, PAYMENT_STEP, OrderStatus, PaymentStatus
from infrastructure.functions import Functions, allow
from infrastructure.storage import Storage

# A new order, each change of its status, and a refund: 2 of the 10 writes of a confirmed order. Five filters
# are what a stream can have: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
FILTERS: Final[tuple[Mapping[str, Any], ...]] = (
    {"eventName": ["INSERT"], "dynamodb": {"Keys": {"record": {"S": [ORDER_RECORD]}}}},
    *(
        {
            "eventName": ["MODIFY"],
            "dynamodb": {
                "Keys": {"record": {"S": [record]}},
                "OldImage": {"status": {"S": [{"anything-but": statuses}]}},
                "NewImage": {"status": {"S": statuses}},
            },
        }
        for record, statuses in (
            # Neither of the two ever becomes the other.
            (ORDER_RECORD, [OrderStatus.CONFIRMED.value, OrderStatus.REJECTED.value]),
            (ORDER_RECORD, [OrderStatus.ON_HOLD.value]),
            (ORDER_RECORD, [OrderStatus.CANCELLED.value]),
            (PAYMENT_STEP, [PaymentStatus.REFUNDED.value]),
        )
    ),
)


class OrderMetrics(Construct):
    """The function, its permissions and its stream."""

    def __init__(self, scope: Construct, id_: str, *, storage: Storage, functions: Functions) -> None:
        super().__init__(scope, id_)
        # The stream has no trace that goes on here: each batch would begin one, and be paid for.
        # https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
        self.function = functions.add(
            "Metrics", timeout=Duration.seconds(30), environment={}, tracing=Tracing.DISABLED
        )
        table, stream = storage.orders, storage.orders_stream_arn
        allow(
            self.function,
            ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            stream,
        )
        # Lambda asks for it. It names the streams of the table, and reads nothing.
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-read-stream-only.html
        allow(self.function, ["dynamodb:ListStreams"], f"{table.table_arn}/stream/*")
        EventSourceMapping(
            self,
            "Changes",
            target=self.function,
            event_source_arn=stream,
            # What changed before the stream was read first is not lost.
            starting_position=StartingPosition.TRIM_HORIZON,
            filters=[_pattern(each) for each in FILTERS],
            # CloudWatch shows metrics by the minute, and a batch is one invocation. Each shard of the stream
            # has its own batches; 300 s is the longest window.
            # https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
            max_batching_window=Duration.seconds(60),
            batch_size=1_000,
            # A change that the function fails on is found, tried a few times and left out. Without an end it
            # would keep the others of its shard back for a day. There is no queue for it: its order is in the
            # table, and only a number is missing.
            bisect_batch_on_error=True,
            retry_attempts=3,
            max_record_age=Duration.hours(1),
        )


def _pattern(filter_: Mapping[str, Any]) -> dict[str, Any]:
    # The CDK takes a filter as Lambda's API does: its pattern is JSON in a text.
    return {"pattern": json.dumps(filter_, separators=(",", ":"))}
