"""One line in the log for each operation: what it was, how it ended and how long it took."""

import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, TypeVar

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.logging.types import LogRecord
from botocore.exceptions import ClientError

from handlers.adapters.aws import error_code
from handlers.domain.errors import CancellationRequested, DependencyUnavailable, NotificationInProgress

Response = TypeVar("Response", bound=Mapping[str, Any])
Handler = Callable[[dict[str, Any], Any], Response]

# They are the same in all lines of a function, and each byte is paid for: the log group names the function.
# A message tells the place in the code, and an error has its stack trace.
_LEFT_OUT: Final = frozenset({"location", "function_name", "function_arn", "function_memory_size"})

DONE: Final = "done"
ERROR: Final = "error"


class _LineFormatter(LambdaPowertoolsFormatter):
    def serialize(self, log: LogRecord) -> str:
        return super().serialize({name: value for name, value in log.items() if name not in _LEFT_OUT})


def operation_logger(service: str | None = None) -> Logger:
    """Return the logger of a function; `service` is by default POWERTOOLS_SERVICE_NAME."""
    return Logger(service=service, logger_formatter=_LineFormatter())


def elapsed_millis(started: float) -> float:
    """Return the milliseconds since a time of `time.monotonic`."""
    return round((time.monotonic() - started) * 1000, 1)


def logs_operation(
    logger: Logger, message: str | None, *, warnings: Mapping[str, str] | None = None
) -> Callable[[Handler[Response]], Handler[Response]]:
    """Let a handler end in one line, also when it raises.

    The handler appends the keys that it knows (step, orderId) to the logger. `warnings` has the messages of
    outcomes that an operator may want to look at. Without a message any other outcome leaves no line.
    """

    def decorate(handler: Handler[Response]) -> Handler[Response]:
        @wraps(handler)
        def logging(event: dict[str, Any], context: Any) -> Response:
            started = time.monotonic()
            try:
                response = handler(event, context)
            except Exception as error:
                _log_error(logger, error, elapsed_millis(started))
                raise
            outcome = str(response.get("status", DONE))
            warning = (warnings or {}).get(outcome)
            log = logger.warning if warning else logger.info
            if said := warning or message:
                log(said, outcome=outcome, durationMs=elapsed_millis(started))
            return response

        return logging

    return decorate


def _log_error(logger: Logger, error: Exception, duration_ms: float) -> None:
    log = logger.error
    if isinstance(error, CancellationRequested):
        # How the workflow is told that the order goes another way.
        log = logger.info
    elif isinstance(error, DependencyUnavailable | NotificationInProgress):
        # The workflow tries again. What stays broken ends on a dead-letter queue.
        log = logger.warning
    log("operation failed", outcome=ERROR, durationMs=duration_ms, **_error_fields(error))


def _error_fields(error: Exception) -> dict[str, Any]:
    """Return names, and no message: it may repeat what a client sent."""
    match error:
        case ClientError():
            return {"error": error_code(error), "operation": error.operation_name}
        case DependencyUnavailable():
            # Its message is ours: a service and an error code.
            return {"error": type(error).__name__, "cause": str(error)}
        case _:
            return {"error": type(error).__name__}
