"""Reads the alarms of a synthesized template, as CloudWatch will evaluate them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from devtools.gameday.samples import Metric

_ALARM: Final = "AWS::CloudWatch::Alarm"
_COMPOSITE: Final = "AWS::CloudWatch::CompositeAlarm"
_OUTPUT_OF_A_QUEUE: Final = re.compile(r"(\w+)DlqUrl")
_OUTPUT_OF_A_TABLE: Final = re.compile(r"(\w+)TableName")

Resources = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricStat:
    """A metric with its statistic over periods of so many seconds."""

    metric: Metric
    period: float
    statistic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricAlarm:
    """An alarm on one expression; `stats` are the metrics by their names in it."""

    name: str
    stats: Mapping[str, MetricStat]
    expression: str
    threshold: float
    comparison: str
    datapoints_to_alarm: int
    evaluation_periods: int
    missing: str

    @property
    def period(self) -> float:
        """Return the period in seconds; all metrics of an alarm have the same."""
        (period,) = {stat.period for stat in self.stats.values()}
        return period


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeAlarm:
    """An alarm on the states of others; `rule` names them without the name of the stack."""

    name: str
    rule: str

    @property
    def members(self) -> frozenset[str]:
        """Return the names of the alarms in its rule."""
        return frozenset(re.findall(r'"([^"]+)"', self.rule))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """The alarms of one stack, by their names without the name of the stack."""

    metric: Mapping[str, MetricAlarm]
    composite: Mapping[str, CompositeAlarm]
    filters: Mapping[Metric, str]  # the metrics that are counted in the log of the workflow, with the pattern

    @property
    def names(self) -> frozenset[str]:
        """Return the names of all alarms."""
        return frozenset({*self.metric, *self.composite})

    def with_composites(self, names: frozenset[str]) -> frozenset[str]:
        """Return these alarms, and the composite alarms that ring with one of them."""
        return names | {each.name for each in self.composite.values() if each.members & names}

    @classmethod
    def from_template(cls, template: Mapping[str, Any], stack_name: str) -> "Alarms":
        """Parse the alarms of a template."""
        reader = _Reader(template, f"{stack_name}-")
        return cls(
            metric={each.name: each for each in reader.metric_alarms()},
            composite={each.name: each for each in reader.composite_alarms()},
            filters=dict(reader.filters()),
        )


class _Reader:
    def __init__(self, template: Mapping[str, Any], prefix: str) -> None:
        self._resources: Resources = template["Resources"]
        self._outputs = template["Outputs"]
        self._prefix = prefix

    def metric_alarms(self) -> Iterator[MetricAlarm]:
        for properties in self._of_type(_ALARM).values():
            stats, expression = self._watched(properties)
            yield MetricAlarm(
                name=self._short(properties),
                stats=stats,
                expression=expression,
                threshold=properties["Threshold"],
                comparison=properties["ComparisonOperator"],
                datapoints_to_alarm=properties.get("DatapointsToAlarm", properties["EvaluationPeriods"]),
                evaluation_periods=properties["EvaluationPeriods"],
                missing=properties.get("TreatMissingData", "missing"),
            )

    def composite_alarms(self) -> Iterator[CompositeAlarm]:
        for properties in self._of_type(_COMPOSITE).values():
            parts = properties["AlarmRule"]["Fn::Join"][1]
            rule = "".join(part if isinstance(part, str) else self._name_of(part) for part in parts)
            yield CompositeAlarm(name=self._short(properties), rule=rule)

    def filters(self) -> Iterator[tuple[Metric, str]]:
        for properties in self._of_type("AWS::Logs::MetricFilter").values():
            (counted,) = properties["MetricTransformations"]
            metric = Metric(namespace=counted["MetricNamespace"], name=counted["MetricName"])
            yield metric, properties["FilterPattern"]

    def _watched(self, properties: Mapping[str, Any]) -> tuple[dict[str, MetricStat], str]:
        if "Metrics" not in properties:
            statistic = properties.get("Statistic") or properties["ExtendedStatistic"]
            return {"metric": self._stat(properties, properties["Period"], statistic)}, "metric"
        stats: dict[str, MetricStat] = {}
        expression = ""
        for each in properties["Metrics"]:
            if stat := each.get("MetricStat"):
                stats[each["Id"]] = self._stat(stat["Metric"], stat["Period"], stat["Stat"])
            else:
                expression = each["Expression"]
        return stats, expression

    def _stat(self, metric: Mapping[str, Any], period: float, statistic: str) -> MetricStat:
        dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])}
        return MetricStat(
            metric=Metric(
                namespace=metric["Namespace"], name=metric["MetricName"], subject=self._subject(dimensions)
            ),
            period=period,
            statistic=statistic,
        )

    def _subject(self, dimensions: Mapping[str, Any]) -> str:
        """Return what the metric is about; of the API, the workflow and its rule there is one each."""
        if service := dimensions.get("service"):
            return str(service)
        if function := dimensions.get("FunctionName"):
            return str(self._resources[function["Ref"]]["Properties"]["Handler"].split(".")[1])
        if queue := dimensions.get("QueueName"):
            return self._output({"Ref": queue["Fn::GetAtt"][0]}, _OUTPUT_OF_A_QUEUE)
        if table := dimensions.get("TableName"):
            index = dimensions.get("GlobalSecondaryIndexName")
            return "/".join(filter(None, [self._output(table, _OUTPUT_OF_A_TABLE), index]))
        return ""

    def _output(self, reference: Any, name: re.Pattern[str]) -> str:
        """Return what the stack calls this resource in its outputs, in small letters."""
        found = (
            name.fullmatch(output) for output, each in self._outputs.items() if each["Value"] == reference
        )
        return next(match[1].lower() for match in found if match)

    def _name_of(self, reference: Any) -> str:
        return self._short(self._resources[reference["Fn::GetAtt"][0]]["Properties"])

    def _short(self, properties: Mapping[str, Any]) -> str:
        return str(properties["AlarmName"]).removeprefix(self._prefix)

    def _of_type(self, kind: str) -> dict[str, Mapping[str, Any]]:
        return {id_: each["Properties"] for id_, each in self._resources.items() if each["Type"] == kind}
