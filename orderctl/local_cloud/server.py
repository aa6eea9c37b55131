"""The local cloud's process: MiniStack, patched, on a port of 127.0.0.1 that it chooses itself."""

import argparse
import json
import os
import signal
import socket
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

import uvicorn

from orderctl.local_cloud.folder import Folder, ServerRecord, write_atomically

# Requests that run when the end comes get this long; `orderctl down` waits a little longer.
SHUTDOWN_SECONDS: Final = 3


def main() -> None:
    """Serve until SIGTERM."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--folder", type=Path, required=True)
    arguments.add_argument("--port", type=int, required=True, help="preferred; another one when it is taken")
    given = arguments.parse_args()
    folder = Folder.of(given.folder)
    # uvicorn sends the signal on to this handler when it has shut down: what `finally` says still happens.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    listener = listen(given.port)
    port = listener.getsockname()[1]
    os.environ["GATEWAY_PORT"] = str(port)
    # Requests wait in the listener's queue until MiniStack is loaded, so the port can be told right away.
    record = ServerRecord(pid=os.getpid(), port=port, since=time.time())
    write_atomically(folder.server_file, json.dumps(asdict(record)))
    serve(listener)


def listen(preferred_port: int) -> socket.socket:
    """Return a listening socket: who binds it first has the port, so that there is no race for it."""
    try:
        return socket.create_server(("127.0.0.1", preferred_port), backlog=512)
    except OSError:
        return socket.create_server(("127.0.0.1", 0), backlog=512)


def serve(listener: socket.socket) -> None:
    """Run MiniStack on the socket; no Lambda's process outlives it."""
    from ministack import app  # noqa: PLC0415  MiniStack reads its settings when it is imported
    from ministack.core import lambda_runtime  # noqa: PLC0415  as above

    from orderctl.local_cloud.patches import apply_patches  # noqa: PLC0415  as above

    apply_patches()
    config = uvicorn.Config(
        app.app,
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        lambda_runtime.reset()


if __name__ == "__main__":
    main()
