"""stats: counts how orders ended."""

from datetime import datetime
from typing import Annotated

import typer

from handlers.contract.clock import utc_now
from orderctl.commands.spans import ago
from orderctl.display.json_output import AsJson, print_json
from orderctl.display.layout import print_parts
from orderctl.display.stats_view import stats_view, what_is_missing
from orderctl.errors import Interrupted
from orderctl.order_stats import read_stats
from orderctl.stack import Profile, Region, StackName, find_stack
from orderctl.terminal import say, step


def stats(
    *,
    since: Annotated[
        datetime | None, typer.Option(parser=ago, metavar="TIME", help="How far back: 30m, 24h. Default: 1h.")
    ] = None,
    as_json: AsJson = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Count how orders ended, how long that took, and what was refused.

    The outcomes are those in the log of the executions: an order that was put on hold and then confirmed
    counts for both. At most 25 pages of the log are read for each outcome, and the times and products of the
    newest 1,000 orders. When that is not all, it says so. The dead letters are those of now.
    """
    stack = find_stack(stack_name, profile, region)
    try:
        with step("reading the log of the executions"):
            found = read_stats(stack, since or ago("1h"), utc_now())
    except KeyboardInterrupt:
        raise Interrupted(
            "Interrupted: nothing was counted", what_to_do="Ask for less time with --since."
        ) from None
    if as_json:
        print_json(found.to_json())
    else:
        print_parts(stats_view(found))
    for sentence in what_is_missing(found):
        say(sentence)
