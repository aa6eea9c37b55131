"""The local cloud's process: the patched MiniStack on a free port of 127.0.0.1."""

import argparse
import gc
import json
import logging
import os
import signal
import socket
import sys
import time
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any, Final

import uvicorn

from devtools.local_cloud.folder import Folder, write_atomically
from devtools.local_cloud.guard import guarded
from devtools.local_cloud.own_requests import OWN_REQUESTS
from devtools.local_cloud.snapshots import Snapshots, finish_snapshot, replace_snapshot
from devtools.local_cloud.sources import local_cloud_digest
from orderctl.local_cloud import ServerRecord

# Stops the server without saving its state, which takes seconds after thousands of orders.
DISCARD: Final = signal.SIGINT
# Running requests get this long to finish; `orderctl down` waits a little longer.
SHUTDOWN_SECONDS: Final = 3


def main() -> None:
    """Serve until SIGTERM, which saves the state, or until DISCARD."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--folder", type=Path, required=True)
    arguments.add_argument("--port", type=int, required=True, help="preferred; another one when it is taken")
    given = arguments.parse_args()
    folder = Folder.from_root(given.folder)
    # uvicorn passes its signal to this handler after its shutdown, so `finally` blocks still run.
    for ending in (signal.SIGTERM, DISCARD):
        signal.signal(ending, lambda *_: sys.exit(0))

    finish_snapshot(folder.state)
    listener = listen(given.port)
    port = listener.getsockname()[1]
    os.environ["GATEWAY_PORT"] = str(port)
    # Requests wait in the listener's queue until MiniStack is loaded, so the port can be published now.
    record = ServerRecord(pid=os.getpid(), port=port, since=time.time(), code=local_cloud_digest())
    write_atomically(folder.server_file, json.dumps(asdict(record)))
    try:
        serve(listener)
    except SystemExit as ended:
        # Freeing the memory would take seconds and change nothing.
        os._exit(int(ended.code or 0))


def listen(preferred_port: int) -> socket.socket:
    """Return a listening socket on the preferred port, or on any port when that one is taken."""
    try:
        return socket.create_server(("127.0.0.1", preferred_port), backlog=512)
    except OSError:
        return socket.create_server(("127.0.0.1", 0), backlog=512)


def serve(listener: socket.socket) -> None:
    """Run MiniStack on the socket, and end its Lambda processes with it."""
    from ministack import app as ministack  # noqa: PLC0415  it reads its settings when it is imported
    from ministack.core import lambda_runtime, persistence  # noqa: PLC0415  as above
    from ministack.services import cloudformation, lambda_svc  # noqa: PLC0415  as above

    from devtools.local_cloud.patches import apply_patches  # noqa: PLC0415  as above

    apply_patches()

    state = Path(persistence.STATE_DIR)

    prune_code = lambda_svc._prune_orphan_code_blobs  # noqa: SLF001  no public way
    needed_code: list[set[str]] = []
    # What the snapshot before needs is removed only after the next one has replaced it.
    lambda_svc._prune_orphan_code_blobs = needed_code.append  # noqa: SLF001  as above

    def save(services: Any = None) -> None:
        all_services = services or ministack._build_persistence_save_dict()  # noqa: SLF001  as above
        replace_snapshot(state, lambda folder: write(all_services, folder))
        if needed_code:
            prune_code(needed_code.pop())

    def write(services: Any, folder: Path) -> None:
        logging.getLogger("persistence").setLevel(logging.WARNING)  # else 50 lines each time
        persistence.STATE_DIR = str(folder)
        persistence.save_all(services)

    # What MiniStack saves when it is stopped replaces the last snapshot in the same way.
    ministack.save_all = save

    def no_stack_changes() -> bool:
        stacks = cloudformation._stacks.all_items()  # noqa: SLF001  as above
        return not any(stack["StackStatus"].endswith("_IN_PROGRESS") for _, stack in stacks)

    # A stack that is being changed could not be changed again when it is loaded.
    snapshots = Snapshots(state, save, may_save=no_stack_changes)
    snapshots.start()
    # The loaded modules are never freed, so the garbage collector can skip them.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    try:
        _Server(ministack, snapshots, port=listener.getsockname()[1]).run(sockets=[listener])
    finally:
        lambda_runtime.reset()


class _Server(uvicorn.Server):
    def __init__(self, ministack: Any, snapshots: Snapshots, *, port: int) -> None:
        self._observed = snapshots.observed(ministack.app)
        config = uvicorn.Config(
            guarded(self._observed, port),
            access_log=False,
            log_level="warning",
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        super().__init__(config)
        self._ministack = ministack
        self._snapshots = snapshots

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        OWN_REQUESTS.serve(self._observed, self.server_state.tasks)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._snapshots.stop()
        if sig == DISCARD:
            self._ministack.PERSIST_STATE = False
        super().handle_exit(sig, frame)


if __name__ == "__main__":
    main()
