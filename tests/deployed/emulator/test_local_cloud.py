"""Starting and stopping a local cloud, with real processes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from devtools.local_cloud import kept_synthesis
from devtools.local_cloud.address import Address
from devtools.local_cloud.cdk_deploy import let_deploy, start_deployment
from devtools.local_cloud.cloud import start_local_cloud, stop_local_cloud
from devtools.local_cloud.folder import Folder, InUseError
from devtools.local_cloud.processes import Process, ProcessGroups
from devtools.local_cloud.sample_catalogue import SAMPLE_CATALOGUE
from devtools.local_cloud.server_process import server_record, start_server
from devtools.local_cloud.signals import StopSignals
from orderctl.errors import OperatorError
from orderctl.local_cloud import is_running, local_client
from orderctl.main import app
from orderctl.products import ProductsTable
from orderctl.stack import Stack, find_stack
from tests.waiting import TIMEOUT_SECONDS, eventually

KEPT_FILES = {"lock", "address.json", "cloud.log", "deploy.log"}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """A folder for one test; its processes are stopped even when the test fails."""
    yield Folder.from_root(tmp_path)
    stop_local_cloud(Folder.from_root(tmp_path))


def test_a_local_cloud_has_the_app_and_a_catalogue(local_stack: Stack) -> None:
    sold = {product.product_id for product in ProductsTable(local_stack).all()}

    assert find_stack() == local_stack
    # Tests that ran before may have added products of their own.
    assert sold >= {product.product_id for product in SAMPLE_CATALOGUE}
    assert (
        local_stack.client("stepfunctions").describe_state_machine(
            stateMachineArn=local_stack.state_machine_arn
        )["type"]
        == "EXPRESS"
    )


def test_a_local_cloud_uses_another_port_when_the_preferred_one_is_taken(
    local_stack: Stack, taken_port: int
) -> None:
    assert local_stack.endpoint_url
    assert not local_stack.endpoint_url.endswith(f":{taken_port}")
    assert is_running(local_stack.endpoint_url)


def test_a_second_up_reports_that_the_local_cloud_is_up(local_stack: Stack) -> None:
    outcome = CliRunner().invoke(app, ["up"])

    assert outcome.exit_code == 0
    assert "is already up" in outcome.output
    assert f"curl -i {local_stack.api_url}orders" in outcome.output


def test_status_shows_the_local_cloud_and_its_start_time(local_stack: Stack) -> None:
    outcome = CliRunner().invoke(app, ["status"])

    assert outcome.exit_code == 0
    assert local_stack.api_url in outcome.output
    assert "up since" in outcome.output


def test_a_second_up_is_refused_while_the_local_cloud_starts(folder: Folder) -> None:
    with folder.locked(), pytest.raises(InUseError):
        start_local_cloud(folder)


def test_down_leaves_no_process_and_no_temporary_folder(folder: Folder) -> None:
    server = _start_empty_server(folder)
    (folder.temporary / "left by a Lambda").touch()

    stopped = stop_local_cloud(folder)

    assert stopped
    assert server.wait(TIMEOUT_SECONDS) == 0
    _wait_until_no_process_is_left(folder)
    assert _names(folder) <= KEPT_FILES


def test_down_kills_a_cloud_that_hangs(folder: Folder) -> None:
    server = _start_empty_server(folder)
    server.send_signal(signal.SIGSTOP)

    stop_local_cloud(folder, grace_seconds=0.1)

    assert server.wait(TIMEOUT_SECONDS) == -signal.SIGKILL
    assert _names(folder) <= KEPT_FILES


def test_a_terminated_cloud_starts_again_with_its_saved_state(folder: Folder) -> None:
    first = _start_empty_server(folder)
    _sqs(folder).create_queue(QueueName="kept")

    first.terminate()
    assert first.wait(TIMEOUT_SECONDS) == 0
    _start_empty_server(folder)

    assert _sqs(folder).list_queues()["QueueUrls"][0].endswith("/kept")


def test_a_killed_cloud_starts_again_with_the_data_that_it_saved_while_it_ran(folder: Folder) -> None:
    first = _start_empty_server(folder)
    _sqs(folder).create_queue(QueueName="kept")
    eventually(lambda: "/kept" in _text(folder.state / "sqs.json"), "the snapshot with the queue")

    first.kill()
    assert first.wait(TIMEOUT_SECONDS) == -signal.SIGKILL
    _start_empty_server(folder)

    assert _sqs(folder).list_queues()["QueueUrls"][0].endswith("/kept")


def test_up_keeps_what_a_killed_cloud_saved(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERCTL_HOME", str(folder.root))
    first = start_local_cloud(folder, port=0, stocked=False)
    ProductsTable(first).set("mug", available=7, unit_price=450)
    eventually(lambda: _has_snapshot_with(folder, "mug"), "the snapshot with the product")
    server = folder.server()
    assert server
    os.killpg(server.pid, signal.SIGKILL)
    eventually(lambda: not folder.in_use(), "the end of the local cloud")

    outcome = CliRunner().invoke(app, ["up"])

    assert outcome.exit_code == 0
    assert "is up again, with the data of" in outcome.output
    assert find_stack() == first
    assert ProductsTable(first).find(["mug"])["mug"].available == 7
    assert stop_local_cloud(folder, keep_data=True)
    assert folder.saved_at()


def test_the_next_cloud_of_a_folder_has_the_same_address(folder: Folder) -> None:
    _start_empty_server(folder)
    address = Address.of(folder)
    stop_local_cloud(folder)
    _start_empty_server(folder, port=None)

    found = folder.server()
    assert found
    assert (found.port, Address.of(folder)) == (address.port, address)


def test_down_without_a_local_cloud_reports_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERCTL_HOME", str(tmp_path / "never used"))

    outcome = CliRunner().invoke(app, ["down"])

    assert outcome.exit_code == 0
    assert "No local cloud was running" in outcome.output
    assert list(tmp_path.iterdir()) == []


def test_down_removes_the_files_of_a_killed_cloud(folder: Folder) -> None:
    folder.temporary.mkdir()
    folder.stack_file.write_text("{}")
    # another process may have this pid by now, so it must not be killed
    folder.server_file.write_text(json.dumps({"pid": os.getpid(), "port": 1, "since": 0}))

    stopped = stop_local_cloud(folder)

    assert not stopped
    assert _names(folder) <= KEPT_FILES


def test_a_failed_deployment_is_reported_and_cleaned_up(folder: Folder) -> None:
    failing = folder.root / "cdk"
    failing.write_text(
        "#!/bin/sh\necho 'CREATE_FAILED: the table is on fire'\nyes 'rolling back' | head -50\nexit 1\n"
    )
    failing.chmod(0o755)

    with pytest.raises(OperatorError) as problem:
        start_local_cloud(folder, port=0, cdk=failing)

    assert "the table is on fire" in str(problem.value)
    assert str(folder.deploy_log) in str(problem.value)
    _wait_until_no_process_is_left(folder)
    assert _names(folder) <= KEPT_FILES | {"cdk"}


@pytest.fixture
def runs_the_app(folder: Folder) -> Path:
    """A CDK that only runs what it is given as the app."""
    program = folder.root / "cdk"
    program.write_text('#!/bin/sh\nwhile [ "$1" != --app ]; do shift; done\nexec sh -c "$2"\n')
    program.chmod(0o755)
    folder.temporary.mkdir()
    return program


def test_a_deployment_waits_until_the_cloud_has_what_it_needs(
    folder: Folder, runs_the_app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_synthesis, "restore", lambda *_: False)
    with StopSignals() as signals, ProcessGroups(signals, grace_seconds=0) as processes:
        deployment = start_deployment(processes, folder, "http://127.0.0.1:1", cdk=runs_the_app).process
        eventually((folder.temporary / "synthesis.ended").exists, "the end of the synthesis")
        with pytest.raises(subprocess.TimeoutExpired):  # without the wait it would have ended by now
            deployment.wait(0.5)
        let_deploy(folder)

        assert deployment.wait(TIMEOUT_SECONDS) == 0
    assert (folder.assembly / "manifest.json").exists()


def test_an_app_that_was_kept_is_not_synthesized_again(
    folder: Folder, runs_the_app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(kept_synthesis, "restore", lambda _, assembly: not asked.append(assembly))
    with StopSignals() as signals, ProcessGroups(signals, grace_seconds=0) as processes:
        deployment = start_deployment(processes, folder, "http://127.0.0.1:1", cdk=runs_the_app).process
        let_deploy(folder)

        assert deployment.wait(TIMEOUT_SECONDS) == 0
    assert asked == [folder.assembly]
    assert not folder.assembly.exists()
    assert [file for file in folder.temporary.iterdir() if file.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_is_cleaned_up(folder: Folder, stop: signal.Signals) -> None:
    environment = {**os.environ, "ORDERCTL_HOME": str(folder.root)}
    command = [sys.executable, "-c", "from orderctl.__main__ import main; main()", "up", "--port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as up:  # noqa: S603  ours
        eventually(lambda: len(_processes_of(folder)) >= 3, "one of up, MiniStack and the CDK")

        up.send_signal(stop)

        assert up.stderr
        assert b"nothing is left running" in up.stderr.read()
        assert up.wait(TIMEOUT_SECONDS) == 130
    _wait_until_no_process_is_left(folder)
    assert _names(folder) <= KEPT_FILES


def _start_empty_server(folder: Folder, port: int | None = 0) -> Process:
    with StopSignals() as signals, folder.locked() as lock:
        server = start_server(ProcessGroups(signals, grace_seconds=0), folder, port, lock)
    server_record(server, folder)
    return server


def _has_snapshot_with(folder: Folder, text: str) -> bool:
    return text in _text(folder.state / "dynamodb.json")


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def _sqs(folder: Folder) -> Any:
    server = folder.server()
    assert server
    return local_client("sqs", server.endpoint_url)


def _names(folder: Folder) -> set[str]:
    return {path.name for path in folder.root.iterdir()}


def _wait_until_no_process_is_left(folder: Folder) -> None:
    # A busy system needs a moment to remove killed processes.
    eventually(lambda: not _processes_of(folder), "the end of every process")


def _processes_of(folder: Folder) -> list[str]:
    """Return the other processes whose command or environment has the folder."""
    return [command for pid, command in _commands() if str(folder.root) in command and pid != os.getpid()]


def _commands() -> Iterator[tuple[int, str]]:
    listing = subprocess.run(
        ["/bin/ps", "axww", "-o", "pid=,command="], capture_output=True, text=True, check=True
    )
    for line in listing.stdout.splitlines():
        pid, _, command = line.strip().partition(" ")
        environment = Path("/proc", pid, "environ")  # on Linux
        try:
            yield int(pid), command + environment.read_text(errors="replace")
        except OSError:
            yield int(pid), command
