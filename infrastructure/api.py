"""The HTTPS endpoint: a REST API whose every method needs an API key."""

import json
from pathlib import Path
from typing import Any, Final

from aws_cdk import RemovalPolicy, Stack
from aws_cdk.aws_apigateway import (
    AccessLogFormat,
    ApiKey,
    AuthorizationType,
    CfnModel,
    CfnRestApi,
    EndpointType,
    IModel,
    LambdaIntegration,
    LogGroupLogDestination,
    MethodOptions,
    Model,
    Period,
    QuotaSettings,
    RequestValidator,
    RestApi,
    StageOptions,
    ThrottleSettings,
    UsagePlanPerApiStage,
)
from aws_cdk.aws_lambda import IFunction
from aws_cdk.aws_logs import LogGroup, RetentionDays
from constructs import Construct

from handlers.contract.names import ApiAuth
from infrastructure.config import StageConfig
from infrastructure.gateway_responses import add_problem_responses

_SCHEMAS: Final = Path(__file__).parent.parent / "handlers" / "schemas"
# Nothing that names a person: no address, no user agent, no path or query with their values.
_ACCESS_LOG: Final = {
    "requestId": "$context.requestId",
    "extendedRequestId": "$context.extendedRequestId",
    "requestTime": "$context.requestTime",
    "apiKeyId": "$context.identity.apiKeyId",
    "httpMethod": "$context.httpMethod",
    "resourcePath": "$context.resourcePath",
    "status": "$context.status",
    "responseType": "$context.error.responseType",
    "responseLength": "$context.responseLength",
    "responseLatencyMs": "$context.responseLatency",
    "integrationStatus": "$context.integration.integrationStatus",
    "integrationLatencyMs": "$context.integrationLatency",
    "integrationRequestId": "$context.integration.requestId",
    "xrayTraceId": "$context.xrayTraceId",
}


class Api(Construct):
    """Routes, API key, usage plan, access log and problem responses."""

    def __init__(self, scope: Construct, id_: str, *, config: StageConfig, orders: IFunction) -> None:
        super().__init__(scope, id_)
        self._rest_api = self._api(config)
        resource = self._rest_api.node.default_child
        assert isinstance(resource, CfnRestApi)  # noqa: S101  for the type checker
        # At least TLS 1.2 with forward secrecy; the default also takes TLS 1.0.
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html
        resource.security_policy = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"
        resource.endpoint_access_mode = "STRICT"
        # This output would repeat ApiUrl under a generated name.
        self._rest_api.node.try_remove_child("Endpoint")
        self._add_methods(orders)
        add_problem_responses(self._rest_api, config.api_auth)
        self.key = self._key(config)
        self.url = self._rest_api.url

    @property
    def traced_as(self) -> str:
        """The name of its stage in X-Ray."""
        return f"{self._rest_api.rest_api_name}/{self._rest_api.deployment_stage.stage_name}"

    @property
    def metric_dimensions(self) -> dict[str, str]:
        """The dimensions of its metrics: without the stage they would also be those of a stage by hand.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
        """
        stage = self._rest_api.deployment_stage.stage_name
        return {"ApiName": self._rest_api.rest_api_name, "Stage": stage}

    @property
    def method_arns(self) -> list[str]:
        """The ARNs of all operations, as permissions name them; each order has a path of its own."""
        operations = (
            ("POST", "/orders"),
            ("GET", "/orders"),
            ("GET", "/orders/*"),
            ("POST", "/orders/*/cancel"),
        )
        stage = self._rest_api.deployment_stage.stage_name
        return [self._rest_api.arn_for_execute_api(method, path, stage) for method, path in operations]

    def _api(self, config: StageConfig) -> RestApi:
        return RestApi(
            self,
            "Orders",
            # Without it every stage's API would be called Orders in the console.
            rest_api_name=Stack.of(self).stack_name,
            endpoint_types=[EndpointType.REGIONAL],
            # A setting of the account and Region, for all its APIs: the role stays when the stack is deleted.
            cloud_watch_role=config.logs_access,
            cloud_watch_role_removal_policy=RemovalPolicy.RETAIN if config.logs_access else None,
            deploy_options=StageOptions(
                # Part of the URL that clients know, so it is the same for every stage of the system.
                stage_name="prod",
                access_log_destination=self._access_log(config) if config.logs_access else None,
                access_log_format=(
                    AccessLogFormat.custom(json.dumps(_ACCESS_LOG)) if config.logs_access else None
                ),
                metrics_enabled=True,
                tracing_enabled=True,
            ),
            default_method_options=MethodOptions(
                api_key_required=True,
                authorization_type=AuthorizationType.IAM if config.api_auth is ApiAuth.IAM else None,
            ),
        )

    def _access_log(self, config: StageConfig) -> LogGroupLogDestination:
        group = LogGroup(
            self,
            "AccessLogs",
            retention=RetentionDays[config.log_retention],
            removal_policy=config.removal_policy,
        )
        return LogGroupLogDestination(group)

    def _add_methods(self, orders: IFunction) -> None:
        integration = LambdaIntegration(orders, allow_test_invoke=False)
        # Parameters only. The function validates bodies with the same schema and names every violation with a
        # pointer, which API Gateway can't. The model is for SDKs and documentation.
        validator = RequestValidator(
            self, "Parameters", rest_api=self._rest_api, validate_request_parameters=True
        )
        collection = self._rest_api.root.add_resource("orders")
        collection.add_method(
            "POST",
            integration,
            operation_name="placeOrder",
            request_models={"application/json": self._model("PlaceOrder", "place_order")},
            request_parameters={"method.request.header.Idempotency-Key": False},
            request_validator=validator,
        )
        collection.add_method(
            "GET",
            integration,
            operation_name="listOrders",
            request_parameters={
                "method.request.querystring.customerId": True,
                "method.request.querystring.limit": False,
                "method.request.querystring.nextToken": False,
            },
            request_validator=validator,
        )
        order = collection.add_resource("{orderId}")
        order.add_method(
            "GET",
            integration,
            operation_name="readOrder",
            request_parameters={"method.request.path.orderId": True},
            request_validator=validator,
        )
        cancel = order.add_resource("cancel")
        cancel.add_method(
            "POST",
            integration,
            operation_name="cancelOrder",
            request_models={"application/json": self._model("CancelOrder", "cancel_order")},
            request_parameters={
                "method.request.path.orderId": True,
                "method.request.header.Idempotency-Key": False,
            },
            request_validator=validator,
        )
        # The function refuses any other method with 405. API Gateway itself would give the answer of an
        # unknown path, and can't tell which methods are allowed.
        for resource in (collection, order, cancel):
            resource.add_method("ANY", integration)

    def _model(self, name: str, file: str) -> IModel:
        schema: dict[str, Any] = json.loads((_SCHEMAS / f"{file}.schema.json").read_text())
        model = CfnModel(
            self,
            name,
            rest_api_id=self._rest_api.rest_api_id,
            content_type="application/json",
            # The name of the class in generated SDKs.
            name=name,
            schema=schema,
        )
        deployment = self._rest_api.latest_deployment
        if deployment is not None:
            # A deployment is a snapshot: a new schema needs a new deployment.
            deployment.add_to_logical_id(schema)
            deployment.node.add_dependency(model)
        return Model.from_model_name(self, f"{name}Model", model.ref)

    def _key(self, config: StageConfig) -> ApiKey:
        throttle = config.throttle
        plan = self._rest_api.add_usage_plan(
            "UsagePlan",
            api_stages=[UsagePlanPerApiStage(api=self._rest_api, stage=self._rest_api.deployment_stage)],
            throttle=ThrottleSettings(rate_limit=throttle.requests_per_second, burst_limit=throttle.burst),
            quota=QuotaSettings(limit=throttle.requests_per_day, period=Period.DAY),
        )
        key = ApiKey(self, "Key")
        plan.add_api_key(key)
        return key
