"""The metrics that dashboard and alarms use. No one names a unit: with another one there would be no data.

tests/infrastructure/documented_metrics.py has what AWS documents, and a test holds these against it.
"""

from collections.abc import Mapping
from typing import Final

from aws_cdk import Duration, Fn
from aws_cdk.aws_cloudwatch import MathExpression, Metric
from aws_cdk.aws_dynamodb import TableV2
from aws_cdk.aws_lambda import Function
from aws_cdk.aws_sqs import Queue

from handlers.contract.metrics import METRICS_NAMESPACE, SERVICE_DIMENSION, STAGE_DIMENSION, MetricName
from infrastructure.api import Api
from infrastructure.workflow import Workflow

SUM: Final = "Sum"
MAXIMUM: Final = "Maximum"
AVERAGE: Final = "Average"
P50: Final = "p50"
P99: Final = "p99"
PERIOD: Final = Duration.minutes(5)


def own(stage: str, name: MetricName, statistic: str = SUM, *, service: str | None = None) -> Metric:
    """Return a metric that our code emits; without `service` it has only one."""
    (only,) = (service,) if service else name.services
    return _metric(
        METRICS_NAMESPACE, name.value, statistic, **{SERVICE_DIMENSION: only, STAGE_DIMENSION: stage}
    )


def of_api(api: Api, name: str, statistic: str) -> Metric:
    return _metric("AWS/ApiGateway", name, statistic, **api.metric_dimensions)


def of_workflow(workflow: Workflow, name: str, statistic: str = SUM) -> Metric:
    # With this dimension alone, executions of every version and of the alias are counted.
    arn = workflow.state_machine.state_machine_arn
    return _metric("AWS/States", name, statistic, StateMachineArn=arn)


def of_rule(workflow: Workflow, name: str) -> Metric:
    """Return a metric of the rule that starts the workflow."""
    # Of a rule on a bus of our own a reference is BUS|RULE. The dimension is the name alone: with the
    # reference an alarm has no data, for ever.
    # https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1949
    bus_and_name = Fn.split("|", workflow.rule.rule_name)
    return _metric(
        "AWS/Events",
        name,
        SUM,
        EventBusName=Fn.select(0, bus_and_name),
        RuleName=Fn.select(1, bus_and_name),
    )


def of_function(function: Function, name: str, statistic: str = SUM) -> Metric:
    return _metric("AWS/Lambda", name, statistic, FunctionName=function.function_name)


def of_queue(queue: Queue, name: str) -> Metric:
    return _metric("AWS/SQS", name, MAXIMUM, QueueName=queue.queue_name)


def of_table(table: TableV2, name: str, *, index: str | None = None) -> Metric:
    """Return a metric of a table, or of one of its indexes: those of the table are without its indexes."""
    of_index = {"GlobalSecondaryIndexName": index} if index else {}
    return _metric("AWS/DynamoDB", name, SUM, TableName=table.table_name, **of_index)


def error_rate(function: Function, label: str) -> MathExpression:
    """Return how many of a hundred invocations fail. Without an invocation it has no data."""
    return MathExpression(
        expression="100 * errors / invocations",
        using_metrics={
            "errors": of_function(function, "Errors"),
            "invocations": of_function(function, "Invocations"),
        },
        label=label,
        period=PERIOD,
    )


def total(
    metrics: Mapping[str, Metric], label: str, *, period: Duration = PERIOD, always: Metric | None = None
) -> MathExpression:
    """Return the sum, in which a metric without data counts 0; with `always` it has data when that has some.

    AWS advises against the function SUM in alarms.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """
    terms = [*metrics, *(["0 * always"] if always else [])]
    used = {**metrics, **({"always": always} if always else {})}
    return MathExpression(expression=" + ".join(terms), using_metrics=used, label=label, period=period)


def concurrency_share() -> MathExpression:
    """Return the executions of all functions of the account, in percent of what it may have at once.

    Of the metrics that Service Quotas knows, this is the one of Lambda's quota L-B99A9384.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Quotas-Visualize-Alarms.html
    """
    used = _metric("AWS/Lambda", "ConcurrentExecutions", MAXIMUM)
    return MathExpression(
        expression="100 * used / SERVICE_QUOTA(used)",
        using_metrics={"used": used},
        label="Lambda concurrency of the account, %",
        period=PERIOD,
    )


def starts_share() -> MathExpression:
    """Return the starts of executions in the account, in percent of what may be started in a second.

    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html#cloudwatch-step-functions-api-metrics
    """
    start = {"APIName": "StartExecution"}
    return MathExpression(
        expression="100 * consumed / refill",
        using_metrics={
            "consumed": _metric("AWS/States", "ConsumedCapacity", MAXIMUM, **start),
            "refill": _metric("AWS/States", "ProvisionedRefillRate", MAXIMUM, **start),
        },
        label="StartExecution of the account, %",
        period=PERIOD,
    )


def writes_share(table: TableV2, label: str) -> MathExpression:
    """Return the write units of a table in a second, in percent of what the account lets one table use.

    `label` is a word in small letters, another one for each table.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
    """
    return MathExpression(
        expression=f"100 * ({label} / PERIOD({label})) / limit",
        using_metrics={
            label: of_table(table, "ConsumedWriteCapacityUnits"),
            "limit": _metric("AWS/DynamoDB", "AccountMaxTableLevelWrites", MAXIMUM),
        },
        label=label,
        period=PERIOD,
    )


def _metric(namespace: str, name: str, statistic: str, **dimensions: str) -> Metric:
    return Metric(
        namespace=namespace,
        metric_name=name,
        statistic=statistic,
        dimensions_map=dimensions or None,
        period=PERIOD,
    )
