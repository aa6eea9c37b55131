"""Fixtures of the model-based tests and of the crash tests."""

from collections.abc import Callable, Iterator

import pytest

from devtools.asl.definition import Definition, read_definition
from tests.model.fast_dynamodb import FastDynamoDB, empty_tables
from tests.model.scenarios import STOCK
from tests.model.world import World


@pytest.fixture(scope="session")
def definition() -> Definition:
    """The workflow's definition with its placeholders."""
    return read_definition()


@pytest.fixture
def new_world(definition: Definition) -> Callable[[], World]:
    """Return a function that makes a world with stock and without orders."""

    def make() -> World:
        world = World(FastDynamoDB(empty_tables()), definition)
        world.stock(STOCK)
        return world

    return make


@pytest.fixture(scope="session")
def crash_points() -> Iterator[list[str]]:
    """Collects the tested crash points, to print their number at the end."""
    points: list[str] = []
    yield points
    print(f"\n{len(points)} crash points covered")  # noqa: T201  part of the test report
