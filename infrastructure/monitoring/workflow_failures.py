"""Counts failed executions by their cause, from the log of the workflow."""

from collections.abc import Mapping
from typing import Final

from aws_cdk import Stack
from aws_cdk.aws_cloudwatch import Metric
from aws_cdk.aws_logs import FilterPattern, MetricFilter
from constructs import Construct

from infrastructure.monitoring.aws_metrics import PERIOD, SUM
from infrastructure.workflow import Workflow

# The errors of the Fail states of the definition, and what each means.
CAUSES: Final[Mapping[str, str]] = {
    "SettlementFailed": "The Orders table could not be written when an order was to be settled. The order "
    "stays open, and the sweeper emits it again.",
    "MessageLost": "A dead-letter queue could not be reached: what was to be parked is only in the log. The "
    "order stays open, and the sweeper emits it again.",
    "OrderUnknown": "Somebody put an event on the bus that names no order of this system. It changed "
    "nothing. See docs/security.md.",
}


class WorkflowFailures(Construct):
    """One metric for each cause, in a namespace of the stack: a filter can't give a dimension a fixed value.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
    A metric costs only in the hours in which it has data, so there is no default value 0.
    """

    def __init__(self, scope: Construct, id_: str, *, workflow: Workflow) -> None:
        super().__init__(scope, id_)
        self._namespace = Stack.of(self).stack_name
        self.metrics = {cause: self._count(workflow, cause) for cause in CAUSES}

    def _count(self, workflow: Workflow, cause: str) -> Metric:
        counted = MetricFilter(
            self,
            cause,
            log_group=workflow.log_group,
            # https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
            filter_pattern=FilterPattern.all(
                FilterPattern.string_value("$.type", "=", "ExecutionFailed"),
                FilterPattern.string_value("$.details.error", "=", cause),
            ),
            metric_namespace=self._namespace,
            metric_name=cause,
            metric_value="1",
        )
        return counted.metric(statistic=SUM, period=PERIOD)
