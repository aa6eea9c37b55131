"""Where a stack is, as JSON."""

from datetime import UTC, datetime
from typing import Any

from handlers.contract.clock import rfc3339
from orderctl.local_cloud import LocalCloudFiles, ServerRecord, local_cloud_folder
from orderctl.stack import Stack


def server_of(stack: Stack) -> ServerRecord | None:
    """Return the server of the local cloud that the stack is on; None on AWS."""
    return LocalCloudFiles(local_cloud_folder()).server() if stack.endpoint_url else None


def place_json(stack: Stack) -> dict[str, Any]:
    """Return the addresses of the stack, and the local cloud, which is null on AWS."""
    server = server_of(stack)
    return {
        "apiUrl": stack.api_url,
        "region": stack.region,
        "stateMachineArn": stack.state_machine_arn,
        "executionsUrl": stack.console_url,
        "localCloud": server
        and {
            "url": server.endpoint_url,
            "process": server.pid,
            "since": rfc3339(datetime.fromtimestamp(server.since, UTC)),
            "log": str(LocalCloudFiles(local_cloud_folder()).server_log),
        },
    }
