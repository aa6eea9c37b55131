"""Starts a local cloud with the app deployed on it, restarts it and stops it."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from devtools.checkout import REPOSITORY
from devtools.local_cloud.bootstrap import bootstrap
from devtools.local_cloud.cdk_deploy import (
    CDK,
    STACK_NAME,
    deployed_stack,
    start_deployment,
    wait_for_deployment,
)
from devtools.local_cloud.folder import Folder, write_atomically
from devtools.local_cloud.processes import (
    POLL_SECONDS,
    Process,
    ProcessGroups,
    kill_group,
    last_lines,
    send,
)
from devtools.local_cloud.sample_catalogue import SAMPLE_CATALOGUE
from devtools.local_cloud.server import DISCARD, SHUTDOWN_SECONDS
from devtools.local_cloud.settings import server_environment
from devtools.local_cloud.signals import StopSignals
from orderctl.errors import OperatorError
from orderctl.local_cloud import ServerRecord, is_running
from orderctl.products import ProductsTable
from orderctl.stack import Stack
from orderctl.terminal import step

PREFERRED_PORT: Final = 4566
_START_SECONDS: Final = 60
# The server stops the Lambdas when its requests are done.
_GRACE_SECONDS: Final = SHUTDOWN_SECONDS + 7


def start_local_cloud(
    folder: Folder, *, port: int = PREFERRED_PORT, stocked: bool = True, cdk: Path = CDK
) -> Stack:
    """Start MiniStack, deploy the app and stock the sample catalogue; stop everything on an error.

    Raises InUseError if a local cloud runs, starts or stops in the folder.
    """
    with (
        StopSignals() as signals,
        folder.locked() as lock,
        _cleaned_on_failure(folder, signals),
        ProcessGroups(signals, grace_seconds=_GRACE_SECONDS) as processes,
    ):
        folder.clean()
        with step("MiniStack"):
            server = start_server(processes, folder, port, lock)
            endpoint_url = _server_record(server, folder).endpoint_url
            # the CDK synthesizes while MiniStack loads
            deployment = start_deployment(processes, folder, endpoint_url, cdk)
            _wait_until_ready(server, folder, endpoint_url)
            bootstrap(endpoint_url)
        with step(f"cdk deploy {STACK_NAME}") as shown:
            wait_for_deployment(deployment, folder, shown.set_detail)
        stack = deployed_stack(endpoint_url)
        if stocked:
            _stock(stack)
        write_atomically(folder.stack_file, stack.to_json())
        processes.keep_running(server)
    return stack


def stop_local_cloud(folder: Folder, *, grace_seconds: float = _GRACE_SECONDS) -> bool:
    """Stop the local cloud and keep only its logs; return whether it was running."""
    running = folder.in_use()
    if running:
        server = _known_server(folder)
        send(server.pid, DISCARD)
        _wait_while_in_use(folder, grace_seconds)
        kill_group(server.pid)
    folder.clean()
    return running


def restart_local_cloud(folder: Folder) -> None:
    """Stop MiniStack and start it again, with its saved state and on the same port."""
    if not folder.in_use():
        raise OperatorError("No local cloud is running", what_to_do="Start one with `orderctl up`.")
    before = _known_server(folder)
    send(before.pid, signal.SIGTERM)
    _wait_while_in_use(folder, _GRACE_SECONDS)
    kill_group(before.pid)
    with (
        StopSignals() as signals,
        folder.locked() as lock,
        ProcessGroups(signals, grace_seconds=_GRACE_SECONDS) as processes,
    ):
        server = start_server(processes, folder, before.port, lock)
        if (now := _server_record(server, folder)).port != before.port:
            raise OperatorError(
                f"The local cloud can't start again on port {before.port}",
                why="another program took it",
                what_to_do="Start a new one with `orderctl down` and `orderctl up`.",
            )
        _wait_until_ready(server, folder, now.endpoint_url)
        processes.keep_running(server)


def start_server(processes: ProcessGroups, folder: Folder, port: int, lock: int) -> Process:
    """Start MiniStack with the state in the folder, if any; it holds the lock while it runs."""
    folder.server_file.unlink(missing_ok=True)
    folder.temporary.mkdir(exist_ok=True)
    return processes.start(
        [sys.executable, "-m", "devtools.local_cloud.server", "--folder", folder.root, "--port", str(port)],
        environment=server_environment(folder),
        log=folder.server_log,
        cwd=REPOSITORY,
        pass_fds=[lock],
    )


@contextmanager
def _cleaned_on_failure(folder: Folder, signals: StopSignals) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with signals.held():
            folder.clean()
        raise


def _server_record(server: Process, folder: Folder) -> ServerRecord:
    while (record := folder.server()) is None:
        _require_alive(server, folder)
        time.sleep(POLL_SECONDS)
    return record


def _wait_until_ready(server: Process, folder: Folder, endpoint_url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not is_running(endpoint_url):
        _require_alive(server, folder)
        if time.monotonic() > deadline:
            raise OperatorError(
                f"MiniStack does not respond after {_START_SECONDS} s",
                what_to_do=f"Its output is in {folder.server_log}",
            )


def _require_alive(server: Process, folder: Folder) -> None:
    if server.poll() is not None:
        raise OperatorError(
            "MiniStack exited while it was starting",
            why=next(iter(last_lines(folder.server_log, 1)), "no output"),
            what_to_do=f"Its full output is in {folder.server_log}",
        )


def _stock(stack: Stack) -> None:
    with step(f"sample catalogue of {len(SAMPLE_CATALOGUE)} products"):
        for _ in ProductsTable(stack).stock(SAMPLE_CATALOGUE):
            pass


def _known_server(folder: Folder) -> ServerRecord:
    # `orderctl up` may be about to start it
    deadline = time.monotonic() + _GRACE_SECONDS
    while (server := folder.server()) is None:
        if time.monotonic() > deadline:
            raise OperatorError(
                "A local cloud is starting or stopping, but it can't be found",
                why=f"an unknown process holds {folder.root / 'lock'}",
                what_to_do="End the other `orderctl up`, and try again.",
            )
        time.sleep(POLL_SECONDS)
    return server


def _wait_while_in_use(folder: Folder, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while folder.in_use() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
