"""Starts the local cloud, deploys changes onto it, and stops it."""

import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

import typer

from devtools.caller import orderctl_command
from devtools.local_cloud.cloud import Up, bring_up, deploy_changes, stop_local_cloud
from devtools.local_cloud.folder import Folder, InUseError
from handlers.contract.clock import rfc3339
from orderctl.display.json_output import AsJson, print_json
from orderctl.display.place_json import place_json
from orderctl.errors import OperatorError
from orderctl.local_cloud import local_cloud_folder
from orderctl.stack import Stack
from orderctl.terminal import output, print_error, progress

# The exit code of a command that was stopped by Ctrl-C.
_INTERRUPTED: Final = 130

_EXAMPLE: Final = {
    "customerId": "cust-17850",
    "customerEmail": "ada@example.com",
    "paymentMethod": "pm_card_visa",
    "items": [{"productId": "85123A", "quantity": 6}],
}


def up(  # noqa: PLR0913  one parameter an option
    *,
    stock: Annotated[bool, typer.Option(help="Stock a sample catalogue when it starts empty.")] = True,
    port: Annotated[
        int | None, typer.Option(help="Start on this port if it is free. Default: the last one, or 4566.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start empty, without the data of before.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Deploy after each save, until Ctrl-C.")] = False,
    enforce_iam: Annotated[
        bool,
        typer.Option("--enforce-iam", help="Start empty, and refuse what the roles of the app do not allow."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Start a local cloud with this checkout, or deploy what has changed onto the running one.

    Its port, API address, API key and data stay. One that was killed finds its data again.
    """
    if watch and as_json:
        raise typer.BadParameter("--watch goes on, and --json prints one document: give one of them")
    folder = Folder.from_root(local_cloud_folder())
    with _explained(folder):
        found = bring_up(folder, port=port, stocked=stock, fresh=fresh, enforce_iam=enforce_iam)
    _tell(found, folder)
    stack = found.stack
    if as_json:
        print_json(_up_json(found))
        return
    output.print(f"API      {stack.api_url}\nkey      {stack.api_key}\n\nPlace an order:\n{_curl(stack)}\n")
    if watch:
        _watch(folder)
    else:
        progress.print(f"See its orders in the browser with `{orderctl_command()} console`.")
        progress.print(f"Stop it with `{orderctl_command()} down` (or `make down`).")


def deploy() -> None:
    """Deploy what has changed in this checkout onto the running local cloud."""
    folder = Folder.from_root(local_cloud_folder())
    with _explained(folder):
        found = deploy_changes(folder)
    _tell(found, folder)


def down(
    *,
    keep_data: Annotated[
        bool, typer.Option("--keep-data", help="Let the next `orderctl up` find its data.")
    ] = False,
) -> None:
    """Stop the local cloud and remove what it stored."""
    folder = Folder.from_root(local_cloud_folder())
    running = stop_local_cloud(folder, keep_data=keep_data)
    what = "The local cloud is stopped" if running else "No local cloud was running"
    kept = keep_data and folder.saved_at()
    progress.print(f"{what}. `{orderctl_command()} up` finds its data." if kept else f"{what}.")


@contextmanager
def _explained(folder: Folder) -> Iterator[None]:
    try:
        yield
    except InUseError:
        raise OperatorError(
            "A local cloud is being started, changed or stopped",
            why="another command is running",
            what_to_do=f"Wait for it, or end the local cloud with `{orderctl_command()} down`.",
        ) from None
    except KeyboardInterrupt:
        left = "the local cloud runs on" if folder.in_use() else "nothing is left running"
        progress.print(f"Stopped before it was done; {left}.")
        raise typer.Exit(_INTERRUPTED) from None


def _tell(found: Up, folder: Folder) -> None:
    if found.data_of:
        progress.print(
            f"The local cloud is up again, with the data of {found.data_of:%Y-%m-%d %H:%M:%S} "
            f"(in {folder.state}; --fresh starts empty)."
        )
    elif not found.was_running:
        progress.print(f"The local cloud is up. It started empty; its data is kept in {folder.state}.")
    elif found.changes is None:
        progress.print("The local cloud is already up, with this checkout.")
    for line in _change_lines(found):
        progress.print(line)


def _change_lines(found: Up) -> Iterator[str]:
    if found.changes is not None:
        yield from found.changes.lines()
        if not found.changes:
            yield "Deployed: no resource is another one than before."


def _up_json(found: Up) -> dict[str, Any]:
    changes = found.changes
    return {
        **place_json(found.stack),
        "apiKey": found.stack.api_key,
        "wasRunning": found.was_running,
        "dataSavedAt": rfc3339(found.data_of) if found.data_of else None,
        "changes": changes
        if changes is None
        else {
            "added": list(changes.added),
            "changed": list(changes.changed),
            "removed": list(changes.removed),
        },
    }


def _watch(folder: Folder) -> None:
    from devtools.local_cloud.watching import saves  # noqa: PLC0415  only --watch needs the library

    progress.print("Watching handlers, statemachines and infrastructure; Ctrl-C ends it.")
    for names in saves():
        progress.print(f"saved: {', '.join(names)}")
        _go_on_after_an_error(lambda: _tell(deploy_changes(folder), folder), folder)
    progress.print("No longer watching; the local cloud runs on.")


def _go_on_after_an_error(deploy_once: Callable[[], None], folder: Folder) -> None:
    try:
        with _explained(folder):
            deploy_once()
    except OperatorError as error:
        if not folder.in_use():
            raise
        print_error(error)


def _curl(stack: Stack) -> str:
    return shlex.join(
        [
            *("curl", "-i", f"{stack.api_url}orders"),
            *("-H", f"x-api-key: {stack.api_key}"),
            *("-H", "content-type: application/json"),
            *("-d", json.dumps(_EXAMPLE)),
        ]
    )
