"""The OpenAPI document has the operations, parameters and key of the deployed API."""

from collections.abc import Mapping
from typing import Any, Final

from tests.infrastructure.resources import methods
from tests.openapi_document import Operation, operations

# API Gateway's names for the place of a parameter.
_PLACES: Final = {"querystring": "query", "header": "header", "path": "path"}


def _route(operation: Operation) -> str:
    return f"{operation.method.upper()} {operation.path}"


def _documented(operation: Operation) -> dict[tuple[str, str], bool]:
    parameters = operation.body.get("parameters", [])
    return {(each["in"], each["name"]): each["required"] for each in parameters}


def _deployed(method: Mapping[str, Any]) -> dict[tuple[str, str], bool]:
    found = {}
    for source, required in method["RequestParameters"].items():
        _, _, place, name = source.split(".")
        found[_PLACES[place], name] = required
    return found


def _operations(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the methods, without those that only refuse what is no operation."""
    return {route: each for route, each in methods(template).items() if each["HttpMethod"] != "ANY"}


def test_every_method_is_documented_under_its_name(dev_template: dict[str, Any]) -> None:
    deployed = {route: each["OperationName"] for route, each in _operations(dev_template).items()}

    assert {_route(each): each.id for each in operations()} == deployed


def test_every_parameter_is_documented_and_required_where_api_gateway_requires_it(
    dev_template: dict[str, Any],
) -> None:
    deployed = {route: _deployed(each) for route, each in _operations(dev_template).items()}

    assert {_route(each): _documented(each) for each in operations()} == deployed
