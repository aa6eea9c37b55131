"""A request's path in the event of a Lambda is the one that the client used, as on AWS.

MiniStack serves an API below `/_aws/execute-api/ID/`, and leaves that out: a `Location` header that a
function makes from its path could not be followed.
https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-example-event
"""

from typing import Any

from ministack.services import apigateway_v1

from devtools.local_cloud.patches.expected import expect_source


def apply() -> None:
    """Patch the event that a proxy integration passes to its function."""
    build = apigateway_v1._build_lambda_event_v1
    expect_source(build, '"path": f"/{stage_name}{request_path}"')
    expect_source(apigateway_v1._invoke_lambda_proxy_v1, "event = _build_lambda_event_v1(")

    def event_with_the_whole_path(api_id: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        event: dict[str, Any] = build(api_id, *arguments, **options)
        by_host = event["headers"].get("host", "").startswith(f"{api_id}.execute-api.")
        if not by_host:
            context = event["requestContext"]
            context["path"] = f"/_aws/execute-api/{api_id}{context['path']}"
        return event

    apigateway_v1._build_lambda_event_v1 = event_with_the_whole_path
