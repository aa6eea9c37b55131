"""Starts and stops the local cloud."""

import json
import shlex
from typing import Annotated, Final

import typer

from devtools.local_cloud.cloud import PREFERRED_PORT, start_local_cloud, stop_local_cloud
from devtools.local_cloud.folder import Folder, InUseError
from orderctl.errors import OperatorError
from orderctl.local_cloud import local_cloud_folder
from orderctl.stack import Stack, find_stack
from orderctl.terminal import output, progress

# The exit code of a command that was stopped by Ctrl-C.
_INTERRUPTED: Final = 130

_EXAMPLE: Final = {
    "customerId": "cust-17850",
    "customerEmail": "ada@example.com",
    "paymentMethod": "pm_card_visa",
    "items": [{"productId": "85123A", "quantity": 6}],
}


def up(
    *,
    stock: Annotated[bool, typer.Option(help="Stock a sample catalogue.")] = True,
    port: Annotated[int, typer.Option(help="Use this port if it is free, else any.")] = PREFERRED_PORT,
) -> None:
    """Start a local cloud and deploy the app onto it."""
    folder = Folder.from_root(local_cloud_folder())
    try:
        stack = start_local_cloud(folder, port=port, stocked=stock)
    except InUseError:
        stack = _running_stack(folder)
        output.print("The local cloud is already up.")
    except KeyboardInterrupt:
        progress.print("Stopped before it was up; nothing is left running.")
        raise typer.Exit(_INTERRUPTED) from None
    output.print(f"API      {stack.api_url}\nkey      {stack.api_key}\n\nPlace an order:\n{_curl(stack)}\n")
    output.print("Stop it with `orderctl down` (or `make down`).")


def down() -> None:
    """Stop the local cloud and remove what it stored."""
    if stop_local_cloud(Folder.from_root(local_cloud_folder())):
        output.print("The local cloud is stopped.")
    else:
        output.print("No local cloud was running.")


def _running_stack(folder: Folder) -> Stack:
    if folder.stack_file.exists():
        return find_stack()
    raise OperatorError(
        "A local cloud is being started or stopped",
        why="another command is running",
        what_to_do="Wait for it, or end it with `orderctl down`.",
    )


def _curl(stack: Stack) -> str:
    return shlex.join(
        [
            *("curl", "-i", f"{stack.api_url}orders"),
            *("-H", f"x-api-key: {stack.api_key}"),
            *("-H", "content-type: application/json"),
            *("-d", json.dumps(_EXAMPLE)),
        ]
    )
