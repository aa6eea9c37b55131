"""Waiting for a condition."""

import pytest

from tests.waiting import eventually


def test_waiting_returns_the_first_true_result() -> None:
    results = iter([[], [], ["message"]])

    assert eventually(lambda: next(results), "a message") == ["message"]


def test_a_timeout_names_what_is_missing() -> None:
    with pytest.raises(AssertionError, match=r"after 0 s a message is missing; found: \[\]"):
        eventually(list, "a message", timeout=0)
