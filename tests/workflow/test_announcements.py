"""The events of the workflow match the published schemas."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft4Validator

from tests.workflow.shop import Shop

_SCHEMAS: Final = Path(__file__).parents[2] / "handlers" / "schemas" / "events"


@pytest.mark.parametrize(
    ("payment_method", "announced"),
    [
        ("pm_card_visa", "OrderConfirmed"),
        ("pm_card_declined", "OrderRejected"),
        ("pm_gateway_down", "OrderHeld"),
    ],
)
def test_an_announcement_matches_its_schema(shop: Shop, payment_method: str, announced: str) -> None:
    shop.process(shop.place(mug=1, payment_method=payment_method))

    ((type_, detail),) = shop.announced()

    assert type_ == announced
    Draft4Validator(_schema(announced)).validate(detail)


def _schema(detail_type: str) -> Any:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", detail_type).lower()
    return json.loads((_SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
