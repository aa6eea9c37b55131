"""Lambda: counts what changed in the Orders table, from its stream.

The state machine makes most changes without a function. In the stream each write is once that won its
condition. Lambda delivers a batch at least once: when this function is cut off between its lines and its
response, the batch is counted twice. The table is the truth, the metrics are for graphs and alarms.
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from handlers.adapters.metrics import emit
from handlers.adapters.operation_log import logs_operation, operation_logger
from handlers.adapters.table_changes import change
from handlers.contract.metrics import MetricName
from handlers.domain.order_facts import Fact, facts

logger = operation_logger()

Values = dict[MetricName, list[float]]


def values_of(records: Iterable[Mapping[str, Any]]) -> Values:
    """Return the values of a batch: a sum for each metric, and each order's own for SettleSeconds."""
    values: defaultdict[MetricName, list[float]] = defaultdict(list)
    for record in records:
        for name, value in _facts(record):
            values[name].append(value)
    return {
        name: listed if name is MetricName.SETTLE_SECONDS else [sum(listed)]
        for name, listed in values.items()
    }


def _facts(record: Mapping[str, Any]) -> list[Fact]:
    try:
        read = change(record)
        return list(facts(read.before, read.after))
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        # One broken record must not keep the others back. What it has may be personal.
        logger.warning("a change can't be read", eventId=record.get("eventID"), error=type(error).__name__)
        return [(MetricName.CHANGES_UNREADABLE, 1)]


@logger.inject_lambda_context(clear_state=True)
# The metrics say what was counted.
@logs_operation(logger, None)
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Emit the metrics of a batch of changes. All are read before the first one is emitted."""
    records = event["Records"]
    logger.append_keys(step="count", changes=len(records))
    emit(values_of(records))
    return {}
