"""The files of a local cloud are for one user, and `orderctl down` removes those that name customers."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.local_cloud.address import Address
from devtools.local_cloud.cloud import stop_local_cloud
from devtools.local_cloud.folder import Folder
from devtools.local_cloud.processes import ProcessGroups
from devtools.local_cloud.server_process import start_server
from devtools.local_cloud.signals import StopSignals


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """Let new files be open to all users."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder that does not exist yet."""
    return Folder.from_root(tmp_path / "local")


def test_new_files_are_private(folder: Folder) -> None:
    with folder.locked(), folder.locked_for_changes():
        folder.address_file.with_suffix(".unfinished").touch()  # left by one that was killed
        Address.of(folder)

    assert _modes(folder.root) == {
        "local": 0o700,
        "lock": 0o600,
        "deploy.lock": 0o600,
        "address.json": 0o600,
    }


def test_what_a_process_writes_is_private(folder: Folder) -> None:
    with folder.locked(), StopSignals() as signals, ProcessGroups(signals, grace_seconds=0) as processes:
        writing = processes.start(
            ["/bin/sh", "-c", "mkdir state; echo 1 > state/sqs.json; echo 2"],
            environment={},
            log=folder.server_log,
            cwd=folder.root,
        )
        writing.wait()

    assert _modes(folder.root) == {
        "local": 0o700,
        "lock": 0o600,
        "cloud.log": 0o600,
        "state": 0o700,
        "sqs.json": 0o600,
    }


def test_what_an_earlier_version_left_open_becomes_private(folder: Folder) -> None:
    folder.state.mkdir(parents=True)
    script = folder.assembly / "asset" / "run.sh"
    script.parent.mkdir(parents=True)
    for file in (folder.stack_file, folder.server_log, folder.state / "dynamodb.json", script):
        file.touch()
    script.chmod(0o755)

    folder.make_private()

    modes = _modes(folder.root)
    assert modes.pop("run.sh") == 0o700
    assert set(modes.values()) == {0o600, 0o700}


def test_a_start_makes_the_folder_private(folder: Folder) -> None:
    folder.root.mkdir()
    folder.server_log.touch()

    with (
        folder.locked() as lock,
        StopSignals() as signals,
        ProcessGroups(signals, grace_seconds=0) as processes,
    ):
        start_server(processes, folder, 0, lock)

        assert [path.stat().st_mode & 0o777 for path in (folder.root, folder.server_log)] == [0o700, 0o600]


def test_what_is_not_of_the_local_cloud_keeps_its_mode(folder: Folder, tmp_path: Path) -> None:
    other, linked = folder.root / "notes.txt", tmp_path / "linked"
    folder.state.mkdir(parents=True)
    other.touch()
    linked.touch()
    (folder.state / "link").symlink_to(linked)
    folder.root.chmod(0o1777)  # as /tmp

    folder.make_private()

    assert [path.stat().st_mode & 0o7777 for path in (folder.root, other, linked)] == [0o1777, 0o666, 0o666]


def test_down_removes_what_names_customers(folder: Folder) -> None:
    _used(folder)

    stop_local_cloud(folder)

    assert {path.name for path in folder.root.iterdir()} == {"address.json", "lock"}


def test_down_keeps_the_logs_with_the_data(folder: Folder) -> None:
    used = _used(folder)

    stop_local_cloud(folder, keep_data=True)

    assert all(file.read_text() == "cust-17850" for file in used)


def test_a_failed_start_leaves_its_logs_to_be_read(folder: Folder) -> None:
    _used(folder)

    folder.clean()

    assert {path.name for path in folder.root.iterdir()} == {
        "address.json",
        "lock",
        "cloud.log",
        "deploy.log",
    }


def _used(folder: Folder) -> list[Path]:
    with folder.locked():
        Address.of(folder)
    files = [folder.server_log, folder.deploy_log]
    for directory in (folder.state, folder.temporary, folder.assembly):
        directory.mkdir()
        files.append(directory / "orders.json")
    for file in files:
        file.write_text("cust-17850")
    return files


def _modes(root: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o7777 for path in (root, *root.rglob("*"))}
