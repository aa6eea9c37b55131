"""A Lambda that fails behind API Gateway gives a 502 response without the reason, or the API's own response.

So does AWS. MiniStack puts the exception into the body, and asks no gateway response.

"""

from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from ministack.services import apigateway_v1

from devtools.local_cloud.patches.expected import expect_signature, expect_source

_MESSAGE: Final = "Internal server error"


def apply() -> None:
    """Patch what becomes of a failed invocation by the proxy integration."""
    response_of = apigateway_v1._lambda_proxy_response
    expect_signature(response_of, "result")
    expect_source(response_of, "return None, str(lambda_response.get(")
    invoke = apigateway_v1._invoke_lambda_proxy_v1
    expect_source(invoke, "_lambda_proxy_response(result)", 'return 502, {"Content-Type"', '{"message": err}')
    expect_signature(apigateway_v1._gw_error, "response_type", "message")

    def response_without_reason(result: dict[str, Any]) -> tuple[Any, str | None]:
        response, error = response_of(result)
        return response, error and _MESSAGE

    @wraps(invoke)
    async def invoke_with_the_apis_own_response(
        integration: Any, api_id: str, *rest: Any, **options: Any
    ) -> Any:
        response = await invoke(integration, api_id, *rest, **options)
        failed = isinstance(response, tuple) and response[0] == HTTPStatus.BAD_GATEWAY
        if failed and "DEFAULT_5XX" in apigateway_v1._gateway_responses.get(api_id, {}):
            return apigateway_v1._gw_error("DEFAULT_5XX", _MESSAGE)
        return response

    apigateway_v1._lambda_proxy_response = response_without_reason
    apigateway_v1._invoke_lambda_proxy_v1 = invoke_with_the_apis_own_response
