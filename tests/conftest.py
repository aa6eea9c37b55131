"""Fixtures of every test: the synthesized templates, and an environment without a real AWS account."""

import gc
import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from handlers.contract.names import Stage
from infrastructure.config import StageConfig

# A worker imports everything before its first test, and keeps it to its end: Python must not look through it
# for garbage again and again.
gc.set_threshold(20_000, 20, 20)

# A shell lets what it starts in the background ignore Ctrl-C, and so do all programs that this starts. Tests
# interrupt some of them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine must not fail a test.
settings.register_profile("no-deadline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no-deadline")


# The infrastructure tests start Node.js for the CDK.
_ONE_WORKER_FOLDERS: Final = ("tests/deployed/", "tests/infrastructure/")
_TESTS: Final = Path(__file__).parent
_DEPLOYED: Final = _TESTS / "deployed"
# The worker that tests the infrastructure makes the templates, while the others have tests that need none.
# Who needs one that nobody has made starts a Node.js of its own.
_FIRST_FOLDERS: Final = ("deployed", "infrastructure", "unit")
_EMULATOR: Final = "tests/deployed/emulator/"
# The deployed tests share four local clouds: one is for those that run on any stage and these, the second for
# these, the third for these, which mostly wait, and the fourth for the rest. All end before the other tests
# do, which fill the time in which these wait.
_WITH_THE_PORTABLE: Final = ("browser/", "test_permissions_used.py")
_OF_OPERATIONS: Final = (
    "test_console_operations.py",
    "test_documented_commands.py",
    "test_gameday.py",
    "test_hostile_requests.py",
    "test_http_refusals.py",
)
_OF_RECOVERY: Final = ("test_restart.py", "test_running_orders.py", "test_sweeper.py")
# The deployed tests mostly wait.
_WORKERS_BESIDE_THE_PROCESSORS: Final = 3


class ByFixture(LoadScopeScheduling):
    """Gives one worker all tests that share a slow fixture: those of some folders, else those of a file.

    It needs no marks: xdist 3.8 does not see the groups of `--dist loadgroup` with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        name = file.removeprefix(_EMULATOR)
        if name in _OF_RECOVERY:
            return "recovery"
        if name != file and not name.startswith(_WITH_THE_PORTABLE):
            return "operations" if name in _OF_OPERATIONS else _EMULATOR
        return next((folder for folder in _ONE_WORKER_FOLDERS if file.startswith(folder)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Tell pytest-xdist how many workers to start with `--numprocesses auto`."""
    return (os.cpu_count() or 1) + _WORKERS_BESIDE_THE_PROCESSORS


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFixture:
    """Tell pytest-xdist how to share out the tests."""
    return ByFixture(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that chooses where the tests of tests/deployed run."""
    parser.addoption(
        "--stage",
        metavar="NAME",
        help="run tests/deployed against this stage, with your AWS credentials; it must be deployed, "
        "and nobody else should use it",
    )


def pytest_collection_finish() -> None:
    """Leave out of every search for garbage what was imported by now."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the deployed tests, which take longest. With --stage, refuse all others.

    The portable ones are first: what the roles do in them counts for test_permissions_used.py.
    """
    items.sort(key=_turn)
    if config.getoption("stage") and items and not items[-1].path.is_relative_to(_DEPLOYED):
        raise pytest.UsageError("--stage is for the tests in tests/deployed: name that folder")


def _turn(item: pytest.Item) -> tuple[int, bool]:
    folder = item.path.relative_to(_TESTS).parts[0]
    turn = _FIRST_FOLDERS.index(folder) if folder in _FIRST_FOLDERS else len(_FIRST_FOLDERS)
    return turn, item.path.parent != _DEPLOYED


@pytest.fixture(scope="session", autouse=True)
def _no_real_account(pytestconfig: pytest.Config) -> Iterator[None]:
    if pytestconfig.getoption("stage"):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "ORDERCTL_STACK"))]:
            patch.delenv(name)
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        yield


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that refuses connections and that no other program can take."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture(scope="session")
def dev_template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The CloudFormation template of the stage `dev`."""
    return _template(Stage.DEV, tmp_path_factory)


@pytest.fixture(scope="session")
def local_template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The CloudFormation template of the stage `local`."""
    return _template(Stage.LOCAL, tmp_path_factory)


@pytest.fixture(scope="session")
def prod_template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The CloudFormation template of the stage `prod`."""
    return _template(Stage.PROD, tmp_path_factory)


def _template(stage: Stage, folders: pytest.TempPathFactory) -> dict[str, Any]:
    folder = folders.getbasetemp()
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    return shared_json(shared / f"{stage}.template.json", lambda: _synthesized(stage, folders.mktemp(stage)))


def _synthesized(stage: Stage, folder: Path) -> dict[str, Any]:
    from devtools.templates import template  # noqa: PLC0415  the CDK takes seconds to load, and most tests do not need it

    # Prod must choose; the others have this as their default.
    return template(StageConfig.for_stage(stage, payment_gateway="simulated"), folder)


def shared_json(file: Path, make: Callable[[], Any]) -> Any:
    """Return a JSON value that the first worker makes and the other workers read."""
    with file.with_suffix(".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not file.exists():
            file.write_text(json.dumps(make()))
        return json.loads(file.read_text())
