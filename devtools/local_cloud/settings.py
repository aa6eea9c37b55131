"""The environment of MiniStack and of the CDK that deploys onto it."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from devtools.local_cloud.address import Address
from devtools.local_cloud.folder import Folder
from orderctl.local_cloud import LOCAL_ACCOUNT, LOCAL_REGION

# Variables that could reach a real account or change MiniStack are not passed on. The last one would make
# every cold Lambda compile boto3 for seconds.
_NOT_PASSED_ON: Final = (
    "AWS_",
    "CDK_",
    "LAMBDA_",
    "LOCALSTACK_",
    "MINISTACK_",
    "SFN_",
    "SERVICES",
    "AUTH",
    "USE_SSL",
    "PYTHONDONTWRITEBYTECODE",
)


def server_environment(folder: Folder, address: Address) -> dict[str, str]:
    """Return MiniStack's settings; the Lambdas inherit them."""
    return {
        **_base(folder),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder.state),
        "MINISTACK_ACCOUNT_ID": LOCAL_ACCOUNT,
        "MINISTACK_REGION": LOCAL_REGION,
        "PYTHONUNBUFFERED": "1",
        "LOCAL_CLOUD_API_ID": address.api_id,
        "LOCAL_CLOUD_API_KEY": address.api_key,
        **_iam(folder),
    }


def deployment_environment(folder: Folder, endpoint_url: str) -> dict[str, str]:
    """Return the environment of the CDK, which can deploy only onto the local cloud."""
    return {
        **_base(folder),
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_HOME": str(folder.temporary / "cdk"),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        # The CDK's check of the template takes as long as the rest of the synthesis; `make lint` does more.
        "CDK_VALIDATION": "false",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }


def _iam(folder: Folder) -> dict[str, str]:
    if not folder.iam_marker.exists():
        return {}
    return {
        "AUTH": "true",
        "LOCAL_CLOUD_CALLS": str(folder.calls_file),
        "LOCAL_CLOUD_REQUESTS": str(folder.requests_file),
    }


def _base(folder: Folder) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED_ON)}
    # node and python are in the virtual environment
    path = os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)])
    return {
        **inherited,
        **_without_proxy(inherited),
        "PATH": path,
        "TMPDIR": str(folder.temporary),
        "AWS_REGION": LOCAL_REGION,
        "AWS_DEFAULT_REGION": LOCAL_REGION,
    }


def _without_proxy(inherited: Mapping[str, str]) -> dict[str, str]:
    exceptions = ",".join(
        filter(None, [inherited.get("NO_PROXY") or inherited.get("no_proxy"), "127.0.0.1,localhost"])
    )
    return {"NO_PROXY": exceptions, "no_proxy": exceptions}
