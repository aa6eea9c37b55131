"""One local cloud for all end-to-end tests, started and stopped like `orderctl up` and `down` do."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from devtools.checkout import REPOSITORY
from devtools.local_cloud.cloud import deploy_changes, start_local_cloud, stop_local_cloud
from devtools.local_cloud.folder import Folder
from devtools.local_cloud.sources import APP
from orderctl.stack import Stack, find_stack
from tests.deployed.deployed_shop import DeployedShop


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
    """The app, deployed on its own local cloud with the sample catalogue."""
    stack = start_local_cloud(local_folder, port=taken_port)
    yield stack
    stop_local_cloud(local_folder)


@pytest.fixture(scope="session")
def shop(local_stack: Stack) -> DeployedShop:
    """The deployed app with the API of its clients and operators."""
    return DeployedShop.on(local_stack)


@pytest.fixture(scope="session")
def product(shop: DeployedShop) -> str:
    """A product for 2.55 with enough stock."""
    return shop.sell(unit_price=255)


@pytest.fixture
def customer() -> str:
    """A customer that only one test uses."""
    return f"cust-{uuid4()}"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the app is made of, to be edited."""
    for name in APP:
        source, copied = REPOSITORY / name, tmp_path / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copied, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copied)
    return tmp_path


@pytest.fixture
def restored(local_stack: Stack, local_folder: Folder) -> Iterator[Folder]:
    """The folder of the local cloud, which runs this repository again after the test."""
    yield local_folder
    deploy_changes(local_folder)
    assert find_stack() == local_stack
