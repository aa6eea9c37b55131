"""boto3 clients, made once per execution environment, and their transient errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError

from handlers.domain.errors import DependencyUnavailable

# Two attempts of at most 3 s each end before the Lambda's 8 s, and that before the task's 10 s.
CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=2,
    max_pool_connections=4,
    retries={"mode": "standard", "total_max_attempts": 2},
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
    """Return the one client of a service; region and endpoint come from the environment."""
    return boto3.client(service, config=CONFIG)


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
