"""Signs requests of an API whose authorization is IAM (Signature Version 4)."""

from collections.abc import Callable, Mapping

from orderctl.errors import OperatorError
from orderctl.stack import Stack

Sign = Callable[[str, str, Mapping[str, str], bytes | None], dict[str, str]]
"""Returns the headers of a request with its signature, from its method, URL, headers and body."""


def signer(stack: Stack) -> Sign:
    """Return what signs the requests of a stack; raise OperatorError without credentials."""
    # They take 0.15 s, and only such a stack needs them.
    from botocore.auth import SigV4Auth  # noqa: PLC0415
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415

    credentials = stack.credentials
    if credentials is None:
        raise OperatorError("No AWS credentials were found", what_to_do="Add --profile, or sign in to AWS.")
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
    service = "execute-api"

    def sign(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> dict[str, str]:
        request = AWSRequest(method=method, url=url, headers=dict(headers), data=body or b"")
        # Temporary credentials are renewed before they expire; a signature needs a consistent set of them.
        SigV4Auth(credentials.get_frozen_credentials(), service, stack.region).add_auth(request)
        return dict(request.headers.items())

    return sign
