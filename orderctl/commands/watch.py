"""watch: shows what is going on, until Ctrl-C."""

import time
from typing import Annotated, Final

import typer
from rich.live import Live

from orderctl.aws_calls import NO_RESPONSE
from orderctl.display.json_output import AsJson, print_json
from orderctl.display.layout import print_parts
from orderctl.display.watch_view import watch_view
from orderctl.errors import WrongArguments
from orderctl.stack import Profile, Region, StackName, find_stack
from orderctl.terminal import output, silent, waiting
from orderctl.watching import Watch

_SECONDS: Final = 2.0


def watch(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Show it once and end; no terminal is needed.")
    ] = False,
    as_json: AsJson = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Watch the open orders, the newest outcomes and the queues.

    It is shown again every 2 seconds until Ctrl-C. A look costs 22 calls of AWS, however many orders there
    are: 16 of Query, 4 of GetQueueAttributes, 1 of FilterLogEvents and 1 of BatchGetItem.
    `--json` shows it once.
    """
    once = once or as_json
    if not once and not output.is_terminal:
        raise WrongArguments(
            "Standard output is no terminal, so nothing can be shown live",
            what_to_do="Show it once with --once or --json.",
        )
    watched = Watch(find_stack(stack_name, profile, region))
    if not once:
        _show_live(watched)
        return
    with waiting("reading orders, log and queues"):
        snapshot = watched.look()
    if as_json:
        print_json(snapshot.to_json())
    else:
        print_parts(watch_view(snapshot))


def _show_live(watched: Watch) -> None:
    """Show it until Ctrl-C, which leaves the last view on the screen."""
    try:
        with silent():
            view = watch_view(snapshot := watched.look())
            with Live(view, console=output, auto_refresh=False) as live:
                while True:
                    time.sleep(_SECONDS)
                    try:
                        snapshot = watched.look()
                        view = watch_view(snapshot)
                    except NO_RESPONSE as error:
                        view = watch_view(snapshot, note=f"AWS does not respond ({type(error).__name__})")
                    live.update(view, refresh=True)
    except KeyboardInterrupt:
        # The usual end.
        return
