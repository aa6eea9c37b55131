"""The published document is the one that the code makes, and speaks of what the code has."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from handlers import orders
from infrastructure import openapi
from tests.openapi_document import check, published

REPOSITORY = Path(__file__).parents[2]


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of the document."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(inner)


def test_the_published_document_is_up_to_date() -> None:
    assert openapi.PUBLISHED.read_text() == openapi.text(), "run: python -m infrastructure.openapi --write"


def test_the_module_prints_the_document() -> None:
    command = [sys.executable, "-m", "infrastructure.openapi"]

    printed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout  # noqa: S603

    assert json.loads(printed) == published()


def test_the_document_has_the_routes_of_the_function() -> None:
    routes = {
        (route.method.lower(), route.path.replace("<order_id>", "{orderId}"))
        for route in orders.app._static_routes + orders.app._dynamic_routes
    }

    assert routes == {(method, path) for path, item in published()["paths"].items() for method in item}


def test_the_request_is_what_the_function_validates_with() -> None:
    schema = json.loads((REPOSITORY / "handlers" / "schemas" / "place_order.schema.json").read_text())

    request = published()["components"]["schemas"]["PlaceOrder"]

    assert request == {name: value for name, value in schema.items() if name != "$schema"}


def test_every_schema_is_one_and_every_reference_leads_somewhere() -> None:
    components = published()["components"]["schemas"]

    for schema in components.values():
        Draft202012Validator.check_schema(schema)
    referred = {node["$ref"] for node in nodes(published()) if "$ref" in node}
    assert referred == {f"#/components/schemas/{name}" for name in components}


def test_the_example_is_a_valid_order() -> None:
    request = published()["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]

    check(request["schema"], request["example"])


def test_every_operation_needs_the_api_key_and_answers_errors_as_problems() -> None:
    operations = [operation for item in published()["paths"].values() for operation in item.values()]

    assert published()["security"] == [{"apiKey": []}]
    for operation in operations:
        assert "security" not in operation
        failures = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert failures.keys() >= {"403", "429", "500", "503"}
        assert all([*answer["content"]] == ["application/problem+json"] for answer in failures.values())
