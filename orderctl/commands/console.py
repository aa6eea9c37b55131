"""console: serves the console in the browser."""

import socket
import webbrowser
from typing import Annotated, Final

import typer

from handlers.contract.names import Stage, stack_name
from orderctl.commands.extras import console_module
from orderctl.errors import WrongArguments
from orderctl.stack import Profile, Region, StackName, find_stack, stack_options
from orderctl.terminal import output, say, waiting

_HOST: Final = "127.0.0.1"


def console(  # noqa: PLR0913  one parameter an option
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Open no browser.")] = False,
    allow_changes: Annotated[
        bool, typer.Option("--allow-changes", help="Let it redrive and cancel orders of prod too.")
    ] = False,
    stack_name_: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Serve a page that shows orders, executions, dead letters and stock live.

    It ends with Ctrl-C. Only this machine can open it, and only with the token in the printed address. It
    uses your AWS credentials, and costs some calls a second while a page is open, none otherwise.
    """
    serving = console_module("serving")
    stack = find_stack(stack_name_, profile, region)
    listener = _listener(port)
    with waiting("reading the deployed workflow"):
        made = serving.new_console(
            stack,
            name=stack_name_ or stack_name(Stage.LOCAL),
            options=stack_options(stack_name_, profile, region),
            port=listener.getsockname()[1],
            changes_prod=allow_changes,
        )
    output.print(made.access.address)
    say("The console is open until Ctrl-C. Its address is a secret: it lets anybody on this machine use it.")
    if not no_open and not webbrowser.open(made.access.address):
        say("No browser could be opened on this machine. Open the address above.")
    serving.serve(made, listener)


def _listener(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
        # A browser that has the printed address waits from now on; it is not refused.
        listener.listen()
    except OSError as error:
        raise WrongArguments(
            f"Port {port} can't be used",
            why=error.strerror or "",
            what_to_do="Choose another --port, or none.",
        ) from None
    return listener
