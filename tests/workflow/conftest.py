"""Fixtures of the workflow tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.workflow.deployment import Deployment, deployed
from tests.workflow.in_process_shop import InProcessShop
from tests.workflow.open_shop import opened


@pytest.fixture
def deployment(dev_template: dict[str, Any]) -> Iterator[Deployment]:
    with deployed(dev_template) as deployment:
        yield deployment


@pytest.fixture
def shop(deployment: Deployment) -> Iterator[InProcessShop]:
    """A shop with two products and empty queues; the handlers have the deployed environment."""
    with opened(deployment) as shop:
        yield shop
