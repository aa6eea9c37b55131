"""The shapes of requests and answers that the published OpenAPI document names."""

import json
from pathlib import Path
from typing import Any, Final

from handlers.contract.names import (
    InventoryStatus,
    NotificationStatus,
    OrderStatus,
    PaymentStatus,
)

Schema = dict[str, Any]
_PLACE_ORDER: Final = Path(__file__).parent.parent / "handlers" / "schemas" / "place_order.schema.json"


def schemas() -> dict[str, Schema]:
    """Return the components: the request's schema from the file that the function validates with."""
    place_order = json.loads(_PLACE_ORDER.read_text(encoding="utf-8"))
    del place_order["$schema"]  # the document has one dialect for all its schemas
    return {
        "PlaceOrder": place_order,
        "AcceptedOrder": _ACCEPTED_ORDER,
        "Order": _ORDER,
        "OrderSummary": _SUMMARY,
        "OrderPage": _PAGE,
        "Money": _MONEY,
        "Execution": _EXECUTION,
        "Problem": _PROBLEM,
    }


def ref(name: str) -> Schema:
    """Point at a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: dict[str, Schema], *, optional: tuple[str, ...] = (), **annotations: str) -> Schema:
    return {
        **annotations,
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _step(statuses: list[str], **extra: Schema) -> Schema:
    properties = {"status": {"type": "string", "enum": statuses}, **extra, "at": _TIME}
    return _object(properties, optional=tuple(extra))


_ORDER_ID: Final[Schema] = {"type": "string", "format": "uuid"}
_TIME: Final[Schema] = {
    "description": "RFC 3339, UTC, with milliseconds.",
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
}
_MINOR_UNITS: Final[Schema] = {
    "description": "In the currency's minor unit, e.g. cents.",
    "type": "integer",
    "minimum": 0,
}
_STATUS: Final[Schema] = {
    "description": "PENDING until the workflow ends; CONFIRMED and REJECTED are final; "
    "ON_HOLD waits for an operator.",
    "type": "string",
    "enum": [*OrderStatus],
}
_REASON: Final[Schema] = {
    "description": "Of REJECTED: OUT_OF_STOCK or PAYMENT_DECLINED. Of ON_HOLD: the broken step, inventory or"
    " payment, or workflow when none came to an end. Else null.",
    "type": ["string", "null"],
}
_MONEY: Final = _object({"amount": _MINOR_UNITS, "currency": {"type": "string", "pattern": "^[A-Z]{3}$"}})
_ACCEPTED_ORDER: Final = _object(
    {
        "orderId": _ORDER_ID,
        "status": _STATUS,
        "total": ref("Money"),
        "createdAt": _TIME,
        "links": _object({"self": {"type": "string", "format": "uri-reference"}}),
    },
    description="A replay has the first answer's orderId, total and createdAt, and the current status.",
)
_LINE: Final = _object(
    {
        "productId": {"type": "string"},
        "quantity": {"type": "integer", "minimum": 1},
        "unitPrice": _MINOR_UNITS,
    }
)
_STEPS: Final = _object(
    {
        "inventory": _step([*InventoryStatus]),
        "payment": _step(
            [*PaymentStatus], reference={"description": "The provider's name for it.", "type": "string"}
        ),
        "notification": _step([*NotificationStatus]),
    },
    optional=("inventory", "payment", "notification"),
    description="What the services recorded so far; of the notifications, the latest kind.",
)
_EXECUTION: Final = _object(
    {"arn": {"type": "string"}, "consoleUrl": {"type": "string", "format": "uri"}},
    description="The workflow's execution that settled or held the order.",
)
_ORDER: Final = _object(
    {
        "orderId": _ORDER_ID,
        "customerId": {"type": "string"},
        "status": _STATUS,
        "reason": _REASON,
        "items": {"type": "array", "items": _LINE, "minItems": 1},
        "total": ref("Money"),
        "steps": _STEPS,
        "execution": {"oneOf": [ref("Execution"), {"type": "null"}]},
        "createdAt": _TIME,
        "updatedAt": _TIME,
    }
)
_SUMMARY: Final = _object(
    {
        "orderId": _ORDER_ID,
        "status": _STATUS,
        "reason": _REASON,
        "total": ref("Money"),
        "createdAt": _TIME,
        "updatedAt": _TIME,
    }
)
_PAGE: Final = _object(
    {
        "orders": {"type": "array", "items": ref("OrderSummary")},
        "nextToken": {
            "description": "Ask with it for the next page; null on the last one.",
            "type": ["string", "null"],
        },
    }
)
_VIOLATION: Final = _object(
    {
        "pointer": {
            "description": "JSON pointer (RFC 6901) into the request's body; empty for all of it.",
            "type": "string",
            "pattern": "^(/.*)?$",
        },
        "detail": {"type": "string"},
    }
)
_PROBLEM: Final = _object(
    {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "errors": {
            "description": "Everything that is wrong with the body.",
            "type": "array",
            "items": _VIOLATION,
            "minItems": 1,
        },
    },
    optional=("errors",),
    description="What went wrong (RFC 9457).",
)
