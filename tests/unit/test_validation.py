"""The validator agrees with jsonschema on the published schema."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, ValidationError
from jsonschema.validators import extend

from handlers.api.validation import Schema, checked_schema, member, violations
from tests.schemas import cancel_order_schema, place_order_schema

SCHEMA = place_order_schema()
CANCEL_SCHEMA = cancel_order_schema()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PRODUCT_IDS = (
    st.from_regex(r"[A-Za-z0-9_.-]{1,64}", fullmatch=True)
    | st.sampled_from(["", "A" * 64, "A" * 65, "A B", "A\n", "Ä", "٣"])
    | JSON
)
QUANTITIES = (
    st.integers(-1, 10_001)
    | st.sampled_from([0, 1, 10_000, 10_001, 1.0, 1.5, True, 10**400, -(10**400), 1e308])
    | JSON
)
EMAILS = (
    st.emails()
    | st.sampled_from(
        ["ada@example.com", "ada", "@example.com", "ada@example", "ada@example.com\n", "a b@c.d"]
    )
    | st.integers(240, 260).map(lambda length: f"{'a' * (length - 6)}@ab.de")
    | JSON
)
NAMES = st.sampled_from(["", "x", "x" * 64, "x" * 65, "x" * 128, "x" * 129, "😀" * 64, "x\n"]) | JSON
EXTRAS = st.dictionaries(st.sampled_from(["", "a/b", "m~n", "~1", "quantity", "Items"]), JSON, max_size=2)
VALID_ITEM = {"productId": "85123A", "quantity": 6}
VALID_ORDER = {
    "customerId": "cust-17850",
    "customerEmail": "ada@example.com",
    "paymentMethod": "pm_card_visa",
    "items": [VALID_ITEM],
}


def variants_of(valid: Mapping[str, Any], **members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Change, remove and add members of a valid object."""
    return st.builds(
        lambda removed, changed, added: {
            name: value for name, value in {**valid, **changed, **added}.items() if name not in removed
        },
        st.lists(st.sampled_from([*valid]), max_size=1) | st.just([]),
        st.fixed_dictionaries({}, optional=members),
        EXTRAS | st.just({}),
    )


ITEMS = variants_of(VALID_ITEM, productId=PRODUCT_IDS, quantity=QUANTITIES)
ORDERS = variants_of(
    VALID_ORDER,
    customerId=NAMES,
    customerEmail=EMAILS,
    paymentMethod=NAMES,
    items=st.lists(ITEMS, max_size=4)
    | st.lists(ITEMS | JSON, max_size=4)
    | st.integers(97, 99).map(lambda length: [VALID_ITEM] * length)
    | JSON,
)


CANCELLATIONS = variants_of(
    {"reason": "I ordered the wrong size"},
    reason=st.text(alphabet=st.characters(max_codepoint=0xFF), max_size=3)
    | st.sampled_from(["", "x" * 200, "x" * 201, "😀" * 200, "😀" * 201, "a\n", "\x1b[31m", "\x85", "ß"])
    | JSON,
)
both = pytest.mark.parametrize("schema", [SCHEMA, CANCEL_SCHEMA], ids=["place", "cancel"])


def ecma_pattern(_: object, pattern: str, value: object, __: object) -> Iterator[ValidationError]:
    """Match as in ECMA 262, which JSON Schema requires: `$` of Python also matches before a final newline."""
    if isinstance(value, str) and not re.search(pattern.removesuffix("$") + r"(?![\s\S])", value):
        yield ValidationError("does not match")


REFERENCE = extend(Draft4Validator, {"pattern": ecma_pattern})


def reference_pointers(schema: Schema, value: object) -> set[str]:
    return {pointer for error in REFERENCE(schema).iter_errors(value) for pointer in places(error)}


def places(error: ValidationError) -> list[str]:
    """Return pointers to the member, where jsonschema points to its object."""
    pointer = ""
    for step in error.absolute_path:
        pointer = member(pointer, step)
    if error.validator == "required":
        names = [name for name in error.validator_value if name not in error.instance]
    elif error.validator == "additionalProperties":
        names = [name for name in error.instance if name not in error.schema["properties"]]
    else:
        return [pointer]
    return [member(pointer, name) for name in names]


@settings(max_examples=300)
@given(body=ORDERS | JSON)
def test_the_validator_agrees_with_jsonschema_on_every_pointer(body: object) -> None:
    found = [violation.pointer for violation in violations(SCHEMA, body)]

    assert set(found) == reference_pointers(SCHEMA, body)
    assert len(found) == len(set(found))


@settings(max_examples=200)
@given(body=CANCELLATIONS | JSON)
def test_the_validator_agrees_with_jsonschema_on_a_cancellation(body: object) -> None:
    found = [violation.pointer for violation in violations(CANCEL_SCHEMA, body)]

    assert set(found) == reference_pointers(CANCEL_SCHEMA, body)


@both
def test_the_schema_is_a_draft_4_schema(schema: Schema) -> None:
    Draft4Validator.check_schema(schema)

    assert schema["$schema"] == "http://json-schema.org/draft-04/schema#"


@both
def test_the_validator_checks_every_keyword_of_the_schema(schema: Schema) -> None:
    assert checked_schema(schema) is schema


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "format": "email"},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "properties": {"a": {"type": "array", "uniqueItems": True}}},
        {"type": "array", "items": {"type": "integer", "multipleOf": 2}},
    ],
)
def test_an_unsupported_keyword_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="the validator"):
        checked_schema(schema)


def test_pointers_escape_slashes_and_tildes() -> None:
    assert member("/items/0", "a/b~c") == "/items/0/a~1b~0c"


def test_details_never_repeat_what_the_client_sent() -> None:
    body = {"customerEmail": "secret-word", "paymentMethod": 4242, "items": [{"quantity": "secret-word"}]}

    details = " ".join(violation.detail for violation in violations(SCHEMA, body))

    assert "secret-word" not in details
    assert "4242" not in details
