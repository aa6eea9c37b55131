"""Starts the process of the local cloud, and waits for what it does."""

import sys
import time
from typing import Final

from devtools.checkout import REPOSITORY
from devtools.local_cloud.address import Address
from devtools.local_cloud.folder import Folder
from devtools.local_cloud.processes import POLL_SECONDS, Process, ProcessGroups, last_lines
from devtools.local_cloud.server import SHUTDOWN_SECONDS
from devtools.local_cloud.settings import server_environment
from orderctl.errors import OperatorError
from orderctl.local_cloud import ServerRecord, is_running

# The server stops the Lambdas when its requests are done.
GRACE_SECONDS: Final = SHUTDOWN_SECONDS + 7
_START_SECONDS: Final = 60


def start_server(processes: ProcessGroups, folder: Folder, port: int | None, lock: int) -> Process:
    """Start MiniStack with the state in the folder, if any; it holds the lock while it runs.

    Without a port it gets the one of the last local cloud, or another one if that is taken.
    """
    folder.make_private()
    folder.server_file.unlink(missing_ok=True)
    folder.temporary.mkdir(mode=0o700, exist_ok=True)
    address = Address.of(folder)
    preferred = str(address.port if port is None else port)
    return processes.start(
        [sys.executable, "-m", "devtools.local_cloud.server", "--folder", folder.root, "--port", preferred],
        environment=server_environment(folder, address),
        log=folder.server_log,
        cwd=REPOSITORY,
        pass_fds=[lock],
    )


def server_record(server: Process, folder: Folder) -> ServerRecord:
    """Wait until a started server listens; return its record, and keep its port for the next one."""
    while (record := folder.server()) is None:
        _require_alive(server, folder)
        time.sleep(POLL_SECONDS)
    Address.of(folder).with_port(record.port).keep(folder)
    return record


def wait_until_ready(server: Process, folder: Folder, endpoint_url: str) -> None:
    """Wait until a started server responds; raise OperatorError when it does not."""
    deadline = time.monotonic() + _START_SECONDS
    while not is_running(endpoint_url):
        _require_alive(server, folder)
        if time.monotonic() > deadline:
            raise OperatorError(
                f"MiniStack does not respond after {_START_SECONDS} s",
                what_to_do=f"Its output is in {folder.server_log}",
            )


def known_server(folder: Folder) -> ServerRecord:
    """Return the record of the server that holds the lock; `orderctl up` may be about to start it."""
    deadline = time.monotonic() + GRACE_SECONDS
    while (server := folder.server()) is None:
        if time.monotonic() > deadline:
            raise OperatorError(
                "A local cloud is starting or stopping, but it can't be found",
                why=f"an unknown process holds {folder.root / 'lock'}",
                what_to_do="End the other `orderctl up`, and try again.",
            )
        time.sleep(POLL_SECONDS)
    return server


def wait_while_in_use(folder: Folder, seconds: float) -> None:
    """Wait until no process holds the lock, or until the time is over."""
    deadline = time.monotonic() + seconds
    while folder.in_use() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _require_alive(server: Process, folder: Folder) -> None:
    if server.poll() is not None:
        raise OperatorError(
            "MiniStack exited while it was starting",
            why=next(iter(last_lines(folder.server_log, 1)), "no output"),
            what_to_do=f"Its full output is in {folder.server_log}",
        )
