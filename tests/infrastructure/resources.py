"""Reads a CloudFormation template."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Template = Mapping[str, Any]


def of_type(template: Template, type_: str) -> dict[str, dict[str, Any]]:
    """Return the properties of every resource of a type, by logical id."""
    return {
        logical_id: resource.get("Properties", {})
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == type_
    }


def only(template: Template, type_: str) -> dict[str, Any]:
    """Return the properties of the one resource of a type."""
    (properties,) = of_type(template, type_).values()
    return properties


def published(template: Template, output: str) -> str:
    """Return the logical id of the resource that an output refers to."""
    value = template["Outputs"][output]["Value"]
    logical_id: str = value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]
    return logical_id


def function(template: Template, service: str) -> dict[str, Any]:
    """Return the properties of a service's Lambda function."""
    (properties,) = (
        each
        for each in of_type(template, "AWS::Lambda::Function").values()
        if each["Handler"] == f"handlers.{service}.handler"
    )
    return properties


def methods(template: Template) -> dict[str, dict[str, Any]]:
    """Return the properties of the API's methods, by verb and path."""
    resources = of_type(template, "AWS::ApiGateway::Resource")

    def path(reference: Mapping[str, Any]) -> str:
        resource = resources.get(reference.get("Ref", ""))
        return f"{path(resource['ParentId'])}/{resource['PathPart']}" if resource else ""

    found = of_type(template, "AWS::ApiGateway::Method").values()
    return {f"{each['HttpMethod']} {path(each['ResourceId'])}": each for each in found}


def statements_of_role(template: Template, role: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the policy statements of a role; `role` is a reference to it."""
    logical_id = role["Fn::GetAtt"][0]
    return [
        statement
        for policy in of_type(template, "AWS::IAM::Policy").values()
        if {"Ref": logical_id} in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def allowed_statements(template: Template) -> Iterator[dict[str, Any]]:
    """Return the allowing statements of all policies except trust policies."""
    for resource in template["Resources"].values():
        document = resource.get("Properties", {}).get("PolicyDocument", {})
        yield from (each for each in document.get("Statement", []) if each["Effect"] == "Allow")


def listed(one_or_many: Any) -> list[Any]:
    """Return a list, where CloudFormation allows a single value too."""
    return one_or_many if isinstance(one_or_many, list) else [one_or_many]


def strings(value: Any) -> Iterator[str]:
    """Return every string in a value of a template."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from strings(list(value.values()))
    elif isinstance(value, Iterable):
        for each in value:
            yield from strings(each)
