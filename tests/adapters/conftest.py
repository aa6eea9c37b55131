"""Fixtures of the adapters' tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.order_tables import OrderTables


@pytest.fixture
def tables(dev_template: dict[str, Any]) -> Iterator[OrderTables]:
    with OrderTables.in_moto(dev_template) as tables:
        yield tables
