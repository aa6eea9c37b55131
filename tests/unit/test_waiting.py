"""A test that waits says in the end what did not come."""

import pytest

from tests.waiting import eventually


def test_the_first_result_that_is_true_is_returned() -> None:
    results = iter([[], [], ["message"]])

    assert eventually(lambda: next(results), "a message") == ["message"]


def test_what_does_not_come_in_time_is_named() -> None:
    with pytest.raises(AssertionError, match=r"after 0 s there is not a message; found: \[\]"):
        eventually(list, "a message", patience=0)
