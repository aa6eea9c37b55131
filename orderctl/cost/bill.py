"""The bill of an order: what it used, times the price list."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from orderctl.cost.durations import METRICS, Durations
from orderctl.cost.measured import ACCESS_LOG, EXECUTION_LOG, Measured, Outcome, Usage
from orderctl.cost.price_list import PriceList

MILLION: Final = 1_000_000
# AWS bills a GB as 2^30 bytes: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/
GIGABYTE: Final = 2**30
HOURS_PER_MONTH: Final = 730
_SWEEPS_PER_MONTH: Final = 60 * HOURS_PER_MONTH
# How long prod keeps logs and events, in months: infrastructure/config.py.
_LOGS_MONTHS: Final = 3
_ARCHIVE_MONTHS: Final = 1
_INDEXES: Final = {
    "open-orders": "writes of the index open-orders",
    "customer-orders": "writes of the index customer-orders",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line of the bill of one order. `stated` tells that its quantity is not measured."""

    service: str
    operation: str
    price: str
    quantity: float
    dollars: float
    stated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The lines of one order, in dollars for one order."""

    outcome: Outcome
    items: tuple[Item, ...]

    @property
    def dollars(self) -> float:
        """Return the total of one order."""
        return sum(item.dollars for item in self.items)

    @property
    def biggest(self) -> Item:
        """Return the line that costs most."""
        return max(self.items, key=lambda item: item.dollars)


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly:
    """Something that is paid for each month; `dollars` a month."""

    what: str
    dollars: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What orders with so many lines cost, when there are `orders` of them in a month."""

    prices: PriceList
    measured: Measured
    orders: int
    lines: int

    def bill(self, outcome: Outcome) -> Bill:
        """Return the bill of this system."""
        return Bill(outcome=outcome, items=tuple(self._items(self._usage(outcome))))

    def with_stripe(self, outcome: Outcome) -> Bill:
        """Return the bill when the payment provider takes its time."""
        usage = self._usage(outcome)
        millis = self.prices.number("stripeMillis")
        return Bill(outcome=outcome, items=tuple(self._items(usage, provider_millis=millis)))

    def without_data(self, outcome: Outcome) -> Bill:
        """Return the bill with `logExecutionData=false`."""
        usage = self._usage(outcome)
        logs = {**usage.log_bytes, EXECUTION_LOG: usage.execution_log_without_data}
        return Bill(outcome=outcome, items=tuple(self._items(replace(usage, log_bytes=logs))))

    def standard(self, outcome: Outcome) -> Bill:
        """Return the bill on a Standard workflow, which keeps its history itself, without a log."""
        usage = self.measured.of(outcome, self.lines)
        others = [
            item
            for item in self.bill(outcome).items
            if item.service != "Step Functions" and item.operation != _EXECUTION_LOG
        ]
        transitions = self._item("Step Functions", "state transitions", "standardTransition", usage.states)
        return Bill(outcome=outcome, items=(*others, transitions))

    def monthly(self) -> list[Monthly]:
        """Return what prod costs in a month, whatever it sells."""
        sweep = self.measured.sweep
        number, dollars = self.prices.number, self.prices.dollars
        # No other trace goes on in a sweep, so Lambda begins one.
        of_a_sweep = sum(item.dollars for item in self._items(sweep)) + dollars("trace", 1)
        return [
            Monthly(
                what="alarms, dashboard and the key of their topic",
                dollars=dollars("alarmMetric", number("alarmMetrics")) + number("alarmsAndDashboard"),
            ),
            Monthly(what="metrics of our own", dollars=dollars("metric", number("ownMetrics"))),
            Monthly(
                what="sweeper, every minute",
                dollars=_SWEEPS_PER_MONTH * of_a_sweep + dollars("schedule", _SWEEPS_PER_MONTH),
            ),
            Monthly(what="key of the customers' topic", dollars=dollars("keyRequest", number("keyRequests"))),
        ]

    def kept(self, outcome: Outcome) -> list[Monthly]:
        """Return what a million orders cost for what is kept of them."""
        usage = self._usage(outcome)
        gigabytes = MILLION * usage.stored_bytes / GIGABYTE
        logs = MILLION * sum(usage.log_bytes.values()) / GIGABYTE * self.prices.number("logCompression")
        events = MILLION * usage.event_bytes / GIGABYTE
        dollars = self.prices.dollars
        return [
            Monthly(
                what="their records, with point-in-time recovery, each month",
                dollars=dollars("tableStorage", gigabytes) + dollars("tableRecovery", gigabytes),
            ),
            Monthly(what="their logs, 90 days", dollars=_LOGS_MONTHS * dollars("logStorage", logs)),
            Monthly(
                what="their events, 30 days", dollars=_ARCHIVE_MONTHS * dollars("archiveStorage", events)
            ),
        ]

    @property
    def traced_share(self) -> float:
        """Return the share of requests that X-Ray follows in prod."""
        return self.prices.number("tracedShare")

    def _usage(self, outcome: Outcome) -> Usage:
        """Return what one order uses when batches of the metrics function have changes of other orders too.

        Measured is a batch that has all changes of the order and no others: as many bytes as a fuller one.
        """
        usage = self.measured.of(outcome, self.lines)
        share = 1 / self.prices.number("changesPerBatch")
        changes = usage.invocations[METRICS]
        return replace(
            usage,
            invocations={**usage.invocations, METRICS: changes * share},
            log_bytes={**usage.log_bytes, METRICS: usage.log_bytes[METRICS] * changes * share},
        )

    def _items(self, usage: Usage, *, provider_millis: float = 0) -> Iterator[Item]:
        durations = Durations(self.prices, self.measured, provider_millis=provider_millis)
        yield self._item("API Gateway", "REST requests", "apiRequest", usage.api_requests)
        yield self._item("Lambda", "requests", "lambdaRequest", sum(usage.invocations.values()))
        yield self._item(
            "Lambda",
            "duration",
            "lambdaDuration",
            durations.function_gigabyte_seconds(usage),
            stated=True,
        )
        for name in ("Orders", "Inventory"):
            yield self._item(
                "DynamoDB", f"writes of the table {name}", "writeUnit", usage.write_units.get(name, 0)
            )
        for name, operation in _INDEXES.items():
            yield self._item("DynamoDB", operation, "writeUnit", usage.write_units.get(name, 0))
        yield self._item("DynamoDB", "reads", "readUnit", sum(usage.read_units.values()))
        yield self._item("EventBridge", "events", "event", sum(usage.events.values()))
        yield self._item("EventBridge", "archive", "archivedEvents", usage.event_bytes / GIGABYTE)
        yield self._item("Step Functions", "Express executions", "expressRequest", len(usage.executions))
        yield self._item(
            "Step Functions",
            "Express duration",
            "expressDuration",
            durations.express_gigabyte_seconds(usage),
            stated=True,
        )
        yield from self._log_items(usage)
        yield self._item("X-Ray", "traces", "trace", usage.api_requests * self.traced_share)
        yield self._item("SNS", "publishes", "publish", usage.publishes)
        yield self._item("SQS", "dead letters", "queueRequest", usage.queue_requests)

    def _log_items(self, usage: Usage) -> Iterator[Item]:
        logs = dict(usage.log_bytes)
        of_executions, of_api = logs.pop(EXECUTION_LOG, 0), logs.pop(ACCESS_LOG, 0)
        yield self._item("CloudWatch Logs", _EXECUTION_LOG, "logs", of_executions / GIGABYTE)
        yield self._item("CloudWatch Logs", "logs of functions", "logs", sum(logs.values()) / GIGABYTE)
        yield self._item("CloudWatch Logs", "access log of the API", "logs", of_api / GIGABYTE)

    def _item(
        self, service: str, operation: str, price: str, quantity: float, *, stated: bool = False
    ) -> Item:
        return Item(
            service=service,
            operation=operation,
            price=price,
            quantity=quantity,
            dollars=self.prices.dollars(price, quantity),
            stated=stated,
        )


_EXECUTION_LOG: Final = "log of executions"
