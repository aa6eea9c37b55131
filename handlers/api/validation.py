"""The part of JSON Schema (draft 4) that our schemas use: the Lambda needs no package for it.

API Gateway's models are draft 4 too: an integer is written without a fraction, so `1.0` is not one.
https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias

from handlers.api.errors import Violation

Schema: TypeAlias = Mapping[str, Any]
_Check: TypeAlias = Callable[[Schema, Any, str], Iterator[Violation]]

_ANNOTATIONS: Final = frozenset({"$schema", "title", "description", "type"})


def violations(schema: Schema, value: object, pointer: str = "") -> Iterator[Violation]:
    """Yield everything that is wrong with a parsed JSON value; `schema` comes from `checked_schema`."""
    type_ = _TYPES[schema["type"]]
    if type_.holds(value):
        yield from type_.check(schema, value, pointer)
    else:
        yield Violation(pointer=pointer, detail=f"must be {type_.described}")


def checked_schema(schema: Schema) -> Schema:
    """Return the schema; raises ValueError when it has a keyword that `violations` does not check."""
    unchecked = schema.keys() - _TYPES[schema["type"]].keywords - _ANNOTATIONS
    if unchecked:
        raise ValueError(f"the validator does not check {sorted(unchecked)}")
    if schema.get("additionalProperties", False) is not False:
        raise ValueError("the validator knows of additionalProperties only false")
    for part in schema.get("properties", {}).values():
        checked_schema(part)
    if "items" in schema:
        checked_schema(schema["items"])
    return schema


def member(pointer: str, name: str | int) -> str:
    """Point at a member or element of what `pointer` points at (RFC 6901)."""
    return f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"


def _object(schema: Schema, value: dict[str, Any], pointer: str) -> Iterator[Violation]:
    known: Schema = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield Violation(pointer=member(pointer, name), detail="is required")
    for name, inner in value.items():
        if name in known:
            yield from violations(known[name], inner, member(pointer, name))
        elif "additionalProperties" in schema:
            yield Violation(pointer=member(pointer, name), detail="is not a known member")


def _array(schema: Schema, value: list[Any], pointer: str) -> Iterator[Violation]:
    if len(value) < schema.get("minItems", 0):
        yield Violation(pointer=pointer, detail=f"must have at least {schema['minItems']} element(s)")
    if len(value) > schema.get("maxItems", len(value)):
        yield Violation(pointer=pointer, detail=f"must have at most {schema['maxItems']} elements")
    if "items" in schema:
        for position, element in enumerate(value):
            yield from violations(schema["items"], element, member(pointer, position))


def _string(schema: Schema, value: str, pointer: str) -> Iterator[Violation]:
    if len(value) < schema.get("minLength", 0):
        yield Violation(pointer=pointer, detail=f"must have at least {schema['minLength']} character(s)")
    elif len(value) > schema.get("maxLength", len(value)):
        # Its pattern is not tried: the cost of a pattern is bounded only by the allowed length.
        yield Violation(pointer=pointer, detail=f"must have at most {schema['maxLength']} characters")
    elif "pattern" in schema and not _compiled(schema["pattern"]).search(value):
        yield Violation(pointer=pointer, detail=f"must match {schema['pattern']}")


def _integer(schema: Schema, value: int, pointer: str) -> Iterator[Violation]:
    if value < schema.get("minimum", value):
        yield Violation(pointer=pointer, detail=f"must be at least {schema['minimum']}")
    if value > schema.get("maximum", value):
        yield Violation(pointer=pointer, detail=f"must be at most {schema['maximum']}")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of ECMA 262, where a final `$` does not stand before a last line feed."""
    return re.compile(re.sub(r"\$$", r"\\Z", pattern))


class _Type(NamedTuple):
    described: str
    holds: Callable[[object], bool]
    check: _Check
    keywords: frozenset[str]


_TYPES: Final = {
    "object": _Type(
        described="an object",
        holds=lambda value: isinstance(value, dict),
        check=_object,
        keywords=frozenset({"properties", "required", "additionalProperties"}),
    ),
    "array": _Type(
        described="an array",
        holds=lambda value: isinstance(value, list),
        check=_array,
        keywords=frozenset({"items", "minItems", "maxItems"}),
    ),
    "string": _Type(
        described="a string",
        holds=lambda value: isinstance(value, str),
        check=_string,
        keywords=frozenset({"minLength", "maxLength", "pattern"}),
    ),
    "integer": _Type(
        described="an integer",
        holds=lambda value: isinstance(value, int) and not isinstance(value, bool),
        check=_integer,
        keywords=frozenset({"minimum", "maximum"}),
    ),
}
