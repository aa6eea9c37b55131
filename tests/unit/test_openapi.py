"""The OpenAPI document is valid and matches the code."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import ValidationError
from openapi_spec_validator import OpenAPIV31SpecValidator

from handlers import orders
from handlers.api.errors import InvalidRequest
from handlers.api.requests import parse_idempotency_key, parse_list_orders
from handlers.contract.names import (
    CancelReason,
    InventoryStatus,
    NotificationStatus,
    OrderStatus,
    PaymentStatus,
)
from handlers.domain.sweep import WORKFLOW_REASON
from tests.openapi_document import DOCUMENT, Operation, check, follow, operations, published

REPOSITORY: Final = Path(__file__).parents[2]
SCHEMAS: Final = REPOSITORY / "handlers" / "schemas"


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in a parsed document."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(inner)


def operation(id_: str) -> Operation:
    (found,) = (each for each in operations() if each.id == id_)
    return found


def parameter(operation_id: str, name: str) -> Any:
    """Return the schema of a parameter."""
    (found,) = (each for each in operation(operation_id).body["parameters"] if each["name"] == name)
    return follow(found["schema"])


def test_the_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(published(), base_uri=DOCUMENT.as_uri()).validate()


def test_every_component_is_used_and_every_reference_has_a_target() -> None:
    references = {node["$ref"] for node in nodes(published()) if "$ref" in node}

    assert {reference for reference in references if reference.startswith("#")} == {
        f"#/components/{kind}/{name}"
        for kind, components in published()["components"].items()
        if kind != "securitySchemes"
        for name in components
    }
    assert all(follow({"$ref": reference}) for reference in references)


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert published()["info"]["version"] == project["version"]


def test_the_operations_are_the_routes_of_the_function() -> None:
    routes = {
        (route.method.lower(), route.path.replace("<order_id>", "{orderId}"))
        for route in orders.app._static_routes + orders.app._dynamic_routes
    }

    assert {(each.method, each.path) for each in operations()} == routes


@pytest.mark.parametrize(
    ("operation_id", "file", "schema"),
    [
        ("placeOrder", "place_order.schema.json", orders._PLACE_ORDER_SCHEMA),
        ("cancelOrder", "cancel_order.schema.json", orders._CANCEL_ORDER_SCHEMA),
    ],
)
def test_the_schema_of_a_body_is_the_one_that_the_function_validates_with(
    operation_id: str, file: str, schema: Mapping[str, Any]
) -> None:
    content = operation(operation_id).body["requestBody"]["content"]["application/json"]

    assert (DOCUMENT.parent / content["schema"]["$ref"]).resolve() == SCHEMAS / file
    assert follow(content["schema"]) == schema
    check(content["schema"], content["example"])


def test_every_example_of_a_response_is_valid() -> None:
    contents = [
        content
        for each in operations()
        for response in each.body["responses"].values()
        for content in follow(response)["content"].values()
        if "examples" in content
    ]

    assert contents
    for content in contents:
        for example in content["examples"].values():
            check(content["schema"], example["value"])


def test_every_operation_needs_the_api_key() -> None:
    assert all("apiKey" in each for each in published()["security"])
    assert published()["components"]["securitySchemes"]["apiKey"]["name"] == "x-api-key"
    assert not any("security" in each.body for each in operations())


def test_every_error_is_a_problem() -> None:
    errors = [
        follow(response)
        for each in operations()
        for status, response in each.body["responses"].items()
        if status >= "400"
    ]

    assert errors
    for error in errors:
        assert error["content"] == {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        }


@pytest.mark.parametrize("statuses", [OrderStatus, InventoryStatus, PaymentStatus, CancelReason])
def test_the_document_has_the_statuses_of_the_contract(statuses: type[StrEnum]) -> None:
    assert published()["components"]["schemas"][statuses.__name__]["enum"] == [*statuses]


def test_the_document_has_the_statuses_of_notifications_that_are_shown() -> None:
    shown = published()["components"]["schemas"]["NotificationStatus"]["enum"]

    assert {*shown} == {*NotificationStatus} - {NotificationStatus.SKIPPED}


def test_the_document_has_the_reasons_of_the_workflow_and_the_sweeper() -> None:
    workflow = json.loads((REPOSITORY / "statemachines" / "order_workflow.asl.json").read_text())
    given = {
        node["Result"]
        for node in nodes(workflow)
        if node.get("ResultPath") == "$.reason" and "Result" in node
    }

    reasons = published()["components"]["schemas"]["Reason"]["enum"]

    assert {*reasons} == given | {*CancelReason} | {WORKFLOW_REASON, None}


def accepts(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except (InvalidRequest, ValidationError):
        return False
    return True


def parse_limit(text: str) -> int:
    return parse_list_orders({"customerId": "cust-17850", "limit": text}).limit


def parse_customer_id(text: str) -> str:
    return parse_list_orders({"customerId": text}).customer_id


TEXTS: Final = pytest.mark.parametrize(
    ("operation_id", "name", "parse"),
    [
        ("placeOrder", "Idempotency-Key", parse_idempotency_key),
        ("cancelOrder", "Idempotency-Key", parse_idempotency_key),
        ("listOrders", "customerId", parse_customer_id),
    ],
)


@TEXTS
def test_a_text_has_the_length_limits_of_the_function(
    operation_id: str, name: str, parse: Callable[[str], object]
) -> None:
    schema = parameter(operation_id, name)
    lengths = range(schema["minLength"] - 1, schema["maxLength"] + 2)

    accepted = [length for length in lengths if accepts(parse, "k" * length)]

    assert accepted == [*range(schema["minLength"], schema["maxLength"] + 1)]


@TEXTS
def test_a_text_has_the_characters_that_the_function_accepts(
    operation_id: str, name: str, parse: Callable[[str], object]
) -> None:
    schema = parameter(operation_id, name)
    latin = [chr(code) for code in range(256)]

    accepted = [character for character in latin if accepts(parse, character)]

    assert accepted == [character for character in latin if accepts(partial(check, schema), character)]


def test_a_page_has_the_size_limits_of_the_function() -> None:
    schema = parameter("listOrders", "limit")
    sizes = range(schema["minimum"] - 1, schema["maximum"] + 2)

    accepted = [size for size in sizes if accepts(parse_limit, str(size))]

    assert accepted == [*range(schema["minimum"], schema["maximum"] + 1)]
    assert parse_list_orders({"customerId": "cust-17850"}).limit == schema["default"]


@pytest.mark.parametrize("pointer", ["", "/", "/items/0", "/\n", "/a\nb"])
def test_a_pointer_may_have_any_name_that_a_client_sends(pointer: str) -> None:
    pattern = published()["components"]["schemas"]["Violation"]["properties"]["pointer"]["pattern"]

    assert re.search(pattern, pointer)
    assert not re.search(pattern, f"items{pointer}x")
