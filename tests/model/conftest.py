"""What the model-based and the crash tests share."""

from collections.abc import Callable, Iterator

import pytest

from devtools.asl.definition import Definition, read_definition
from tests.model.fast_dynamodb import FastDynamoDB, fresh_tables
from tests.model.lives import STOCK
from tests.model.world import World


@pytest.fixture(scope="session")
def definition() -> Definition:
    """The workflow as it is deployed, its placeholders in place of names."""
    return read_definition()


@pytest.fixture
def new_world(definition: Definition) -> Callable[[], World]:
    """Make a world with full shelves and nothing else."""

    def make() -> World:
        world = World(FastDynamoDB(fresh_tables()), definition)
        world.stock(STOCK)
        return world

    return make


@pytest.fixture(scope="session")
def crash_points() -> Iterator[list[str]]:
    """Collects every point at which something was killed, to say in the end how many there were."""
    points: list[str] = []
    yield points
    print(f"\n{len(points)} crash points covered")  # noqa: T201  a figure of the run, like pytest's own
