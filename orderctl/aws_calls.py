"""How orderctl calls AWS: time limits, retries that can be seen, and errors for people."""

import re
import threading
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    LoginError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError

from orderctl.errors import OperatorError
from orderctl.outage import Outage
from orderctl.terminal import waiting

# boto3 alone waits up to 60 s for a connection, and up to ten times.
# https://docs.aws.amazon.com/boto3/latest/guide/retries.html
CONFIG: Final = Config(
    connect_timeout=5,
    read_timeout=15,
    retries={"mode": "standard", "total_max_attempts": 5},
    # CloudTrail shows it. To build botocore's own text takes a quarter of the time of a request.
    user_agent="orderctl",
)
NO_RESPONSE: Final = (BotoConnectionError, HTTPClientError)
_NOT_SIGNED_IN: Final = (
    CredentialRetrievalError,
    LoginError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html and, for the services with
# the query protocol, https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
# The message names the action, for example dynamodb:Query.
_DENIED_ACTION: Final = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
_REFUSED: Final = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"}
)


def watched(client: Any) -> Any:
    """Let the calls of a boto3 client tell what they wait for and what they try again; return the client."""
    _CallWatch(client)
    return client


def operator_error(error: Exception) -> OperatorError | None:
    """Describe an error of AWS or on the way to it; None for any other error."""
    if isinstance(error, NoCredentialsError):
        return OperatorError("No AWS credentials were found", what_to_do="Add --profile, or sign in to AWS.")
    if isinstance(error, ClientError):
        return _refused(error)
    if isinstance(error, _NOT_SIGNED_IN):
        return OperatorError(
            "AWS credentials could not be read", why=str(error), what_to_do="Sign in to AWS and try again."
        )
    if isinstance(error, NO_RESPONSE):
        return OperatorError(
            "AWS does not respond",
            why=str(error),
            what_to_do="Check the network, --region, and for a local cloud `orderctl status`.",
        )
    if isinstance(error, ResponseParserError):
        return OperatorError(
            "The response is not from AWS",
            why="a proxy on the way sent it",
            what_to_do="Check the network.",
        )
    return OperatorError(str(error)) if isinstance(error, BotoCoreError) else None


def _refused(error: ClientError) -> OperatorError:
    """Describe what AWS answered."""
    code = error.response["Error"]["Code"]
    if code in _EXPIRED | _REFUSED:
        what = "have expired" if code in _EXPIRED else "are not valid"
        return OperatorError(
            f"The AWS credentials {what}", why=str(error), what_to_do="Sign in to AWS and try again."
        )
    if code not in _DENIED:
        return OperatorError(str(error))
    named = _DENIED_ACTION.search(error.response["Error"].get("Message", ""))
    return OperatorError(
        f"You may not call {named[1] if named else error.operation_name}",
        why="AWS denies it to these credentials",
        what_to_do="Use another --profile, or the stack's operator role: `orderctl --role operator COMMAND`.",
    )


class _CallWatch:
    """Follows the calls of one client by its events.

    https://docs.aws.amazon.com/boto3/latest/guide/events.html
    """

    def __init__(self, client: Any) -> None:
        service = client.meta.service_model.service_id
        self._service = f"{service} in {client.meta.region_name}"
        self._outage = Outage(self._service)
        self._of_thread = threading.local()
        events = client.meta.events
        events.register("before-call", self._before)
        events.register("needs-retry", self._attempted)
        events.register("after-call", self._after)
        events.register("after-call-error", self._after)

    def _before(self, **_: Any) -> None:
        wait = waiting(f"waiting for {self._service}")
        wait.__enter__()
        self._of_thread.wait = wait

    def _attempted(self, *, caught_exception: Exception | None = None, **_: Any) -> None:
        # botocore decides by the first result that is not None: this only looks on.
        if isinstance(caught_exception, NO_RESPONSE):
            self._outage.failed(f"does not respond ({type(caught_exception).__name__})", "trying again")
        elif caught_exception is None:
            self._outage.responded()

    def _after(self, **_: Any) -> None:
        wait = self._of_thread.__dict__.pop("wait", None)
        if wait:
            wait.__exit__(None, None, None)
