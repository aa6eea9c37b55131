"""Serves the console with uvicorn, on a socket of this machine only."""

import asyncio
import socket
from types import FrameType

import uvicorn

from orderctl.console.app import console_app
from orderctl.console.context import Console
from orderctl.console.guard import Access
from orderctl.console.live import Live
from orderctl.stack import Stack


def new_console(stack: Stack, *, name: str, options: str, port: int, changes_prod: bool) -> Console:
    """Return the console of a stack, for this port of this machine."""
    return Console(
        stack=stack,
        name=name,
        options=options,
        access=Access(port=port),
        live=Live(stack),
        changes_prod=changes_prod,
    )


class _Server(uvicorn.Server):
    """Ends the live parts of all open pages when it is told to end."""

    def __init__(self, config: uvicorn.Config, console: Console) -> None:
        super().__init__(config)
        self._console = console

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._console.live.stop()
        super().handle_exit(sig, frame)


def serve(console: Console, listener: socket.socket) -> None:
    """Serve until Ctrl-C, which is the usual end."""
    config = uvicorn.Config(
        console_app(console),
        log_level="warning",
        access_log=False,
        server_header=False,
        # A page that is open must not keep the console from ending.
        timeout_graceful_shutdown=1,
    )
    try:
        asyncio.run(_Server(config, console).serve([listener]))
    except KeyboardInterrupt:
        return
