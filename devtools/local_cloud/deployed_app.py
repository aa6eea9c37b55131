"""The app that is deployed on a local cloud: its stack, its template and the digest of its sources."""

import json
from typing import Any, Final

from devtools.local_cloud.cdk_deploy import STACK_NAME
from orderctl.local_cloud import LOCAL_REGION, local_client
from orderctl.stack import Stack, describe, on_emulator

_DIGEST_PARAMETER: Final = "/local-cloud/deployed-sources"


def deployed_digest(endpoint_url: str) -> str | None:
    """Return the digest of the sources that are deployed; None when the app is not there.

    It is in the cloud's own state, so that it is always that of the app which is saved with it.
    """
    ssm = local_client("ssm", endpoint_url)
    try:
        return str(ssm.get_parameter(Name=_DIGEST_PARAMETER)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return None


def note_deployed(endpoint_url: str, digest: str) -> None:
    """Note the digest of the sources that were deployed."""
    local_client("ssm", endpoint_url).put_parameter(
        Name=_DIGEST_PARAMETER, Value=digest, Type="String", Overwrite=True
    )


def deployed_template(endpoint_url: str) -> dict[str, Any]:
    """Return the template of the deployed app."""
    found = local_client("cloudformation", endpoint_url).get_template(StackName=STACK_NAME)["TemplateBody"]
    template: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
    return template


def deployed_stack(endpoint_url: str) -> Stack:
    """Return the deployed stack with addresses that work on this machine."""
    found = describe(STACK_NAME, lambda service: local_client(service, endpoint_url), region=LOCAL_REGION)
    return on_emulator(found, endpoint_url)
