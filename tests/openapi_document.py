"""Reads the OpenAPI document and checks responses against it."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin
from urllib.request import url2pathname

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT: Final = Path(__file__).parents[1] / "infrastructure" / "openapi.yaml"
_URI: Final = DOCUMENT.as_uri()
# The fields of a path item that are operations.
_METHODS: Final = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


class Operation(NamedTuple):
    """An operation with its method and path as in the document."""

    method: str
    path: str
    body: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.body["operationId"])


@cache
def published() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return document


def operations() -> list[Operation]:
    return [
        Operation(method, path, body)
        for path, item in published()["paths"].items()
        for method, body in item.items()
        if method in _METHODS
    ]


def follow(node: Mapping[str, Any]) -> Any:
    """Return the target of a `$ref`, or the node itself."""
    if "$ref" not in node:
        return node
    return _registry().resolver(_URI).lookup(node["$ref"]).contents


def check_response(method: str, path: str, *, status: int, headers: Mapping[str, str], body: Any) -> None:
    """Fail unless the document has this response; `path` is as in the document, `headers` in lower case."""
    response = follow(published()["paths"][path][method]["responses"][str(status)])
    content_type = headers["content-type"]
    assert content_type in response["content"]
    check(response["content"][content_type]["schema"], body)
    for name, header in response.get("headers", {}).items():
        _check_header(follow(header), headers.get(name.lower()))


def check(schema: Mapping[str, Any], value: Any) -> None:
    """Fail unless a value is valid; `schema` is a node of the document."""
    rooted = {**schema, "$ref": urljoin(_URI, schema["$ref"])} if "$ref" in schema else schema
    Draft202012Validator(
        rooted, registry=_registry(), format_checker=Draft202012Validator.FORMAT_CHECKER
    ).validate(value)


def _check_header(header: Mapping[str, Any], value: str | None) -> None:
    if value is None:
        assert not header.get("required", False)
    else:
        check(header["schema"], int(value) if header["schema"]["type"] == "integer" else value)


@cache
def _registry() -> Registry[Any]:
    document = Resource.from_contents(published(), default_specification=DRAFT202012)
    return Registry(retrieve=_file).with_resource(_URI, document)


def _file(uri: str) -> Resource[Any]:
    # JSON is valid YAML.
    text = Path(url2pathname(uri.removeprefix("file://"))).read_text(encoding="utf-8")
    return Resource.from_contents(yaml.safe_load(text), default_specification=DRAFT202012)
