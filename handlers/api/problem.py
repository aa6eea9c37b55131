"""Problem responses (RFC 9457): the one place that turns errors into responses."""

import json
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from botocore.exceptions import BotoCoreError, ClientError

from handlers.adapters.aws import error_code
from handlers.api.errors import InvalidRequest, UnsupportedMediaType, Violation
from handlers.domain.errors import (
    CancelLater,
    DependencyUnavailable,
    IdempotencyKeyReused,
    NotCancellable,
    OrderNotFound,
    UnknownProducts,
)

CONTENT_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:problem-type:ecommerce:"
# Longer than a throttled partition or a cold dependency usually needs. Shorter than a shopper waits.
RETRY_AFTER_SECONDS: Final = 2


# Errors of the client that need no word about this one request: status, type, detail.
_FIXED: Final[Mapping[type[Exception], tuple[HTTPStatus, str | None, str]]] = {
    UnsupportedMediaType: (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        None,
        "Send the body as JSON, with the header Content-Type: application/json.",
    ),
    IdempotencyKeyReused: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "idempotency-key-reused",
        "This Idempotency-Key placed another order; use a new key for a new order.",
    ),
    OrderNotFound: (HTTPStatus.NOT_FOUND, "order-not-found", "There is no order with this id."),
    CancelLater: (
        HTTPStatus.CONFLICT,
        "order-being-confirmed",
        "The order is being confirmed. Try again: that takes a few seconds, and at worst some minutes.",
    ),
}


def problem_response(error: Exception) -> Response[str]:
    """Describe an error without internal names. What the client can't fix gets no detail."""
    if type(error) in _FIXED:
        response = _response(*_FIXED[type(error)])
        return _retry_later(response) if isinstance(error, CancelLater) else response
    match error:
        case InvalidRequest():
            return _response(HTTPStatus.BAD_REQUEST, "invalid-request", str(error), error.violations)
        case UnknownProducts():
            detail = "The catalogue does not have every product of the order."
            return _response(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-products", detail, _unknown(error))
        case NotCancellable():
            return _response(HTTPStatus.CONFLICT, "not-cancellable", str(error))
        # When AWS refuses a call for good (a missing grant, a deleted table), that is no fault of the client.
        case DependencyUnavailable() | ClientError() | BotoCoreError():
            return _unavailable()
        case _:
            return _response(HTTPStatus.INTERNAL_SERVER_ERROR, None, "The request could not be processed.")


def log_fields(error: Exception) -> dict[str, Any]:
    """Return what operators need, without messages that may repeat what the client sent."""
    if type(error) in _FIXED:
        return {"error": type(error).__name__}
    match error:
        case DependencyUnavailable():
            return {"error": type(error).__name__, "cause": str(error)}
        case ClientError():
            return {"error": error_code(error), "operation": error.operation_name}
        case InvalidRequest() | UnknownProducts() | NotCancellable():
            return {"error": type(error).__name__}
        case _:
            frames = traceback.extract_tb(error.__traceback__)
            return {
                "error": type(error).__name__,
                "raisedAt": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
            }


def route_not_found(allowed: Sequence[str]) -> Response[str]:
    """Describe a path that the API does not have, or a method on a path that knows only those `allowed`."""
    if not allowed:
        return _response(HTTPStatus.NOT_FOUND, None, "There is nothing at this path.")
    methods = ", ".join(allowed)
    response = _response(HTTPStatus.METHOD_NOT_ALLOWED, None, f"This path knows only {methods}.")
    response.headers["Allow"] = methods
    return response


def _unknown(error: UnknownProducts) -> list[Violation]:
    return [
        Violation(pointer=f"/items/{position}/productId", detail=f"{product_id} is not in the catalogue")
        for position, product_id in error.product_ids.items()
    ]


def _unavailable() -> Response[str]:
    detail = (
        "Try again; with the same Idempotency-Key no order is placed twice. A cancellation can be repeated."
    )
    return _retry_later(_response(HTTPStatus.SERVICE_UNAVAILABLE, None, detail))


def _retry_later(response: Response[str]) -> Response[str]:
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _response(
    status: HTTPStatus, type_: str | None, detail: str, violations: Sequence[Violation] = ()
) -> Response[str]:
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + type_ if type_ else "about:blank",
        "title": _title(type_) if type_ else status.phrase,
        "status": status.value,
        "detail": detail,
    }
    if violations:
        body["errors"] = [{"pointer": each.pointer, "detail": each.detail} for each in violations]
    return Response(
        status_code=status.value, content_type=CONTENT_TYPE, body=json.dumps(body, separators=(",", ":"))
    )


def _title(type_: str) -> str:
    return type_.replace("-", " ").capitalize()
