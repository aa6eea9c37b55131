"""The template of the bare pipeline: an API, a function, a rule, and three functions side by side."""

import json
from pathlib import Path
from typing import Any, Final

STEPS: Final = ("inventory", "payment", "notification")
_FOLDER: Final = Path(__file__).parent
# What the app's functions have: infrastructure/functions.py.
_RUNTIME: Final = "python3.13"
_MEMORY: Final = 512
_TIMEOUT: Final = 15
_ROLE: Final = {"Fn::GetAtt": ["Role", "Arn"]}

Resource = dict[str, Any]


def template(products: str) -> dict[str, Any]:
    """Return the template; `products` is the name of the table with the prices.

    Its outputs are the id of the API, the id of its key, and the table.
    """
    return {
        "Resources": {**_storage(), **_functions(products), **_workflow(), **_api()},
        "Outputs": {
            "Api": {"Value": {"Ref": "Api"}},
            "Key": {"Value": {"Ref": "Key"}},
            "Table": {"Value": {"Ref": "Table"}},
        },
    }


def _storage() -> dict[str, Resource]:
    keys = {"orderId": "HASH", "record": "RANGE"}
    return {
        "Table": _resource(
            "DynamoDB::Table",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        ),
        "Bus": _resource("Events::EventBus", Name="bare-pipeline"),
        "Role": _resource(
            "IAM::Role",
            AssumeRolePolicyDocument=_policy(
                "sts:AssumeRole",
                Principal={"Service": [f"{name}.amazonaws.com" for name in ("lambda", "states", "events")]},
            ),
            Policies=[
                {
                    "PolicyName": "pipeline",
                    "PolicyDocument": _policy(
                        *("dynamodb:BatchGetItem", "dynamodb:PutItem", "events:PutEvents"),
                        *("lambda:InvokeFunction", "states:StartExecution"),
                        Resource="*",
                    ),
                }
            ],
        ),
    }


def _functions(products: str) -> dict[str, Resource]:
    table = {"Ref": "Table"}
    orders = _function("orders_function.py", {"TABLE": table, "PRODUCTS": products, "BUS": {"Ref": "Bus"}})
    steps = {_name(step): _function("step_function.py", {"TABLE": table, "STEP": step}) for step in STEPS}
    return {"Orders": orders, **steps}


def _function(file: str, variables: dict[str, Any]) -> Resource:
    return _resource(
        "Lambda::Function",
        Runtime=_RUNTIME,
        Handler="index.handler",
        Role=_ROLE,
        MemorySize=_MEMORY,
        Timeout=_TIMEOUT,
        Code={"ZipFile": (_FOLDER / file).read_text(encoding="utf-8")},
        Environment={"Variables": variables},
    )


def _workflow() -> dict[str, Resource]:
    branches = [
        {
            "StartAt": step,
            "States": {step: {"Type": "Task", "Resource": f"${{{_name(step)}}}", "End": True}},
        }
        for step in STEPS
    ]
    definition = {
        "StartAt": "Steps",
        "States": {"Steps": {"Type": "Parallel", "Branches": branches, "End": True}},
    }
    arns = {_name(step): {"Fn::GetAtt": [_name(step), "Arn"]} for step in STEPS}
    return {
        "Machine": _resource(
            "StepFunctions::StateMachine",
            StateMachineType="EXPRESS",
            RoleArn=_ROLE,
            DefinitionString={"Fn::Sub": [json.dumps(definition), arns]},
        ),
        "Rule": _resource(
            "Events::Rule",
            EventBusName={"Ref": "Bus"},
            EventPattern={"source": ["bare"]},
            Targets=[{"Id": "machine", "Arn": {"Ref": "Machine"}, "RoleArn": _ROLE, "InputPath": "$.detail"}],
        ),
    }


def _api() -> dict[str, Resource]:
    api = {"Ref": "Api"}
    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Arn}/invocations"
    return {
        "Api": _resource("ApiGateway::RestApi", Name="bare-pipeline"),
        "Path": _resource(
            "ApiGateway::Resource",
            RestApiId=api,
            ParentId={"Fn::GetAtt": ["Api", "RootResourceId"]},
            PathPart="orders",
        ),
        "Post": _resource(
            "ApiGateway::Method",
            RestApiId=api,
            ResourceId={"Ref": "Path"},
            HttpMethod="POST",
            AuthorizationType="NONE",
            ApiKeyRequired=True,
            Integration={
                "Type": "AWS_PROXY",
                "IntegrationHttpMethod": "POST",
                "Uri": {"Fn::Sub": [uri, {"Arn": {"Fn::GetAtt": ["Orders", "Arn"]}}]},
            },
        ),
        "Deployment": {**_resource("ApiGateway::Deployment", RestApiId=api), "DependsOn": ["Post"]},
        "Stage": _resource(
            "ApiGateway::Stage", RestApiId=api, DeploymentId={"Ref": "Deployment"}, StageName="prod"
        ),
        "Key": _resource("ApiGateway::ApiKey", Enabled=True),
        "Plan": {
            **_resource("ApiGateway::UsagePlan", ApiStages=[{"ApiId": api, "Stage": "prod"}]),
            "DependsOn": ["Stage"],
        },
        "PlanKey": _resource(
            "ApiGateway::UsagePlanKey",
            KeyId={"Ref": "Key"},
            KeyType="API_KEY",
            UsagePlanId={"Ref": "Plan"},
        ),
    }


def _policy(*actions: str, **who_or_what: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), **who_or_what}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _resource(kind: str, **properties: Any) -> Resource:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def _name(step: str) -> str:
    return step.capitalize()
