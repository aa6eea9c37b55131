"""A quick copy equals one of copy.deepcopy, and shares nothing that can change."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest

from devtools.asl.quick_copy import quick_copy


class _Kind(StrEnum):
    CARD = "card"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"lines": [{"sku": "85123A", "price": 2.55, "left": None}], "paid": True}, id="JSON"),
        pytest.param({"at": datetime(2026, 11, 26, tzinfo=UTC), "lines": [1]}, id="a time"),
        pytest.param({"kind": _Kind.CARD, "lines": [1]}, id="a member of an enumeration"),
        pytest.param("text", id="text"),
    ],
)
def test_a_copy_equals_its_original(value: Any) -> None:
    copied = quick_copy(value)

    assert copied == value
    assert type(copied) is type(value)


def test_a_change_of_a_copy_does_not_change_the_original() -> None:
    original = {"lines": [{"quantity": 1}]}

    quick_copy(original)["lines"][0]["quantity"] = 2

    assert original == {"lines": [{"quantity": 1}]}
