"""A Lambda that fails behind API Gateway is answered with 502 and no word about why, as on AWS.

MiniStack puts the exception into the answer's body.
"""

from typing import Any

from ministack.services import apigateway_v1

from devtools.local_cloud.patches.expected import expect_signature, expect_source


def apply() -> None:
    """Patch what turns a Lambda's outcome into the proxy integration's answer."""
    answer_of = apigateway_v1._lambda_proxy_response
    expect_signature(answer_of, "result")
    expect_source(answer_of, "return None, str(lambda_response.get(")
    expect_source(apigateway_v1._invoke_lambda_proxy_v1, "_lambda_proxy_response(result)", '{"message": err}')

    def answer_without_reason(result: dict[str, Any]) -> tuple[Any, str | None]:
        answer, error = answer_of(result)
        return answer, error and "Internal server error"

    apigateway_v1._lambda_proxy_response = answer_without_reason
