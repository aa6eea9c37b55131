"""Clients of AWS, made once per execution environment, and their transient errors."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from botocore import __version__ as botocore_version
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.session import Session

from handlers.domain.errors import DependencyUnavailable

# Two attempts of at most 3 s each end before the Lambda's 8 s, and that before the task's 10 s.
CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=2,
    max_pool_connections=4,
    # Connections are kept anyway. https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html#function-code
    tcp_keepalive=True,
    retries={"mode": "standard", "total_max_attempts": 2},
    # Without one, botocore builds a text of ten parts for each request, which takes a quarter of its time.
    # https://docs.aws.amazon.com/botocore/latest/reference/config.html
    user_agent=f"order-processing Botocore/{botocore_version}",
)

_TRANSIENT_CODES: Final = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "KMSThrottling",
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERROR: Final = 500


@cache
def client(service: str) -> Any:
    """Return the one client of a service; region, endpoint and credentials come from the environment.

    It is the client that boto3 would make. But `import boto3` also loads its transfers to S3, and with them
    multiprocessing: a sixth of a cold start.
    """
    with _without_garbage_collection():
        return _session().create_client(service, config=CONFIG)


def make_clients(*services: str) -> None:
    """Make clients while Lambda initialises the function, so that no request waits for them.

    SnapStart also keeps what was made by then. Elsewhere importing a handler needs no environment.
    https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html#function-code
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
        for service in services:
            client(service)
        # All of it stays. A full collection, which some request would wait for, need not look at it.
        gc.freeze()


@cache
def _session() -> Session:
    return Session()


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Read the description of a service undisturbed: nothing of it is garbage, and it is large."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def is_transient(error: ClientError) -> bool:
    """Tell whether the same call may succeed later."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return error_code(error) in _TRANSIENT_CODES or status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR


def error_code(error: ClientError) -> str:
    """Return the AWS error code, e.g. `ConditionalCheckFailedException`."""
    code: str = error.response.get("Error", {}).get("Code", "")
    return code


@contextmanager
def translated(service: str) -> Iterator[None]:
    """Turn transient errors of a call to `service` into DependencyUnavailable; others propagate."""
    try:
        yield
    except ClientError as error:
        if not is_transient(error):
            raise
        raise DependencyUnavailable(f"{service}: {error_code(error)}") from error
    except (BotoConnectionError, HTTPClientError) as error:
        raise DependencyUnavailable(f"{service}: {type(error).__name__}") from error
