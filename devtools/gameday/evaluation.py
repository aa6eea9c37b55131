"""Evaluates alarms as CloudWatch documents it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from devtools.gameday.alarms import Alarms, MetricAlarm, MetricStat
from devtools.gameday.expressions import Value, alarm_rule, metric_math
from devtools.gameday.samples import MINUTE, Samples

# CloudWatch looks at more periods than the alarm asks for, in case data is late or missing. AWS does not say
# at how many; the tables of its documentation show five for three evaluation periods.
_EXTRA_PERIODS: Final = 2
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


class State(StrEnum):
    """The state of an alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


States = Mapping[str, State]


def evaluate(alarms: Alarms, samples: Samples, now: float, before: States) -> dict[str, State]:
    """Return the state of every alarm at a time of CloudWatch's clock; `before` are the states until then."""
    states = {
        name: state_of(alarm, datapoints(alarm, samples, now), before.get(name, State.INSUFFICIENT_DATA))
        for name, alarm in alarms.metric.items()
    }
    ringing = {name for name, state in states.items() if state is State.ALARM}
    return states | {
        name: State.ALARM if alarm_rule(each.rule, ringing) else State.OK
        for name, each in alarms.composite.items()
    }


def datapoints(alarm: MetricAlarm, samples: Samples, now: float) -> list[Value]:
    """Return the datapoints of the evaluation range, the oldest first; None is a missing one.

    The window slides: an alarm is evaluated every minute, over periods that end at that minute.
    """
    end = math.floor(now / MINUTE) * MINUTE
    count = alarm.evaluation_periods + _EXTRA_PERIODS
    starts = [end - number * alarm.period for number in range(count, 0, -1)]
    return [
        metric_math(
            alarm.expression,
            {name: statistic_of(stat, samples, start) for name, stat in alarm.stats.items()},
        )
        for start in starts
    ]


def statistic_of(stat: MetricStat, samples: Samples, start: float) -> Value:
    """Return the statistic of the period that begins at `start`, None without data."""
    values = [each.value for each in samples.of(stat.metric) if start <= each.at < start + stat.period]
    return aggregate(stat.statistic, values) if values else None


def aggregate(statistic: str, values: Sequence[float]) -> float:
    """Return the statistic of some values.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
    """
    match statistic:
        case "Sum":
            return sum(values)
        case "Maximum":
            return max(values)
        case "Average":
            return sum(values) / len(values)
        case "p99":
            # The value below which 99 % of the values are; of fewer than 100 values it is the highest.
            return sorted(values)[math.ceil(0.99 * len(values)) - 1]
        case _:
            raise ValueError(f"the statistic {statistic} is not known")


def state_of(alarm: MetricAlarm, points: Sequence[Value], before: State) -> State:
    """Return the state of an alarm after an evaluation range, the oldest datapoint first.

    With enough real datapoints in the range, the newest of them decide, and missing ones do not count. With
    fewer, all real ones count, and missing ones are added as the alarm treats them.
    """
    real = [alarm_breaches(alarm, point) for point in points if point is not None]
    wanted = alarm.evaluation_periods
    if len(real) >= wanted:
        return _state(_enough(alarm, real[-wanted:]))
    missing = wanted - len(real)
    match _treatment(alarm):
        case "breaching":
            return _state(_enough(alarm, [*real, *[True] * missing]))
        case "notBreaching":
            return _state(_enough(alarm, real))
        case treatment:
            return _with_gaps(alarm, real, before if treatment == "ignore" else None)


def alarm_breaches(alarm: MetricAlarm, point: float) -> bool:
    """Tell whether a datapoint is beyond the threshold."""
    return _COMPARISONS[alarm.comparison](point, alarm.threshold)


def _with_gaps(alarm: MetricAlarm, real: Sequence[bool], before: State | None) -> State:
    if _enough(alarm, real):
        return State.ALARM
    if not all(real):
        return State.OK
    # Nothing in the range is good: `ignore` keeps the state, `missing` believes what there is.
    if before is not None:
        return before
    return State.ALARM if real else State.INSUFFICIENT_DATA


def _treatment(alarm: MetricAlarm) -> str:
    # "Alarms that evaluate metrics in the AWS/DynamoDB namespace always ignore missing data."
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    of_dynamodb = any(stat.metric.namespace == "AWS/DynamoDB" for stat in alarm.stats.values())
    return "ignore" if of_dynamodb else alarm.missing


def _enough(alarm: MetricAlarm, breaching: Iterable[bool]) -> bool:
    return sum(breaching) >= alarm.datapoints_to_alarm


def _state(is_alarm: bool) -> State:
    return State.ALARM if is_alarm else State.OK
