"""The alarms of a stage. Each says what it means, and which command to run first."""

from typing import Final

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import Alarm, MathExpression, Metric, TreatMissingData
from aws_cdk.aws_dynamodb import TableV2
from aws_cdk.aws_sns import ITopic
from aws_cdk.aws_sqs import Queue
from constructs import Construct

from handlers.contract.metrics import MetricName
from handlers.contract.names import CUSTOMER_ORDERS_INDEX, OPEN_ORDERS_INDEX
from infrastructure.monitoring.alarm_maker import AT_ONCE, LASTING, AlarmMaker
from infrastructure.monitoring.aws_metrics import (
    AVERAGE,
    MAXIMUM,
    P99,
    error_rate,
    of_api,
    of_function,
    of_queue,
    of_rule,
    of_table,
    of_workflow,
    own,
    total,
)
from infrastructure.monitoring.watched import Watched
from infrastructure.monitoring.workflow_failures import CAUSES, WorkflowFailures

_DOCTOR: Final = "orderctl doctor"
_DLQ: Final = "orderctl dlq list"
_MINUTE: Final = Duration.minutes(1)

_PARKED_FOR_LONG_MINUTES: Final = 15
_WAITING_FOR_LONG_SECONDS: Final = 60 * 60
_FAILED_REQUESTS: Final = 0.01
# A request writes an order and an event, and should take less than half a second.
_SLOW_REQUEST_MILLISECONDS: Final = 3_000
_FAILED_INVOCATIONS_PERCENT: Final = 5
_NEAR_TIMEOUT: Final = 0.8


class Alarms(Construct):
    """Only composite alarms, and those that are in none of them, notify the topic.

    Missing data is no alarm, except where it says otherwise: most metrics of failures have data only when
    something fails. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html#alarms-and-missing-data
    """

    def __init__(self, scope: Construct, id_: str, *, watched: Watched, topic: ITopic) -> None:
        super().__init__(scope, id_)
        self._watched = watched
        self._make = AlarmMaker(self, watched=watched, topic=topic)
        self._watch_orders()
        self._watch_api()
        self._watch_workflow()
        self._watch_functions()
        self._watch_queues()
        self._watch_tables()
        self.notifying = self._make.notifying

    def _watch_orders(self) -> None:
        stage = self._watched.stage
        self._make.notify(
            self._make.alarm(
                "SweeperNotRunning",
                own(stage, MetricName.SWEEPS_COMPLETED),
                "No sweep was completed in ten minutes. Orders whose workflow died stay where they are.",
                _DOCTOR,
                below=1,
                lasts=(2, 2),
                missing=TreatMissingData.BREACHING,
            ),
            self._make.alarm(
                "OrdersWaiting",
                own(stage, MetricName.OLDEST_WAITING_SECONDS, MAXIMUM),
                "An order has waited for an operator for more than an hour, with or without a dead letter.",
                _DLQ,
                above=_WAITING_FOR_LONG_SECONDS,
                # Without a sweep nothing is known about the orders that wait.
                missing=TreatMissingData.IGNORE,
            ),
        )
        seconds = self._watched.config.alarm_without_orders_seconds
        if seconds is not None:
            span = Duration.seconds(seconds)
            self._make.notify(
                self._make.alarm(
                    "NoOrders",
                    own(stage, MetricName.ORDERS_ACCEPTED).with_(period=span),
                    "No order was accepted for as long as alarmWithoutOrdersFor says.",
                    _DOCTOR,
                    below=1,
                    # Nothing is emitted when there is no order.
                    missing=TreatMissingData.BREACHING,
                )
            )

    def _watch_api(self) -> None:
        api = self._watched.api
        self._make.any_of(
            "Api",
            [
                self._make.alarm(
                    "ServerErrors",
                    # The average is the share of the requests.
                    of_api(api, "5XXError", AVERAGE),
                    "More than 1 % of the requests get a 5xx. Clients retry with the same Idempotency-Key.",
                    _DOCTOR,
                    above=_FAILED_REQUESTS,
                    lasts=LASTING,
                ),
                self._make.alarm(
                    "SlowRequests",
                    of_api(api, "Latency", P99),
                    "The slowest of a hundred requests takes longer than 3 seconds.",
                    _DOCTOR,
                    above=_SLOW_REQUEST_MILLISECONDS,
                    lasts=LASTING,
                ),
            ],
            "Clients of the API are refused or wait for long.",
            _DOCTOR,
        )

    def _watch_workflow(self) -> None:
        workflow = self._watched.workflow
        self.failures = WorkflowFailures(self, "Failures", workflow=workflow)
        executions = {
            "ExecutionsFailed": "Executions fail. Their orders stay open, and the sweeper emits them again.",
            "ExecutionsTimedOut": "Executions take longer than 285 seconds. Their orders stay open, and the "
            "sweeper emits them again.",
            "ExecutionThrottled": "Step Functions throttles the states of the workflow.",
        }
        self._make.any_of(
            "Workflow",
            [
                *(
                    self._make.alarm(name, of_workflow(workflow, name), meaning, _DOCTOR, above=0)
                    for name, meaning in executions.items()
                ),
                *(
                    self._make.alarm(
                        cause,
                        metric,
                        CAUSES[cause],
                        _DLQ if cause == "MessageLost" else _DOCTOR,
                        above=0,
                    )
                    for cause, metric in self.failures.metrics.items()
                ),
                self._rule_deliveries_failed(),
                self._make.alarm(
                    "SweeperReemitting",
                    own(self._watched.stage, MetricName.ORDERS_REEMITTED).with_(period=Duration.minutes(15)),
                    "The sweeper emitted more than one order again in 15 minutes: workflows do not come to "
                    "their end.",
                    _DLQ,
                    above=1,
                ),
            ],
            "Workflows fail, or are not started. The alarm that it names says which, and why.",
            _DLQ,
        )

    def _rule_deliveries_failed(self) -> Alarm:
        names = {
            "failed": "FailedInvocations",
            "parked": "InvocationsSentToDlq",
            "lost": "InvocationsFailedToBeSentToDlq",
        }
        deliveries = {id_: of_rule(self._watched.workflow, name) for id_, name in names.items()}
        return self._make.alarm(
            "DeliveriesFailed",
            total(deliveries, "events that did not start the workflow"),
            "EventBridge could not start the workflow for an event. It is on the delivery queue, or lost: "
            "then the sweeper emits it again.",
            f"{_DLQ} delivery",
            above=0,
        )

    def _watch_functions(self) -> None:
        functions = self._watched.functions.all
        throttles = {name: of_function(each, "Throttles") for name, each in functions.items()}
        self._make.any_of(
            "Functions",
            [
                *(
                    self._make.alarm(
                        f"Errors-{name}",
                        error_rate(each, name),
                        f"More than 5 % of the invocations of the function {name} fail.",
                        _DOCTOR,
                        above=_FAILED_INVOCATIONS_PERCENT,
                        # The eraser runs once a day.
                        lasts=AT_ONCE if name == "eraser" else LASTING,
                    )
                    for name, each in functions.items()
                ),
                *(
                    self._make.alarm(
                        f"NearTimeout-{name}",
                        of_function(each, "Duration", P99),
                        f"The slowest of a hundred invocations of the function {name} take more than 80 % of "
                        "its timeout. What it calls is slow.",
                        _DOCTOR,
                        above=_NEAR_TIMEOUT * _timeout_milliseconds(each.timeout),
                        lasts=LASTING,
                    )
                    for name, each in self._watched.with_deadline.items()
                ),
                self._make.alarm(
                    "Throttles",
                    total(throttles, "throttled invocations"),
                    "Lambda refuses invocations: the account or paymentConcurrency has too few executions at "
                    "once.",
                    _DOCTOR,
                    above=0,
                    lasts=LASTING,
                ),
            ],
            "Functions fail, are throttled or nearly time out. The alarm that it names says which function.",
            _DOCTOR,
        )

    def _watch_queues(self) -> None:
        queues = self._watched.queues
        self._make.any_of(
            "Parked",
            [
                self._make.alarm(
                    f"NotEmpty-{name}",
                    _messages(queue),
                    f"The {name} queue has dead letters.",
                    f"{_DLQ} {name}",
                    above=0,
                )
                for name, queue in queues.items()
            ],
            "Dead letters are parked. Their orders wait for a redrive.",
            _DLQ,
        )
        self._make.any_of(
            "ParkedForLong",
            [
                self._make.alarm(
                    f"Old-{name}",
                    # The age of the oldest message leaves out one that was received three times, and so one
                    # that `orderctl dlq list` has shown as often.
                    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
                    _messages(queue),
                    f"The {name} queue has had dead letters for 15 minutes.",
                    f"{_DLQ} {name}",
                    above=0,
                    lasts=(_PARKED_FOR_LONG_MINUTES, _PARKED_FOR_LONG_MINUTES),
                )
                for name, queue in queues.items()
            ],
            "Dead letters are parked for more than 15 minutes, and nobody has redriven them.",
            "orderctl dlq redrive all --dry-run",
        )

    def _watch_tables(self) -> None:
        storage = self._watched.storage
        throttled = {
            **_throttles("orders", storage.orders),
            **_throttles("open", storage.orders, OPEN_ORDERS_INDEX),
            **_throttles("customer", storage.orders, CUSTOMER_ORDERS_INDEX),
            **_throttles("inventory", storage.inventory),
        }
        self._make.notify(
            self._make.alarm(
                "TablesThrottled",
                # Some of AWS's texts say that an alarm on DynamoDB's metrics keeps its state without data.
                # They have none when nothing is throttled, so a metric that always has data is added.
                # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
                total(
                    throttled,
                    "throttled reads and writes",
                    always=own(self._watched.stage, MetricName.SWEEPS_COMPLETED),
                ),
                "DynamoDB throttles reads or writes of a table or an index.",
                _DOCTOR,
                above=0,
                lasts=LASTING,
            )
        )


def _throttles(id_: str, table: TableV2, index: str | None = None) -> dict[str, Metric]:
    names = {"reads": "ReadThrottleEvents", "writes": "WriteThrottleEvents"}
    return {f"{id_}_{kind}": of_table(table, name, index=index) for kind, name in names.items()}


def _messages(queue: Queue) -> MathExpression:
    # Also those that somebody reads: `orderctl dlq list` would end the alarm for half a minute.
    counts = {
        "waiting": of_queue(queue, "ApproximateNumberOfMessagesVisible"),
        "read": of_queue(queue, "ApproximateNumberOfMessagesNotVisible"),
    }
    return total(counts, "dead letters", period=_MINUTE)


def _timeout_milliseconds(timeout: Duration | None) -> float:
    assert timeout is not None  # noqa: S101  for the type checker
    return timeout.to_milliseconds()
