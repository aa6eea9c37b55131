"""What the document says that a leaked API key costs follows from its own figures and from the code."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from handlers.contract.names import INVOCATIONS_PER_ORDER, OPEN_INDEX_WRITES_PER_ORDER
from infrastructure.config import StageConfig
from infrastructure.storage import CUSTOMER_INDEX_WRITES_PER_ORDER, ORDERS_WRITES_PER_ORDER

_DOCUMENT: Final = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
_NUMBER: Final = r"\**([\d.]+)\**"


def _units(what: str) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Return price, units of an order of 3 lines and of one of 98 lines; `what` ends the row's name."""
    rows = re.findall(rf"^\| .*{what}.* \| {_NUMBER} \| {_NUMBER} \| {_NUMBER} \|$", _DOCUMENT, re.MULTILINE)
    return [(Decimal(price), Decimal(small), Decimal(large)) for price, small, large in rows]


def _total(what: str) -> tuple[Decimal, Decimal]:
    ((small, large),) = re.findall(rf"{what}\** \| \| {_NUMBER} \| {_NUMBER} \|", _DOCUMENT)
    return Decimal(small), Decimal(large)


@pytest.mark.parametrize("order", [1, 2], ids=["3 lines", "98 lines"])
def test_the_dollars_are_the_sum_of_prices_and_units(order: int) -> None:
    rows = _units("")

    assert len(rows) == 11
    assert round(sum(row[0] * row[order] for row in rows)) == _total("a million orders")[order - 1]


def test_the_dollars_of_a_day_are_those_of_the_default_quota() -> None:
    quota = StageConfig.for_stage().throttle.requests_per_day

    assert f"{quota:,} requests (`requestsPerDay`)" in _DOCUMENT
    assert _total("a leaked key and day") == tuple(
        each * quota / 1_000_000 for each in _total("a million orders")
    )


def test_an_order_of_three_lines_has_the_writes_and_invocations_of_the_code() -> None:
    ((_, writes, _),) = _units("write units")
    ((_, invocations, _),) = _units("Lambda.*: requests")

    indexes = OPEN_INDEX_WRITES_PER_ORDER + CUSTOMER_INDEX_WRITES_PER_ORDER
    assert writes == ORDERS_WRITES_PER_ORDER + indexes + 2 * 3
    assert invocations == INVOCATIONS_PER_ORDER


def test_every_stage_has_the_quota_of_the_document() -> None:
    quotas = {
        StageConfig.for_stage(stage, payment_gateway="simulated").throttle.requests_per_day
        for stage in ("local", "dev", "prod")
    }

    assert quotas == {100_000}
