"""The local cloud: its folder, its server process and its boto3 clients."""

import json
import os
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

LOCAL_ACCOUNT: Final = "000000000000"
LOCAL_REGION: Final = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRecord:
    """The server process, which writes this to server.json.

    `since` is a POSIX time in seconds, `code` a digest of the program that it runs.
    """

    pid: int
    port: int
    since: float
    code: str

    @property
    def endpoint_url(self) -> str:
        """Return the URL of the AWS services of this local cloud."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class LocalCloudFiles:
    """The files in the folder of the local cloud."""

    root: Path

    @property
    def stack_file(self) -> Path:
        """Return the file that describes the stack; it exists when the app is deployed."""
        return self.root / "stack.json"

    @property
    def server_file(self) -> Path:
        """Return the file of the server process; the server writes it when it listens."""
        return self.root / "server.json"

    @property
    def server_log(self) -> Path:
        """Return the log of MiniStack, of the workflow and of starting the Lambda functions."""
        return self.root / "cloud.log"

    def server(self) -> ServerRecord | None:
        """Read the server file; return None when there is none."""
        try:
            return ServerRecord(**json.loads(self.server_file.read_text()))
        except (FileNotFoundError, TypeError, ValueError):
            return None


def checkout() -> Path | None:
    """Return the folder of the checkout that orderctl runs in; None where it was installed without one."""
    folder = Path(__file__).resolve().parent.parent
    return folder if (folder / "cdk.json").exists() else None


def local_cloud_folder() -> Path:
    """Return ORDERCTL_HOME, or .local in the checkout, or .local in the current folder."""
    return Path(os.environ.get("ORDERCTL_HOME") or (checkout() or Path.cwd()) / ".local").resolve()


def emulator_url() -> str | None:
    """Return the URL of the emulator that stands in for AWS; None on AWS.

    The SDKs and the CDK read the same variable:
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    return os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/") or None


def is_running(endpoint_url: str) -> bool:
    """Tell whether a local cloud responds at this URL."""
    # No proxy, which can't connect to this machine's 127.0.0.1. urllib.request takes longer to load.
    server = HTTPConnection(urlsplit(endpoint_url).netloc, timeout=3)
    try:
        server.request("GET", "/_ministack/health")
        return server.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        server.close()


def local_client(service: str, endpoint_url: str, region: str = LOCAL_REGION) -> Any:
    """Return the boto3 client of a service of a local cloud."""
    # Takes 0.15 s to load, and not every command needs it.
    from botocore.config import Config  # noqa: PLC0415

    from orderctl.aws_calls import CONFIG  # noqa: PLC0415

    # A proxy can't connect to this machine's 127.0.0.1.
    local = Config(inject_host_prefix=False, max_pool_connections=32, proxies={})
    return _session(region).client(service, endpoint_url=endpoint_url, config=CONFIG.merge(local))


@cache
def _session(region: str) -> Any:
    # The clients of one session share what it has read of botocore's files.
    import boto3  # noqa: PLC0415  as above

    return boto3.Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  the local cloud accepts any
        region_name=region,
    )
