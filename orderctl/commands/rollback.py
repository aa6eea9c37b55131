"""rollback: lets new executions run an earlier version of the workflow."""

from typing import Annotated

import typer

from orderctl.display.json_output import AsJson, print_json
from orderctl.errors import Interrupted
from orderctl.live_version import LiveVersion
from orderctl.stack import Profile, Region, StackName, find_stack, stack_options
from orderctl.terminal import output, step


def rollback(
    version: Annotated[
        int | None, typer.Argument(metavar="[VERSION]", help="Its number. Default: the one before.")
    ] = None,
    *,
    as_json: AsJson = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Let new executions run the workflow's version before, or the one that you name.

    A version is the definition as it was deployed. Functions and tables stay as they are. Executions that
    run keep their version. The next deployment of a changed definition makes its own version live.
    """
    live = LiveVersion(find_stack(stack, profile, region))
    before = live.read()
    wanted = live.before(before) if version is None else version
    options = stack_options(stack, profile, region)
    try:
        with step(f"version {wanted}"):
            live.change(wanted)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Interrupted: version {wanted} may be live, or still version {before}",
            what_to_do=f"Run `orderctl rollback {wanted}{options}` or `orderctl rollback {before}{options}`.",
        ) from None
    if as_json:
        print_json({"version": wanted, "before": before})
        return
    output.print(f"New executions run version {wanted} of the workflow. It was version {before}.")
    output.print(f"Back again: orderctl rollback {before}{options}")
