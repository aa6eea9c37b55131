"""Spans of time as people write them."""

import re
from datetime import timedelta

import pytest

from handlers.contract.durations import parse_span
from orderctl.durations import age, limit


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0", timedelta(0)),
        ("0d", timedelta(0)),
        ("30s", timedelta(seconds=30)),
        ("15m", timedelta(minutes=15)),
        ("24h", timedelta(days=1)),
        ("6d", timedelta(days=6)),
        ("007d", timedelta(days=7)),
        ("999999999d", timedelta(days=999_999_999)),
    ],
)
def test_a_span_is_a_number_with_a_unit(text: str, span: timedelta) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize(
    "text", ["", "1", "s", "-1s", "1 s", "1.5h", "1w", "1S", "1s\n", "1h30m", "1e3s", "1234567890s", "٢h"]
)
def test_any_other_text_is_no_span(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        parse_span(text)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(seconds=45), "45 s"),
        (timedelta(minutes=12, seconds=3), "12 min"),
        (timedelta(hours=3, minutes=5), "3 h 5 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=1), "1 d"),
        (timedelta(days=2, hours=4), "2 d 4 h"),
    ],
)
def test_an_age_has_no_unit_that_is_zero(span: timedelta, expected: str) -> None:
    assert age(span) == expected


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(minutes=15), "15 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(days=1), "24 hours"),
        (timedelta(days=6), "6 days"),
    ],
)
def test_a_limit_is_written_in_words(span: timedelta, expected: str) -> None:
    assert limit(span) == expected
