"""Reads alarms and dashboards of a template: which metrics they use, and what belongs to what."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.infrastructure.resources import Template, of_type, strings

ALARM: Final = "AWS::CloudWatch::Alarm"
COMPOSITE: Final = "AWS::CloudWatch::CompositeAlarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedMetric:
    """A metric of an alarm or a widget. A value of a dimension is a text, or JSON of what it refers to."""

    user: str
    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str
    unit: str | None


def metrics_of_alarms(template: Template) -> Iterator[UsedMetric]:
    """Yield each metric of each alarm."""
    for properties in of_type(template, ALARM).values():
        user = properties["AlarmName"]
        if "Metrics" not in properties:
            statistic = properties.get("Statistic") or properties["ExtendedStatistic"]
            yield _of_stat(user, properties, statistic, properties.get("Unit"))
        for each in properties.get("Metrics", []):
            if stat := each.get("MetricStat"):
                yield _of_stat(user, stat["Metric"], stat["Stat"], stat.get("Unit"))


def _of_stat(user: str, metric: Mapping[str, Any], statistic: str, unit: str | None) -> UsedMetric:
    return UsedMetric(
        user=user,
        namespace=metric["Namespace"],
        name=metric["MetricName"],
        dimensions={each["Name"]: _text(each["Value"]) for each in metric.get("Dimensions", [])},
        statistic=statistic,
        unit=unit,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def widgets(template: Template) -> list[dict[str, Any]]:
    """Return the widgets of the dashboard; what they refer to stands there as JSON."""
    (dashboard,) = of_type(template, "AWS::CloudWatch::Dashboard").values()
    parts = dashboard["DashboardBody"]["Fn::Join"][1]
    body = "".join(part if isinstance(part, str) else _escaped(part) for part in parts)
    found: list[dict[str, Any]] = json.loads(body)["widgets"]
    return found


def _escaped(reference: Any) -> str:
    return json.dumps(json.dumps(reference))[1:-1]


def metrics_of_widgets(template: Template) -> Iterator[UsedMetric]:
    """Yield each metric of each widget, also those that only feed an expression."""
    for widget in widgets(template):
        properties = widget["properties"]
        for line in properties.get("metrics", []):
            *names, options = line if isinstance(line[-1], dict) else [*line, {}]
            if not names:
                assert "expression" in options
                continue
            namespace, name, *dimensions = names
            yield UsedMetric(
                user=properties["title"],
                namespace=namespace,
                name=name,
                dimensions=dict(zip(dimensions[::2], dimensions[1::2], strict=True)),
                statistic=options.get("stat", "Average"),
                unit=options.get("unit"),
            )


def alarms_in(composite: Mapping[str, Any]) -> set[str]:
    """Return the logical ids of the alarms of a composite alarm."""
    parts = composite["AlarmRule"]["Fn::Join"][1]
    return {part["Fn::GetAtt"][0] for part in parts if not isinstance(part, str)}


def alarms_on_the_dashboard(template: Template) -> set[str]:
    """Return the logical ids of the alarms whose state the dashboard shows."""
    return {
        json.loads(arn)["Fn::GetAtt"][0]
        for widget in widgets(template)
        if widget["type"] == "alarm"
        for arn in strings(widget["properties"]["alarms"])
    }
