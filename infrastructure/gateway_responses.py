"""The error responses that API Gateway gives by itself, as RFC 9457 problems."""

import json
from dataclasses import dataclass, field
from typing import Final

from aws_cdk.aws_apigateway import ResponseType, RestApi

from handlers.contract.names import ApiAuth


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One kind of error. With the type about:blank the title is the status phrase (RFC 9457, 4.2.1)."""

    status: int
    title: str
    detail: str
    type: str = "about:blank"
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> str:
        """Return the response template; API Gateway substitutes $context variables in it."""
        return json.dumps(
            {"type": self.type, "title": self.title, "status": self.status, "detail": self.detail}
        )


_FORBIDDEN: Final = Problem(
    status=403, title="Forbidden", detail="Send a valid API key in the header x-api-key."
)
_NOT_SIGNED: Final = Problem(
    status=403,
    title="Forbidden",
    detail="Sign the request with AWS credentials that may call this API (Signature Version 4), "
    "and send a valid API key in the header x-api-key.",
)
_NOT_FOUND: Final = Problem(status=404, title="Not Found", detail="There is nothing at this path.")
_BAD_REQUEST: Final = Problem(status=400, title="Bad Request", detail="The request is not well-formed.")
_TIMEOUT: Final = Problem(
    status=504, title="Gateway Timeout", detail="The service did not respond in time; try again."
)

# A status on a default replaces that of every type without one of its own. Only a crashed function gets a
# default: this API has no authorizer, no firewall and no strict passthrough.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
_PROBLEMS: Final = (
    (ResponseType.ACCESS_DENIED, _FORBIDDEN),
    (ResponseType.INVALID_API_KEY, _FORBIDDEN),
    # API Gateway's name for a path that the API doesn't have.
    (ResponseType.MISSING_AUTHENTICATION_TOKEN, _NOT_FOUND),
    (ResponseType.RESOURCE_NOT_FOUND, _NOT_FOUND),
    (
        ResponseType.THROTTLED,
        Problem(
            status=429,
            title="Too Many Requests",
            detail="Too many requests at once; try again after a moment.",
            headers={"Retry-After": "1"},
        ),
    ),
    (
        ResponseType.QUOTA_EXCEEDED,
        Problem(
            status=429,
            title="Too Many Requests",
            detail="The API key has used up its requests of today.",
        ),
    ),
    (
        ResponseType.BAD_REQUEST_PARAMETERS,
        # The type and title that the orders function gives to an invalid body.
        Problem(
            status=400,
            title="Invalid request",
            detail="$context.error.message",
            type="urn:problem-type:ecommerce:invalid-request",
        ),
    ),
    (ResponseType.BAD_REQUEST_BODY, _BAD_REQUEST),
    (
        ResponseType.REQUEST_TOO_LARGE,
        Problem(status=413, title="Content Too Large", detail="The request is larger than 10 MB."),
    ),
    (ResponseType.INTEGRATION_FAILURE, _TIMEOUT),
    (ResponseType.INTEGRATION_TIMEOUT, _TIMEOUT),
    (ResponseType.DEFAULT_4_XX, _BAD_REQUEST),
    (
        ResponseType.DEFAULT_5_XX,
        # A function that crashed (502) or that Lambda throttled (500). Both pass: an order with an
        # Idempotency-Key can always be sent again.
        # https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html
        Problem(
            status=503,
            title="Service Unavailable",
            detail="The service failed. Send the same request again, an order with the same Idempotency-Key.",
            headers={"Retry-After": "1"},
        ),
    ),
)


# What replaces or completes those above where requests must be signed. An unsigned request and one for a path
# that does not exist get the same answer.
_PROBLEMS_OF_IAM: Final = (
    (ResponseType.ACCESS_DENIED, _NOT_SIGNED),
    (ResponseType.MISSING_AUTHENTICATION_TOKEN, _NOT_SIGNED),
    (ResponseType.INVALID_SIGNATURE, _NOT_SIGNED),
    (ResponseType.EXPIRED_TOKEN, _NOT_SIGNED),
)


def add_problem_responses(api: RestApi, auth: ApiAuth) -> None:
    """Give every error response of API Gateway its problem."""
    of_iam = _PROBLEMS_OF_IAM if auth is ApiAuth.IAM else ()
    # A type is no key of a dict: jsii makes a new object of it each time.
    replaced = {type_.response_type for type_, _ in of_iam}
    problems = [each for each in _PROBLEMS if each[0].response_type not in replaced]
    for type_, problem in (*problems, *of_iam):
        headers = {"Content-Type": "application/problem+json", **problem.headers}
        api.add_gateway_response(
            type_.response_type,
            type=type_,
            status_code=str(problem.status),
            # A literal needs single quotes. Without them it would name a request parameter.
            response_headers={name: f"'{value}'" for name, value in headers.items()},
            # API Gateway matches the key with the request's Accept header. This one is its default.
            templates={"application/json": problem.body()},
        )
