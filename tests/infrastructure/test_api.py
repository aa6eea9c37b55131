"""The REST API in API Gateway."""

import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import pytest

import infrastructure.api
from devtools.templates import template
from handlers.api.problem import CONTENT_TYPE, TYPE_PREFIX
from infrastructure.config import StageConfig
from tests.infrastructure.resources import methods, of_type, only, published
from tests.openapi_document import check
from tests.schemas import cancel_order_schema, place_order_schema

# None of these variables has an address, a user agent, a query, a body or a path with an id.
_NOT_PERSONAL: Final = frozenset(
    {
        "requestId",
        "extendedRequestId",
        "requestTime",
        "identity.apiKeyId",
        "httpMethod",
        "resourcePath",
        "status",
        "error.responseType",
        "responseLength",
        "responseLatency",
        "integration.integrationStatus",
        "integrationLatency",
        "integration.requestId",
        "xrayTraceId",
    }
)


def test_the_api_has_four_operations_and_the_service_refuses_any_other_method(
    dev_template: dict[str, Any],
) -> None:
    operations = {route: each.get("OperationName") for route, each in methods(dev_template).items()}

    assert operations == {
        "POST /orders": "placeOrder",
        "GET /orders": "listOrders",
        "GET /orders/{orderId}": "readOrder",
        "POST /orders/{orderId}/cancel": "cancelOrder",
        "ANY /orders": None,
        "ANY /orders/{orderId}": None,
        "ANY /orders/{orderId}/cancel": None,
    }


def test_every_method_needs_an_api_key(dev_template: dict[str, Any]) -> None:
    assert all(each["ApiKeyRequired"] is True for each in methods(dev_template).values())


def test_requests_need_a_signature_only_where_the_owner_chose_it(
    dev_template: dict[str, Any], template_with_options: dict[str, Any]
) -> None:
    of_default = {each["AuthorizationType"] for each in methods(dev_template).values()}
    chosen = methods(template_with_options).values()

    assert of_default == {"NONE"}
    assert {(each["AuthorizationType"], each["ApiKeyRequired"]) for each in chosen} == {("AWS_IAM", True)}


@pytest.mark.parametrize(
    "type_", ["ACCESS_DENIED", "MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE", "EXPIRED_TOKEN"]
)
def test_a_request_without_a_valid_signature_is_told_to_sign(
    template_with_options: dict[str, Any], type_: str
) -> None:
    problem = json.loads(_problems(template_with_options)[type_]["ResponseTemplates"]["application/json"])

    assert problem["status"] == 403
    assert problem["detail"].startswith("Sign the request")
    check({"$ref": "#/components/schemas/Problem"}, problem)


def test_every_method_calls_the_orders_service(dev_template: dict[str, Any]) -> None:
    (function_id,) = (
        logical_id
        for logical_id, each in of_type(dev_template, "AWS::Lambda::Function").items()
        if each["Handler"] == "handlers.orders.handler"
    )

    for method in methods(dev_template).values():
        assert method["Integration"]["Type"] == "AWS_PROXY"
        assert {"Fn::GetAtt": [function_id, "Arn"]} in method["Integration"]["Uri"]["Fn::Join"][1]


@pytest.mark.parametrize(
    ("stage", "rate", "burst", "a_day"),
    [("dev_template", 100, 200, 100_000), ("prod_template", 1_000, 2_000, 100_000)],
)
def test_a_key_has_the_limits_of_its_stage(
    request: pytest.FixtureRequest, stage: str, rate: int, burst: int, a_day: int
) -> None:
    plan = only(request.getfixturevalue(stage), "AWS::ApiGateway::UsagePlan")

    assert plan["Throttle"] == {"RateLimit": rate, "BurstLimit": burst}
    assert plan["Quota"] == {"Limit": a_day, "Period": "DAY"}


def test_the_published_key_belongs_to_the_plan(dev_template: dict[str, Any]) -> None:
    (plan_id,) = of_type(dev_template, "AWS::ApiGateway::UsagePlan")

    member = only(dev_template, "AWS::ApiGateway::UsagePlanKey")

    assert member["KeyId"] == {"Ref": published(dev_template, "ApiKeyId")}
    assert (member["KeyType"], member["UsagePlanId"]) == ("API_KEY", {"Ref": plan_id})


@pytest.mark.parametrize(
    ("route", "name", "schema"),
    [
        ("POST /orders", "PlaceOrder", place_order_schema()),
        ("POST /orders/{orderId}/cancel", "CancelOrder", cancel_order_schema()),
    ],
)
def test_the_model_of_a_body_is_the_schema_that_the_service_validates_with(
    dev_template: dict[str, Any], route: str, name: str, schema: dict[str, Any]
) -> None:
    models = of_type(dev_template, "AWS::ApiGateway::Model")

    model_id = methods(dev_template)[route]["RequestModels"]["application/json"]["Ref"]

    assert (models[model_id]["Name"], models[model_id]["Schema"]) == (name, schema)
    assert len(models) == 2


def test_bodies_are_validated_by_the_orders_service(dev_template: dict[str, Any]) -> None:
    validator = only(dev_template, "AWS::ApiGateway::RequestValidator")

    assert validator["ValidateRequestParameters"] is True
    assert not validator.get("ValidateRequestBody", False)


def test_a_list_of_orders_requires_a_customer(dev_template: dict[str, Any]) -> None:
    (validator_id,) = of_type(dev_template, "AWS::ApiGateway::RequestValidator")

    listing = methods(dev_template)["GET /orders"]

    assert listing["RequestValidatorId"] == {"Ref": validator_id}
    assert listing["RequestParameters"] == {
        "method.request.querystring.customerId": True,
        "method.request.querystring.limit": False,
        "method.request.querystring.nextToken": False,
    }


@pytest.mark.parametrize("stage", ["local_template", "dev_template", "prod_template"])
def test_every_stage_has_the_same_stage_name_in_its_url(request: pytest.FixtureRequest, stage: str) -> None:
    assert only(request.getfixturevalue(stage), "AWS::ApiGateway::Stage")["StageName"] == "prod"


def test_requests_are_traced_counted_and_logged_as_json(dev_template: dict[str, Any]) -> None:
    stage = only(dev_template, "AWS::ApiGateway::Stage")
    destination = str(stage["AccessLogSetting"]["DestinationArn"])

    (settings,) = stage["MethodSettings"]

    assert stage["TracingEnabled"] is True
    assert settings["MetricsEnabled"] is True
    assert not settings.get("DataTraceEnabled", False)
    assert any(f"'{each}'" in destination for each in of_type(dev_template, "AWS::Logs::LogGroup"))
    assert isinstance(json.loads(stage["AccessLogSetting"]["Format"]), dict)


def test_the_access_log_has_no_personal_data(dev_template: dict[str, Any]) -> None:
    log_format = only(dev_template, "AWS::ApiGateway::Stage")["AccessLogSetting"]["Format"]

    logged = set(re.findall(r"\$context\.([\w.]+)", log_format))

    assert logged <= _NOT_PERSONAL
    assert log_format.count("$") == log_format.count("$context.")


def _problems(template_: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        each["ResponseType"]: each for each in of_type(template_, "AWS::ApiGateway::GatewayResponse").values()
    }


@pytest.mark.parametrize(
    ("type_", "status"),
    [
        ("INVALID_API_KEY", 403),
        ("ACCESS_DENIED", 403),
        ("MISSING_AUTHENTICATION_TOKEN", 404),
        ("RESOURCE_NOT_FOUND", 404),
        ("THROTTLED", 429),
        ("QUOTA_EXCEEDED", 429),
        ("BAD_REQUEST_PARAMETERS", 400),
        ("BAD_REQUEST_BODY", 400),
        ("REQUEST_TOO_LARGE", 413),
        ("INTEGRATION_FAILURE", 504),
        ("INTEGRATION_TIMEOUT", 504),
        ("DEFAULT_4XX", 400),
        ("DEFAULT_5XX", 503),
    ],
)
def test_a_refusal_of_api_gateway_is_a_problem(dev_template: dict[str, Any], type_: str, status: int) -> None:
    response = _problems(dev_template)[type_]

    problem = json.loads(response["ResponseTemplates"]["application/json"])

    assert response["StatusCode"] == str(status)
    assert response["ResponseParameters"]["gatewayresponse.header.Content-Type"] == f"'{CONTENT_TYPE}'"
    check({"$ref": "#/components/schemas/Problem"}, problem)
    assert problem["status"] == status
    assert problem["detail"]
    assert (problem["type"], problem["title"]) in {
        ("about:blank", _phrase(status)),
        (f"{TYPE_PREFIX}invalid-request", "Invalid request"),
    }


def _phrase(status: int) -> str:
    # Python has the phrase of RFC 9110 for 413 since version 3.13.
    return "Content Too Large" if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else HTTPStatus(status).phrase


def test_a_problem_has_no_internal_details(dev_template: dict[str, Any]) -> None:
    used = {
        variable
        for each in _problems(dev_template).values()
        for variable in re.findall(r"\$[\w.]+", each["ResponseTemplates"]["application/json"])
    }

    assert used == {"$context.error.message"}
    assert "$context" not in _problems(dev_template)["DEFAULT_5XX"]["ResponseTemplates"]["application/json"]


@pytest.mark.parametrize("type_", ["THROTTLED", "DEFAULT_5XX"])
def test_a_refusal_that_passes_has_retry_after(dev_template: dict[str, Any], type_: str) -> None:
    headers = _problems(dev_template)[type_]["ResponseParameters"]

    assert headers["gatewayresponse.header.Retry-After"] == "'1'"


@pytest.mark.parametrize("changed", ["place_order", "cancel_order"])
def test_a_changed_schema_makes_a_new_deployment(
    dev_template: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    schemas = {"place_order": place_order_schema(), "cancel_order": cancel_order_schema()}
    schemas[changed]["description"] = "another one"
    for name, schema in schemas.items():
        (tmp_path / f"{name}.schema.json").write_text(json.dumps(schema))
    monkeypatch.setattr(infrastructure.api, "_SCHEMAS", tmp_path)

    after = template(StageConfig.for_stage(), tmp_path / "out")

    assert (
        of_type(after, "AWS::ApiGateway::Deployment").keys()
        != of_type(dev_template, "AWS::ApiGateway::Deployment").keys()
    )
