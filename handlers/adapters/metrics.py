"""Emits metrics: a line in the log from which CloudWatch takes them, without a call of the function.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import os
from collections.abc import Iterable, Mapping

from aws_lambda_powertools.metrics import EphemeralMetrics

from handlers.contract.metrics import METRICS_NAMESPACE, STAGE_DIMENSION, MetricName


def emit(values: Mapping[MetricName, Iterable[float]]) -> None:
    """Write all values to the log, at most 100 of a metric in a line; the service and the stage are known."""
    # Powertools adds the dimension `service` from POWERTOOLS_SERVICE_NAME.
    metrics = EphemeralMetrics(namespace=METRICS_NAMESPACE)
    metrics.add_dimension(STAGE_DIMENSION, os.environ["STAGE"])
    for name, values_of_metric in values.items():
        for value in values_of_metric:
            # It writes a line by itself when a metric has 100 values.
            metrics.add_metric(name.value, name.unit.value, value)
    if metrics.metric_set:
        metrics.flush_metrics()
