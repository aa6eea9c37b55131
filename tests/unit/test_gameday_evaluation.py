"""Alarms of the game day are evaluated as CloudWatch documents it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from devtools.gameday.alarms import Alarms, CompositeAlarm, MetricAlarm, MetricStat
from devtools.gameday.evaluation import State, aggregate, datapoints, evaluate, state_of
from devtools.gameday.expressions import alarm_rule, matches, metric_math
from devtools.gameday.samples import Clock, Metric, Samples

ERRORS: Final = Metric(namespace="AWS/Lambda", name="Errors", subject="payment")
INVOCATIONS: Final = replace(ERRORS, name="Invocations")
KEPT: Final = "Retain current state"
TREATMENTS: Final = ("missing", "ignore", "breaching", "notBreaching")


def an_alarm(  # noqa: PLR0913  what an alarm can differ in
    *,
    of: int = 3,
    breaching: int = 3,
    missing: str = "notBreaching",
    metric: Metric = ERRORS,
    period: float = 300,
    statistic: str = "Sum",
) -> MetricAlarm:
    return MetricAlarm(
        name="An",
        stats={"metric": MetricStat(metric=metric, period=period, statistic=statistic)},
        expression="metric",
        threshold=0,
        comparison="GreaterThanThreshold",
        datapoints_to_alarm=breaching,
        evaluation_periods=of,
        missing=missing,
    )


def points(drawn: str) -> list[float | None]:
    """Return datapoints as AWS draws them: 0 is good, X breaching, - missing."""
    return [{"0": 0.0, "X": 1.0, "-": None}[each] for each in drawn.split()]


# The tables of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html:
# for each treatment of missing data, in the order of TREATMENTS.
@pytest.mark.parametrize(
    ("breaching", "drawn", "expected"),
    [
        (3, "0 - X - X", ("OK", "OK", "OK", "OK")),
        (3, "- - - - 0", ("OK", "OK", "OK", "OK")),
        (3, "- - - - -", ("INSUFFICIENT_DATA", KEPT, "ALARM", "OK")),
        (3, "0 X X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        (3, "- - X - -", ("ALARM", KEPT, "ALARM", "OK")),
        (2, "0 - X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        (2, "0 0 X 0 X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        (2, "0 - X - -", ("OK", "OK", "ALARM", "OK")),
        (2, "- - - - 0", ("OK", "OK", "ALARM", "OK")),
        (2, "- - - - X", ("ALARM", KEPT, "ALARM", "OK")),
    ],
)
@pytest.mark.parametrize("before", list(State))
def test_missing_data_counts_as_in_the_tables_of_aws(
    breaching: int, drawn: str, expected: tuple[str, ...], before: State
) -> None:
    for missing, wanted in zip(TREATMENTS, expected, strict=True):
        alarm = an_alarm(of=3, breaching=breaching, missing=missing)

        state = state_of(alarm, points(drawn), before)

        assert state == (before if wanted == KEPT else wanted), missing


@pytest.mark.parametrize(
    ("comparison", "value", "state"),
    [
        ("GreaterThanThreshold", 0.0, State.OK),
        ("GreaterThanOrEqualToThreshold", 0.0, State.ALARM),
        ("LessThanThreshold", 0.0, State.OK),
        ("LessThanThreshold", -1.0, State.ALARM),
        ("LessThanOrEqualToThreshold", 0.0, State.ALARM),
    ],
)
def test_a_datapoint_is_compared_as_the_alarm_says(comparison: str, value: float, state: State) -> None:
    alarm = replace(an_alarm(of=1, breaching=1), comparison=comparison)

    assert state_of(alarm, [value], State.OK) is state


def test_an_alarm_on_dynamodb_ignores_missing_data_whatever_it_says() -> None:
    alarm = an_alarm(metric=Metric(namespace="AWS/DynamoDB", name="ReadThrottleEvents", subject="orders"))

    assert state_of(alarm, points("- - - - -"), State.ALARM) is State.ALARM


def test_a_period_ends_at_the_minute_of_the_evaluation() -> None:
    samples = Samples()
    for at in (0, 299, 300, 901):
        samples.add(ERRORS, at, 1.0)
    alarm = an_alarm(of=1, breaching=1)

    assert datapoints(alarm, samples, now=905) == [2.0, 1.0, None]
    assert datapoints(alarm, samples, now=970) == [2.0, None, 1.0]


@pytest.mark.parametrize(
    ("statistic", "expected"), [("Sum", 6.0), ("Maximum", 3.0), ("Average", 2.0), ("p99", 3.0)]
)
def test_a_statistic_is_of_all_values_of_a_period(statistic: str, expected: float) -> None:
    assert aggregate(statistic, [1.0, 3.0, 2.0]) == expected


def test_p99_leaves_out_one_value_of_a_hundred() -> None:
    assert aggregate("p99", [*[1.0] * 99, 9.0]) == 1.0
    assert aggregate("p99", [*[1.0] * 98, 9.0, 9.0]) == 9.0


@pytest.mark.parametrize(
    ("errors", "invocations", "expected"),
    [(1.0, 4.0, 25.0), (0.0, 4.0, 0.0), (None, 4.0, None), (1.0, None, None), (1.0, 0.0, None)],
)
def test_a_rate_has_no_data_without_both_of_its_metrics(
    errors: float | None, invocations: float | None, expected: float | None
) -> None:
    values = {"errors": errors, "invocations": invocations}

    assert metric_math("100 * errors / invocations", values) == expected


@pytest.mark.parametrize(
    ("a", "b", "always", "expected"),
    [(1.0, 2.0, None, 3.0), (1.0, None, None, 1.0), (None, None, 5.0, 0.0), (None, None, None, None)],
)
def test_a_metric_without_data_counts_nothing_in_a_sum(
    a: float | None, b: float | None, always: float | None, expected: float | None
) -> None:
    assert metric_math("a + b + 0 * always", {"a": a, "b": b, "always": always}) == expected


def test_metric_math_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="not known"):
        metric_math("FILL(errors, 0)", {"errors": 1.0})


@pytest.mark.parametrize(
    ("rule", "rings"),
    [
        ('(ALARM("A") OR ALARM("B-c"))', True),
        ('ALARM("A") AND ALARM("B-c")', False),
        ('ALARM("B-c") AND NOT ALARM("A")', True),
        ('ALARM("A")', False),
    ],
)
def test_a_composite_alarm_follows_its_rule(rule: str, rings: bool) -> None:  # noqa: FBT001  a row of the table
    assert alarm_rule(rule, {"B-c"}) is rings


def test_a_rate_alarm_rings_with_its_composite_and_is_over_after_good_periods() -> None:
    rate = replace(
        an_alarm(breaching=2),
        name="Errors-payment",
        stats={
            "errors": MetricStat(metric=ERRORS, period=300, statistic="Sum"),
            "invocations": MetricStat(metric=INVOCATIONS, period=300, statistic="Sum"),
        },
        expression="100 * errors / invocations",
        threshold=5,
    )
    alarms = Alarms(
        metric={rate.name: rate},
        composite={"Functions": CompositeAlarm(name="Functions", rule='ALARM("Errors-payment")')},
        filters={},
    )
    samples = Samples()

    def after(minute: int, errors: float) -> dict[str, State]:
        samples.add(ERRORS, minute * 60 - 30, errors)
        samples.add(INVOCATIONS, minute * 60 - 30, 10.0)
        return evaluate(alarms, samples, minute * 60, {})

    states = [
        after(minute, errors)["Functions"].value
        for minute, errors in ((5, 0.0), (10, 1.0), (15, 1.0), (20, 0.0), (25, 0.0))
    ]

    assert states == ["OK", "OK", "ALARM", "ALARM", "OK"]


def test_a_minute_of_cloudwatch_lasts_as_long_as_the_clock_says() -> None:
    began = datetime(2026, 11, 26, tzinfo=UTC)
    clock = Clock(began, minute=1.0)

    assert clock.at(began + timedelta(seconds=15)) == 15 * 60
    assert clock.at_milliseconds((began.timestamp() + 0.5) * 1000) == 30


def test_a_filter_counts_the_lines_that_it_describes() -> None:
    pattern = '{ ($.type = "ExecutionFailed") && ($.details.error = "OrderUnknown") }'

    assert matches(pattern, {"type": "ExecutionFailed", "details": {"error": "OrderUnknown"}})
    assert not matches(pattern, {"type": "ExecutionFailed", "details": {}})
    with pytest.raises(ValueError, match="not known"):
        matches("?ERROR", {})
