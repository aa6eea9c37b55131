"""The deployed stack of the end-to-end tests: that of `pytest --stage NAME`, else one local cloud for all."""

import os
import socket
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from devtools.local_cloud.cloud import start_local_cloud, stop_local_cloud
from devtools.local_cloud.folder import Folder
from devtools.verify_aws.cost import MOST_TEST_ORDERS, ORDERS_PROPERTY
from handlers.contract.names import Stage, stack_name
from orderctl.main import app
from orderctl.role import OPERATOR, ROLE_VARIABLE
from orderctl.stack import Stack, find_stack
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.order_budget import OrderBudget
from tests.deployed.subscribers import Subscriber, events_of, notifications_of

# What is in it needs the local cloud.
_EMULATOR: Final = Path(__file__).parent / "emulator"
_BUDGET: Final = pytest.StashKey[OrderBudget]()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what needs the local cloud when the tests run on another stage."""
    return True if config.getoption("stage") and collection_path == _EMULATOR else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Count the orders of the portable tests only."""
    _budget(item.config).is_counting = not item.path.is_relative_to(_EMULATOR)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failure why orders failed: the local cloud and its data are gone when somebody looks."""
    report = yield
    if report.failed and report.when == "call" and "local_folder" in getattr(item, "funcargs", {}):
        listed = CliRunner().invoke(app, ["dlq", "list", "--json"])
        report.sections.append(("orderctl dlq list", listed.output))
    return report


def _budget(config: pytest.Config) -> OrderBudget:
    # An order file of one's own can have any number of orders. On AWS it must keep to the limit.
    is_free = os.environ.get("ORDERS_CSV") and not config.getoption("stage")
    return config.stash.setdefault(_BUDGET, OrderBudget(None if is_free else MOST_TEST_ORDERS))


@pytest.fixture(scope="session", autouse=True)
def order_budget(
    pytestconfig: pytest.Config, record_testsuite_property: Callable[[str, object], None]
) -> Iterator[OrderBudget]:
    """The number of orders that the portable tests have placed and may place."""
    budget = _budget(pytestconfig)
    with budget.applied():
        yield budget
    record_testsuite_property(ORDERS_PROPERTY, budget.placed)


@pytest.fixture(scope="session")
def local_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    """The folder of this test run's local cloud, which orderctl's commands use."""
    folder = Folder.from_root(tmp_path_factory.mktemp("local-cloud"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORDERCTL_HOME", str(folder.root))
        yield folder


@pytest.fixture(scope="session")
def taken_port() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(scope="session")
def local_stack(local_folder: Folder, taken_port: int) -> Iterator[Stack]:
    """The app, deployed on its own local cloud with the sample catalogue; its roles are enforced."""
    stack = start_local_cloud(local_folder, port=taken_port, enforce_iam=True)
    yield stack
    stop_local_cloud(local_folder)


@pytest.fixture(scope="session")
def stage(pytestconfig: pytest.Config) -> str:
    """The stage that the tests run on."""
    return str(pytestconfig.getoption("stage") or Stage.LOCAL)


@pytest.fixture(scope="session")
def stack(stage: str, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The stack of the stage, which orderctl's commands use."""
    if stage == Stage.LOCAL:
        yield request.getfixturevalue("local_stack")
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORDERCTL_STACK", stack_name(stage))
        found = find_stack(stack_name(stage))
        # Only an operator may put events on the bus, as `orderctl dlq redrive` does.
        patch.setenv(ROLE_VARIABLE, OPERATOR)
        yield found


@pytest.fixture(scope="session")
def shop(stack: Stack, stage: str) -> DeployedShop:
    """The deployed app with the API of its clients and operators."""
    return DeployedShop.on(stack, stack_name(stage))


@pytest.fixture(scope="session")
def product(shop: DeployedShop) -> str:
    """A product for 2.55 with enough stock."""
    return shop.sell(unit_price=255)


@pytest.fixture
def customer() -> str:
    """A customer that only one test uses."""
    return f"cust-{uuid4()}"


@pytest.fixture(scope="module")
def notifications(shop: DeployedShop) -> Iterator[Subscriber]:
    """Every notification since the first test of the module that needs them."""
    topics = shop.resources("AWS::SNS::Topic")
    (topic_arn,) = (each for each in topics if "MonitoringOperations" not in each)
    with notifications_of(shop.stack, topic_arn) as subscriber:
        yield subscriber


@pytest.fixture(scope="module")
def events(shop: DeployedShop) -> Iterator[Subscriber]:
    """Every event of the bus since the first test of the module that needs them."""
    with events_of(shop.stack) as subscriber:
        yield subscriber
