"""What AWS documents of the metrics that dashboard and alarms use: their dimensions and useful statistics.

A metric with a wrong name or dimension is no error: the alarm has no data, and never rings. So each name here
was read on the page beside it, in November 2026.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from handlers.contract.metrics import (
    METRICS_NAMESPACE,
    SERVICE_DIMENSION,
    STAGE_DIMENSION,
    MetricName,
    MetricUnit,
)

_COUNT: Final = frozenset({"Sum"})
_LEVEL: Final = frozenset({"Maximum"})
_TIME: Final = frozenset({"p50", "p99", "Maximum"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """The sets of dimensions under which a metric is published, its statistics, and its unit."""

    dimensions: frozenset[frozenset[str]]
    statistics: frozenset[str]
    unit: str


def _documented(unit: str, statistics: frozenset[str], *dimensions: tuple[str, ...]) -> Documented:
    return Documented(dimensions=frozenset(map(frozenset, dimensions)), statistics=statistics, unit=unit)


# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
# Without Method and Resource, which need detailed metrics.
_OF_API: Final = (("ApiName",), ("ApiName", "Stage"))
_API_GATEWAY: Final = {
    # The average is the share of the requests.
    "4XXError": _documented("Count", _COUNT | {"Average"}, *_OF_API),
    "5XXError": _documented("Count", _COUNT | {"Average"}, *_OF_API),
    "Count": _documented("Count", frozenset({"SampleCount"}), *_OF_API),
    "Latency": _documented("Milliseconds", _TIME, *_OF_API),
    "IntegrationLatency": _documented("Milliseconds", _TIME, *_OF_API),
}

# https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
# All state machines emit these; with the ARN alone they count executions of every version and alias.
_OF_EXECUTIONS: Final = (("StateMachineArn",),)
_OF_STATES_API: Final = (("APIName",),)
_STATES: Final = {
    "ExecutionsStarted": _documented("Count", _COUNT, *_OF_EXECUTIONS),
    "ExecutionsSucceeded": _documented("Count", _COUNT, *_OF_EXECUTIONS),
    "ExecutionsFailed": _documented("Count", _COUNT, *_OF_EXECUTIONS),
    "ExecutionsTimedOut": _documented("Count", _COUNT, *_OF_EXECUTIONS),
    "ExecutionsAborted": _documented("Count", _COUNT, *_OF_EXECUTIONS),
    "ExecutionThrottled": _documented("Count", _COUNT, *_OF_EXECUTIONS),
    "ExecutionTime": _documented("Milliseconds", _TIME, *_OF_EXECUTIONS),
    "ConsumedCapacity": _documented("Count", _LEVEL, *_OF_STATES_API),
    "ProvisionedRefillRate": _documented("Count", _LEVEL, *_OF_STATES_API),
}

# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
_OF_FUNCTION: Final = (("FunctionName",),)
_LAMBDA: Final = {
    "Invocations": _documented("Count", _COUNT, *_OF_FUNCTION),
    "Errors": _documented("Count", _COUNT, *_OF_FUNCTION),
    "Throttles": _documented("Count", _COUNT, *_OF_FUNCTION),
    "Duration": _documented("Milliseconds", _TIME, *_OF_FUNCTION),
    "IteratorAge": _documented("Milliseconds", _LEVEL, *_OF_FUNCTION),
    # Without a dimension it is the usage of the quota L-B99A9384.
    "ConcurrentExecutions": _documented("Count", _LEVEL, (), *_OF_FUNCTION),
}

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
_OF_QUEUE: Final = (("QueueName",),)
_SQS: Final = {
    "ApproximateNumberOfMessagesVisible": _documented("Count", _LEVEL, *_OF_QUEUE),
    "ApproximateNumberOfMessagesNotVisible": _documented("Count", _LEVEL, *_OF_QUEUE),
    "ApproximateAgeOfOldestMessage": _documented("Seconds", _LEVEL, *_OF_QUEUE),
}

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
# A metric with RuleName alone is of a rule on the default bus.
_OF_RULE: Final = (("EventBusName", "RuleName"),)
_EVENTS: Final = {
    "Invocations": _documented("Count", _COUNT, *_OF_RULE),
    "FailedInvocations": _documented("Count", _COUNT, *_OF_RULE),
    "InvocationsSentToDlq": _documented("Count", _COUNT, *_OF_RULE),
    "InvocationsFailedToBeSentToDlq": _documented("Count", _COUNT, *_OF_RULE),
}

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
# ThrottledRequests has also the dimension Operation, and no sum over the operations.
_OF_TABLE: Final = (("TableName",), ("TableName", "GlobalSecondaryIndexName"))
_DYNAMODB: Final = {
    "ReadThrottleEvents": _documented("Count", _COUNT, *_OF_TABLE),
    "WriteThrottleEvents": _documented("Count", _COUNT, *_OF_TABLE),
    "ConsumedWriteCapacityUnits": _documented("Count", _COUNT, *_OF_TABLE),
    "ConditionalCheckFailedRequests": _documented("Count", _COUNT, ("TableName",)),
    "AccountMaxTableLevelWrites": _documented("Count", _LEVEL, ()),
}

_STATISTICS_OF_OURS: Final = {
    MetricName.OLDEST_WAITING_SECONDS: _LEVEL,
    MetricName.SETTLE_SECONDS: frozenset({"p50", "p99"}),
}
_OURS: Final = {
    name.value: _documented(
        name.unit.value,
        _STATISTICS_OF_OURS.get(name, _COUNT),
        (SERVICE_DIMENSION, STAGE_DIMENSION),
    )
    for name in MetricName
}

DOCUMENTED: Final[Mapping[str, Mapping[str, Documented]]] = {
    "AWS/ApiGateway": _API_GATEWAY,
    "AWS/States": _STATES,
    "AWS/Lambda": _LAMBDA,
    "AWS/SQS": _SQS,
    "AWS/Events": _EVENTS,
    "AWS/DynamoDB": _DYNAMODB,
    METRICS_NAMESPACE: _OURS,
}


def counted_by_filters(namespace: str, names: frozenset[str]) -> Mapping[str, Mapping[str, Documented]]:
    """Return the metrics of log filters: without dimensions, and here without a unit."""
    return {namespace: {name: _documented(MetricUnit.NONE.value, _COUNT, ()) for name in names}}
