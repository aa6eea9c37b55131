"""Serves the console with uvicorn, on a socket of this machine only."""

import asyncio
import socket

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
        asyncio.run(uvicorn.Server(config).serve([listener]))
    except KeyboardInterrupt:
        return
