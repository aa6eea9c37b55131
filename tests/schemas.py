"""The published JSON Schemas, of requests and of events."""

import json
import re
from typing import Any, Final

from devtools.checkout import REPOSITORY

_FOLDER: Final = REPOSITORY / "handlers" / "schemas"


def place_order_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((_FOLDER / "place_order.schema.json").read_text(encoding="utf-8"))
    return schema


def cancel_order_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((_FOLDER / "cancel_order.schema.json").read_text(encoding="utf-8"))
    return schema


def event_schema(detail_type: str) -> dict[str, Any]:
    """Return the schema of an event's detail: OrderPlaced is in order_placed.schema.json."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", detail_type).lower()
    file = _FOLDER / "events" / f"{name}.schema.json"
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return schema
