"""status: shows the stack, the local cloud, and how the system is doing."""

import time
from datetime import UTC, datetime, timedelta

from handlers.contract.clock import utc_now
from orderctl.display.json_output import AsJson, print_json
from orderctl.display.layout import print_facts
from orderctl.display.place_json import place_json, server_of
from orderctl.display.system_view import system_json, system_lines
from orderctl.durations import age
from orderctl.local_cloud import LocalCloudFiles, local_cloud_folder
from orderctl.stack import Profile, Region, Stack, StackName, find_stack, stack_options
from orderctl.system_status import read_system_status
from orderctl.terminal import say, waiting


def status(
    *, as_json: AsJson = False, stack_name: StackName = None, profile: Profile = None, region: Region = None
) -> None:
    """Show what is running, and how it is doing.

    Counted are the open orders: those that are PENDING or ON_HOLD, and of the settled ones those of which
    somebody is still to be told. `orderctl stats` counts the others. At most 1,000 orders of each of the
    eight partitions of the index are counted, and "at least" says that there are more. **settling** is the
    time from accepting an order to settling it, of at most a hundred orders that were settled last. The age
    of the oldest message is known when the queues have at most a hundred.
    """
    stack = find_stack(stack_name, profile, region)
    with waiting("reading the open orders, the queues and the logs"):
        system = read_system_status(stack, utc_now())
    if as_json:
        print_json({**place_json(stack), **system_json(system)})
        return
    print_facts(_facts(stack) | system_lines(system, stack_options(stack_name, profile, region)))
    for note in system.notes:
        say(note)


def _facts(stack: Stack) -> dict[str, str]:
    facts = {"API": stack.api_url, "region": stack.region, "state machine": stack.state_machine_arn}
    if stack.console_url:
        facts["executions"] = stack.console_url
    server = server_of(stack)
    if server:
        since = datetime.fromtimestamp(server.since, UTC).astimezone()
        uptime = timedelta(seconds=time.time() - server.since)
        facts = {
            "local cloud": f"{server.endpoint_url} (process {server.pid})",
            "up since": f"{since:%Y-%m-%d %H:%M:%S} ({age(uptime)})",
            **facts,
            "log": str(LocalCloudFiles(local_cloud_folder()).server_log),
        }
    return facts
