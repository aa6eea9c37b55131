"""The pauses between attempts, and when the attempts end."""

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from handlers.adapters.time_budget import TimeBudget, full_jitter


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 1_234


def test_the_first_attempt_is_made_at_once_even_when_little_time_is_left() -> None:
    pauses: list[float] = []

    tries = list(TimeBudget(remaining_millis=lambda: 0, sleep=pauses.append).attempts())

    assert tries == [0]
    assert pauses == []


def test_pauses_double_to_a_limit() -> None:
    pauses: list[float] = []
    budget = TimeBudget(remaining_millis=lambda: 900_000, sleep=pauses.append, jitter=lambda ceiling: ceiling)

    list(islice(budget.attempts(), 9))

    assert pauses == [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 0.8, 0.8]


def test_no_pause_starts_that_would_leave_too_little_time_for_the_next_attempt() -> None:
    pauses: list[float] = []
    budget = TimeBudget(remaining_millis=lambda: 3_020, sleep=pauses.append, jitter=lambda ceiling: ceiling)

    tries = list(budget.attempts())

    assert tries == [0]
    assert pauses == []


@given(st.floats(min_value=0, max_value=100))
def test_jitter_is_at_most_its_ceiling(ceiling: float) -> None:
    assert 0 <= full_jitter(ceiling) <= ceiling


def test_the_budget_of_an_invocation_is_its_remaining_time() -> None:
    assert TimeBudget.from_context(Context()).remaining_millis() == 1_234
