"""The dashboard of a stage: a row for business, API, workflow, functions, queues and tables."""

from collections.abc import Iterable, Sequence
from typing import Final

from aws_cdk.aws_cloudwatch import (
    AlarmBase,
    AlarmStatusWidget,
    Dashboard,
    GraphWidget,
    IMetric,
    IWidget,
    Metric,
    TextWidget,
    YAxisProps,
)
from constructs import Construct

from handlers.contract.metrics import MetricName
from handlers.contract.names import CUSTOMER_ORDERS_INDEX, OPEN_ORDERS_INDEX
from infrastructure.monitoring.aws_metrics import (
    MAXIMUM,
    P50,
    P99,
    PERIOD,
    SUM,
    concurrency_share,
    of_api,
    of_function,
    of_queue,
    of_rule,
    of_table,
    of_workflow,
    own,
    starts_share,
    writes_share,
)
from infrastructure.monitoring.watched import RUNBOOK, Watched

_WIDTH: Final = 24
_GRAPHS_OF_A_ROW: Final = 3
_PERCENT: Final = YAxisProps(min=0, label="%", show_units=False)


class StageDashboard(Construct):
    """Each row begins with a sentence that says what good looks like."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        watched: Watched,
        alarms: Sequence[AlarmBase],
        failures: Iterable[Metric],
    ) -> None:
        super().__init__(scope, id_)
        self._watched = watched
        self._runbook = watched.config.runbook_url or RUNBOOK
        dashboard = Dashboard(self, "Dashboard", dashboard_name=watched.stack_name)
        dashboard.add_widgets(
            AlarmStatusWidget(title="Alarms that notify", alarms=[*alarms], width=_WIDTH, height=3)
        )
        for row in (
            self._business(),
            self._api(),
            self._workflow(failures),
            self._functions(),
            self._queues(),
            self._tables(),
        ):
            for line in row:
                dashboard.add_widgets(*line)

    def _business(self) -> Iterable[Sequence[IWidget]]:
        yield [
            self._text(
                "Business",
                "Accepted and confirmed orders run side by side, 99 of 100 orders are settled within "
                "10 seconds, and nothing waits for an operator.",
                "when-something-breaks",
            )
        ]
        yield _graphs(
            _graph(
                "Orders",
                self._own(
                    MetricName.ORDERS_ACCEPTED,
                    MetricName.ORDERS_CONFIRMED,
                    MetricName.ORDERS_REJECTED_OUT_OF_STOCK,
                    MetricName.ORDERS_REJECTED_PAYMENT_DECLINED,
                    MetricName.ORDERS_HELD,
                    MetricName.ORDERS_CANCELLED,
                ),
            ),
            _graph(
                f"Revenue, minor units of {self._watched.config.currency}",
                self._own(MetricName.REVENUE_CONFIRMED, MetricName.REVENUE_REFUNDED),
            ),
            _graph(
                "Seconds from accepted to settled",
                [
                    own(self._watched.stage, MetricName.SETTLE_SECONDS, each).with_(label=each)
                    for each in (P50, P99)
                ],
            ),
        )
        yield _graphs(
            _graph(
                "Replays and the sweeper",
                self._own(
                    MetricName.ORDERS_REPLAYED,
                    MetricName.SWEEPS_COMPLETED,
                    MetricName.ORDERS_REEMITTED,
                    MetricName.HOLDS_EXPIRED,
                    MetricName.ORDERS_GIVEN_UP,
                ),
            ),
            _graph(
                "Age of the oldest order that waits for an operator, seconds",
                [own(self._watched.stage, MetricName.OLDEST_WAITING_SECONDS, MAXIMUM)],
            ),
            _graph(
                "Faults injected, changes that could not be counted",
                [
                    *(
                        own(self._watched.stage, MetricName.FAULTS_INJECTED, service=service).with_(
                            label=f"faults of {service}"
                        )
                        for service in MetricName.FAULTS_INJECTED.services
                    ),
                    *self._own(MetricName.CHANGES_UNREADABLE),
                ],
            ),
        )

    def _api(self) -> Iterable[Sequence[IWidget]]:
        api = self._watched.api
        yield [
            self._text(
                "API", "No 5xx, and 99 of 100 requests are answered within a second once the API is warm."
            )
        ]
        yield _graphs(
            _graph("Requests", [of_api(api, "Count", "SampleCount")]),
            _graph("Refused and failed", [of_api(api, name, SUM) for name in ("4XXError", "5XXError")]),
            _graph(
                "Latency, milliseconds",
                [
                    of_api(api, name, each).with_(label=f"{name} {each}")
                    for name in ("Latency", "IntegrationLatency")
                    for each in (P50, P99)
                ],
            ),
        )

    def _workflow(self, failures: Iterable[Metric]) -> Iterable[Sequence[IWidget]]:
        workflow = self._watched.workflow
        endings = ("Started", "Succeeded", "Failed", "TimedOut", "Aborted")
        yield [
            self._text(
                "Workflow",
                "Every execution that starts succeeds, within some seconds, and the account is far from the "
                "starts that it may have in a second.",
            )
        ]
        yield _graphs(
            _graph("Executions", [of_workflow(workflow, f"Executions{each}") for each in endings]),
            _graph(
                "Duration, milliseconds",
                [of_workflow(workflow, "ExecutionTime", each).with_(label=each) for each in (P50, P99)],
            ),
            _graph("Quota: StartExecution, % of what the account may start", [starts_share()], left=_PERCENT),
        )
        yield _graphs(
            _graph("Failed executions by cause", failures),
            _graph("Throttled states", [of_workflow(workflow, "ExecutionThrottled")]),
            _graph(
                "Events for the workflow",
                [
                    of_rule(workflow, name)
                    for name in (
                        "Invocations",
                        "FailedInvocations",
                        "InvocationsSentToDlq",
                        "InvocationsFailedToBeSentToDlq",
                    )
                ],
            ),
        )

    def _functions(self) -> Iterable[Sequence[IWidget]]:
        functions = self._watched.functions.all
        yield [
            self._text(
                "Functions",
                "No errors that last, durations far below the timeouts, no throttles, and less than 80 % of "
                "the executions that the account may have at once.",
            )
        ]
        yield _graphs(
            *(
                _graph(
                    title,
                    [of_function(each, name).with_(label=label) for label, each in functions.items()],
                )
                for title, name in {
                    "Invocations": "Invocations",
                    "Errors": "Errors",
                    "Throttles": "Throttles",
                }.items()
            )
        )
        yield _graphs(
            _graph(
                "Duration of the slowest in a hundred, milliseconds",
                [of_function(each, "Duration", P99).with_(label=label) for label, each in functions.items()],
            ),
            _graph("Quota: concurrency, % of the account's", [concurrency_share()], left=_PERCENT),
            _graph(
                "Age of the changes that the metrics are counted from, milliseconds",
                [of_function(functions["metrics"], "IteratorAge", MAXIMUM)],
            ),
        )

    def _queues(self) -> Iterable[Sequence[IWidget]]:
        queues = self._watched.queues.items()
        yield [self._text("Queues", "All dead-letter queues are empty.", "when-something-breaks")]
        yield _graphs(
            *(
                _graph(title, [of_queue(queue, name).with_(label=label) for label, queue in queues])
                for title, name in {
                    "Dead letters": "ApproximateNumberOfMessagesVisible",
                    "Dead letters that are being read": "ApproximateNumberOfMessagesNotVisible",
                    "Age of the oldest dead letter, seconds": "ApproximateAgeOfOldestMessage",
                }.items()
            )
        )

    def _tables(self) -> Iterable[Sequence[IWidget]]:
        orders, inventory = self._watched.storage.orders, self._watched.storage.inventory
        places = {
            "orders": (orders, None),
            OPEN_ORDERS_INDEX: (orders, OPEN_ORDERS_INDEX),
            CUSTOMER_ORDERS_INDEX: (orders, CUSTOMER_ORDERS_INDEX),
            "inventory": (inventory, None),
        }
        yield [
            self._text(
                "Tables",
                "Nothing is throttled, and both tables write far less than the account lets a table write. "
                "Some failed conditions are normal: two executions of one order met.",
            )
        ]
        yield _graphs(
            _graph(
                "Throttled",
                [
                    of_table(table, name, index=index).with_(label=f"{label} {kind}")
                    for label, (table, index) in places.items()
                    for kind, name in {"reads": "ReadThrottleEvents", "writes": "WriteThrottleEvents"}.items()
                ],
            ),
            _graph(
                "Quota: write units, % of what a table may use",
                [writes_share(orders, "orders"), writes_share(inventory, "inventory")],
                left=_PERCENT,
            ),
            _graph(
                "Failed conditions",
                [
                    of_table(table, "ConditionalCheckFailedRequests").with_(label=label)
                    for label, table in {"orders": orders, "inventory": inventory}.items()
                ],
            ),
        )

    def _own(self, *names: MetricName) -> list[Metric]:
        return [own(self._watched.stage, each).with_(label=each.value) for each in names]

    def _text(self, title: str, good: str, section: str = "alarms") -> TextWidget:
        link = f"{self._runbook}#{section}"
        runbook = f"[{RUNBOOK}]({link})" if self._watched.config.runbook_url else f"`{link}`"
        return TextWidget(markdown=f"## {title}\n{good} Runbook: {runbook}", width=_WIDTH, height=2)


def _graphs(*graphs: GraphWidget) -> Sequence[GraphWidget]:
    return graphs


def _graph(title: str, metrics: Iterable[IMetric], *, left: YAxisProps | None = None) -> GraphWidget:
    return GraphWidget(
        title=title,
        left=[*metrics],
        left_y_axis=left or YAxisProps(min=0, show_units=False),
        width=_WIDTH // _GRAPHS_OF_A_ROW,
        period=PERIOD,
    )
