"""The published OpenAPI document; `python -m infrastructure.openapi --write` updates openapi.json."""

import json
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

from infrastructure.openapi_schemas import ref, schemas

PUBLISHED: Final = Path(__file__).with_name("openapi.json")
_PROJECT: Final = Path(__file__).parent.parent / "pyproject.toml"

Node = dict[str, Any]

_EXAMPLE: Final[Node] = {
    "customerId": "cust-17850",
    "customerEmail": "ada@example.com",
    "paymentMethod": "pm_card_visa",
    "items": [{"productId": "85123A", "quantity": 6}],
}
_RETRY_AFTER: Final[Node] = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
}
# What API Gateway or a failing service answers to any request.
_ALWAYS: Final = {
    "403": "The API key is missing or not valid.",
    "429": "Too many requests, at once or today.",
    "500": "The service failed.",
    "503": "The database or the event bus failed for a moment: the same request may succeed soon.",
    "504": "The service did not answer in time.",
}


def document() -> Node:
    """Return the OpenAPI 3.1 document, whose schemas are plain JSON Schema."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Orders",
            "version": tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["version"],
            "description": "Places orders and shows what became of them.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [_server()],
        "security": [{"apiKey": []}],
        "paths": {
            "/orders": {"post": _place_order(), "get": _list_orders()},
            "/orders/{orderId}": {"get": _read_order()},
        },
        "components": {
            "securitySchemes": {"apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"}},
            "schemas": schemas(),
        },
    }


def text() -> str:
    """Return the document as it is published."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _server() -> Node:
    return {
        "url": "https://{api}.execute-api.{region}.amazonaws.com/prod",
        "description": "The stack's output ApiUrl.",
        "variables": {
            "api": {"default": "a1b2c3d4e5", "description": "The API's id."},
            "region": {"default": "us-east-1"},
        },
    }


def _place_order() -> Node:
    return {
        "operationId": "placeOrder",
        "summary": "Place an order",
        "description": "The order is stored and announced; its workflow settles it within seconds. "
        "Without an Idempotency-Key, a request that is repeated after an error may place a second order.",
        "parameters": [
            _parameter(
                "header",
                "Idempotency-Key",
                {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
                "Names the order: the same key with the same body places it once, however often it is sent. "
                "Keys of different API keys never meet.",
            )
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ref("PlaceOrder"), "example": _EXAMPLE}},
        },
        "responses": {
            "202": {**_json("The order is stored.", "AcceptedOrder"), "headers": _accepted_headers()},
            **_problems(
                {
                    "400": "The body can't be read or breaks rules, all of which are listed; or the key is "
                    "not valid.",
                    "422": "The catalogue lacks products, all of which are listed; or the key placed another "
                    "order before.",
                }
            ),
        },
    }


def _accepted_headers() -> Node:
    return {
        "Location": {
            "description": "Where the order can be read.",
            "required": True,
            "schema": {"type": "string", "format": "uri-reference"},
        },
        "Idempotency-Replayed": {
            "description": "Present when the key had placed the order before.",
            "schema": {"type": "string", "enum": ["true"]},
        },
    }


def _list_orders() -> Node:
    customer_id = schemas()["PlaceOrder"]["properties"]["customerId"]
    return {
        "operationId": "listOrders",
        "summary": "List a customer's orders, newest first",
        "description": "An order that was placed this very moment may still be missing.",
        "parameters": [
            _parameter("query", "customerId", customer_id, "Whose orders.", required=True),
            _parameter(
                "query",
                "limit",
                {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
                "How many orders a page has at most.",
            ),
            _parameter(
                "query", "nextToken", {"type": "string"}, "The page before said it; of the same customer."
            ),
        ],
        "responses": {
            "200": _json("A page of orders.", "OrderPage"),
            **_problems({"400": "A parameter is missing or not valid."}),
        },
    }


def _read_order() -> Node:
    return {
        "operationId": "readOrder",
        "summary": "Read an order with what its workflow did",
        "parameters": [
            _parameter("path", "orderId", {"type": "string", "format": "uuid"}, "Which order.", required=True)
        ],
        "responses": {
            "200": _json("The order.", "Order"),
            **_problems({"404": "There is no order with this id."}),
        },
    }


def _parameter(place: str, name: str, schema: Node, description: str, *, required: bool = False) -> Node:
    return {"name": name, "in": place, "required": required, "description": description, "schema": schema}


def _json(description: str, schema: str) -> Node:
    return {"description": description, "content": {"application/json": {"schema": ref(schema)}}}


def _problems(particular: dict[str, str]) -> Node:
    return {status: _problem(status, why) for status, why in sorted((particular | _ALWAYS).items())}


def _problem(status: str, why: str) -> Node:
    headers = {"headers": _RETRY_AFTER} if status in {"429", "503"} else {}
    return {
        "description": why,
        **headers,
        "content": {"application/problem+json": {"schema": ref("Problem")}},
    }


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        PUBLISHED.write_text(text(), encoding="utf-8")
    else:
        sys.stdout.write(text())
