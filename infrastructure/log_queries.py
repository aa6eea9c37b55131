"""Saved queries of CloudWatch Logs Insights, in a folder with the name of the stack."""

from collections.abc import Iterable
from typing import Final

from aws_cdk.aws_logs import CfnQueryDefinition, ILogGroup
from constructs import Construct

# To be replaced in the console by the id of an order.
ORDER_ID: Final = "ORDER-ID"

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
_TRACE: Final = (
    "fields @timestamp, service, step, outcome, durationMs, error, cause, type, details.name, xray_trace_id",
    f"filter @message like '{ORDER_ID}'",
    "sort @timestamp asc",
    "limit 1000",
)
# An event has the time at which Step Functions made it: those of one execution are logged together.
_SLOWEST: Final = (
    "fields details.name as state",
    "filter type like /State(Entered|Exited)$/",
    "stats max(event_timestamp) - min(event_timestamp) as millis by execution_arn, state",
    "stats count(*) as times, pct(millis, 50) as median, pct(millis, 99) as p99 by state",
    "sort p99 desc",
)
_REFUSALS: Final = (
    "fields jsonParse(@message) as line",
    # A release has the same outcome when there is nothing to release.
    "filter step = 'reserve' and outcome = 'OUT_OF_STOCK'",
    "unnest line.products into product",
    "stats count(*) as refusals by product",
    "sort refusals desc",
)
_ERRORS: Final = (
    "filter outcome = 'error'",
    "stats count(*) as times, max(@timestamp) as lastSeen by service, step, error, cause, operation",
    "sort times desc",
)


class LogQueries(Construct):
    """The path of an order, the slowest states, refusals by product, errors by cause."""

    def __init__(  # noqa: PLR0913  it reads what the others write
        self,
        scope: Construct,
        id_: str,
        *,
        folder: str,
        functions: Iterable[ILogGroup],
        inventory: ILogGroup,
        workflow: ILogGroup,
    ) -> None:
        super().__init__(scope, id_)
        self._folder = folder
        functions = list(functions)
        self._save("TraceAnOrder", "trace an order", _TRACE, [*functions, workflow])
        self._save("SlowestStates", "slowest states", _SLOWEST, [workflow])
        self._save("RefusalsByProduct", "refusals by product", _REFUSALS, [inventory])
        self._save("ErrorsByCause", "errors by cause", _ERRORS, functions)

    def _save(self, id_: str, name: str, commands: Iterable[str], groups: Iterable[ILogGroup]) -> None:
        CfnQueryDefinition(
            self,
            id_,
            name=f"{self._folder}/{name}",
            query_string="\n| ".join(commands),
            log_group_names=[group.log_group_name for group in groups],
        )
