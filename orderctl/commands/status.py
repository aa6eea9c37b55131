"""status: shows the stack and the local cloud."""

import time
from datetime import UTC, datetime, timedelta

from orderctl.local_cloud import LocalCloudFiles, local_cloud_folder
from orderctl.stack import Profile, Region, Stack, StackName, find_stack
from orderctl.terminal import output


def status(stack_name: StackName = None, profile: Profile = None, region: Region = None) -> None:
    """Show what is running, and where."""
    stack = find_stack(stack_name, profile, region)
    for name, value in _facts(stack).items():
        output.print(f"{name:<13}  {value}")


def _facts(stack: Stack) -> dict[str, str]:
    facts = {"API": stack.api_url, "region": stack.region, "state machine": stack.state_machine_arn}
    if stack.console_url:
        facts["executions"] = stack.console_url
    files = LocalCloudFiles(local_cloud_folder())
    server = files.server() if stack.endpoint_url else None
    if server:
        since = datetime.fromtimestamp(server.since, UTC).astimezone()
        uptime = timedelta(seconds=int(time.time() - server.since))
        facts = {
            "local cloud": f"{server.endpoint_url} (process {server.pid})",
            "up since": f"{since:%Y-%m-%d %H:%M:%S} ({uptime})",
            **facts,
            "log": str(files.server_log),
        }
    return facts
