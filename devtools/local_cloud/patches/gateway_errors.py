"""A Lambda that fails behind API Gateway gives a 502 response without the reason, as on AWS.

MiniStack puts the exception into the response's body.
"""

from typing import Any

from ministack.services import apigateway_v1

from devtools.local_cloud.patches.expected import expect_signature, expect_source


def apply() -> None:
    """Patch the conversion of a Lambda's result to the response of the proxy integration."""
    response_of = apigateway_v1._lambda_proxy_response
    expect_signature(response_of, "result")
    expect_source(response_of, "return None, str(lambda_response.get(")
    expect_source(apigateway_v1._invoke_lambda_proxy_v1, "_lambda_proxy_response(result)", '{"message": err}')

    def response_without_reason(result: dict[str, Any]) -> tuple[Any, str | None]:
        response, error = response_of(result)
        return response, error and "Internal server error"

    apigateway_v1._lambda_proxy_response = response_without_reason
