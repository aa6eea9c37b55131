"""The time format of records."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from handlers.contract.clock import rfc3339, second_reached, utc_now, with_milliseconds

MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis adds UTC
MILLISECONDS = st.integers(min_value=0, max_value=2_000).map(lambda count: timedelta(milliseconds=count))


def test_a_time_is_formatted_in_utc_with_milliseconds() -> None:
    paris = timezone(timedelta(hours=1))

    assert rfc3339(datetime(2026, 11, 22, 16, 14, 31, 123_999, paris)) == "2026-11-22T15:14:31.123Z"
    assert rfc3339(datetime(2026, 11, 22, tzinfo=UTC)) == "2026-11-22T00:00:00.000Z"


@given(MOMENTS.map(lambda moment: moment.replace(microsecond=0)), MILLISECONDS, MILLISECONDS)
def test_formatted_times_sort_like_times(moment: datetime, one: timedelta, other: timedelta) -> None:
    first, second = sorted([moment + one, moment + other])

    assert rfc3339(first) <= rfc3339(second)


@given(MOMENTS.map(lambda moment: moment.replace(microsecond=0)), MILLISECONDS, MILLISECONDS)
def test_a_reached_second_sorts_before_the_times_of_step_functions_from_then_on(
    moment: datetime, one: timedelta, other: timedelta
) -> None:
    noted, started = moment + one, moment + other
    as_step_functions_writes_it = rfc3339(started).replace(".000Z", "Z")

    reached = datetime.fromisoformat(second_reached(noted)).replace(tzinfo=UTC)

    assert timedelta(0) <= reached - noted.astimezone(UTC) < timedelta(seconds=1)
    assert (second_reached(noted) <= as_step_functions_writes_it) is (reached <= started)


def test_the_current_time_is_in_utc() -> None:
    assert utc_now().tzinfo is UTC


def test_a_step_functions_time_without_a_fraction_gets_milliseconds() -> None:
    assert with_milliseconds("2026-11-22T15:14:06Z") == "2026-11-22T15:14:06.000Z"
    assert with_milliseconds("2026-11-22T15:14:06.5Z") == "2026-11-22T15:14:06.500Z"
