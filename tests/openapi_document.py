"""The published OpenAPI document, and whether an answer keeps to it."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from infrastructure.openapi import PUBLISHED


@cache
def published() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(PUBLISHED.read_text())
    return document


def check_answer(method: str, path: str, *, status: int, headers: Mapping[str, str], body: Any) -> None:
    """Fail unless the document foresees the answer; `path` is spelled as in the document."""
    answer = published()["paths"][path][method]["responses"][str(status)]
    content_type = headers["content-type"]
    assert content_type in answer["content"]
    check(answer["content"][content_type]["schema"], body)
    for name, header in answer.get("headers", {}).items():
        assert not header.get("required") or name.lower() in headers


def check(schema: Mapping[str, Any], value: Any) -> None:
    """Fail unless a value has the shape of a schema of the document."""
    rooted = {**schema, "$ref": re.sub("^#", "openapi:#", schema["$ref"])}
    registry = Registry().with_resource("openapi:", DRAFT202012.create_resource(published()))
    Draft202012Validator(rooted, registry=registry).validate(value)
