"""The labels on the transitions of a Choice state."""

from typing import Any

import pytest

from orderctl.picture.rules import rule_text
from orderctl.picture.text import label_lines

RESERVED = {"Variable": "$.inventory", "StringEquals": "RESERVED"}
AUTHORIZED = {"Variable": "$.payment", "StringEquals": "AUTHORIZED"}
CAPTURED = {"Variable": "$.payment", "StringEquals": "CAPTURED"}


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        (RESERVED, ("inventory = RESERVED",)),
        ({"Not": RESERVED}, ("inventory ≠ RESERVED",)),
        ({"And": [RESERVED, AUTHORIZED]}, ("inventory = RESERVED and", "payment = AUTHORIZED")),
        ({"Or": [AUTHORIZED, CAPTURED]}, ("payment = AUTHORIZED or", "CAPTURED")),
        (
            {"And": [RESERVED, {"Or": [RESERVED, CAPTURED]}]},
            ("inventory = RESERVED and", "(inventory = RESERVED or", "payment = CAPTURED)"),
        ),
        ({"Not": {"And": [RESERVED]}}, ("not", "(inventory = RESERVED)")),
        ({"Variable": "$.lost", "IsPresent": True}, ("lost is present",)),
        ({"Variable": "$.lost", "IsPresent": False}, ("lost is not present",)),
        ({"Variable": "$.order.total", "NumericLessThanEquals": 5}, ("total ≤ 5",)),
        ({"Variable": "$.paid", "BooleanEquals": True}, ("paid = true",)),
        ({"Variable": "$.a", "NumericGreaterThanPath": "$.limits.b"}, ("a > b",)),
        ({"Condition": "{% $n > 1 %}"}, ("{% $n > 1 %}",)),
    ],
)
def test_a_rule_has_a_short_label(rule: dict[str, Any], lines: tuple[str, ...]) -> None:
    assert label_lines(rule_text(rule | {"Next": "Somewhere"})) == lines
