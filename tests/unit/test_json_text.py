"""A body that can't be parsed is a client error."""

import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.api.errors import InvalidRequest
from handlers.api.json_text import MAX_BODY_BYTES, canonical, read_json

ANY_CHARACTER = st.characters(exclude_categories=())


def test_json_is_parsed() -> None:
    assert read_json('{"a": [1, "ä", null]}', is_base64=False) == {"a": [1, "ä", None]}


def test_base64_is_decoded_first() -> None:
    body = b64encode('{"a": "ä"}'.encode()).decode()

    assert read_json(body, is_base64=True) == {"a": "ä"}


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (None, "must be JSON"),
        ("", "must be JSON"),
        ("   ", "must be JSON"),
        ("{", "must be JSON"),
        ('{"a": 1} {"a": 1}', "must be JSON"),
        ("{'a': 1}", "must be JSON"),
        ('\ufeff{"a": 1}', "must be JSON"),
        ('{"a": NaN}', "must be JSON"),
        ('{"a": Infinity}', "must be JSON"),
        ('{"a": -Infinity}', "must be JSON"),
        ('{"a": ' + "9" * 5_000 + "}", "must be JSON"),
        ('{"a": 1, "a": 1}', "must not have two members of the same name in one object"),
        ('[{"b": {"a": 1, "\\u0061": 2}}]', "must not have two members of the same name in one object"),
        ('{"a": "\\ud800"}', "must be UTF-8 text"),
        ('{"\\udfff": 1}', "must be UTF-8 text"),
        ('{"a": "\ud800"}', "must be UTF-8 text"),
        ("[" * 30_000 + "]" * 30_000, "is nested too deeply"),
        (" " * MAX_BODY_BYTES + "1", f"must have at most {MAX_BODY_BYTES} bytes"),
    ],
)
def test_a_body_that_can_not_be_parsed_is_refused(body: str | None, detail: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_json(body, is_base64=False)

    assert [(each.pointer, each.detail) for each in refused.value.violations] == [("", detail)]


@pytest.mark.parametrize("body", ["{}", "e30", "e30==", "ä", b64encode(b'"\xff"').decode(), ""])
def test_invalid_base64_or_base64_of_invalid_json_is_refused(body: str) -> None:
    with pytest.raises(InvalidRequest):
        read_json(body, is_base64=True)


@given(body=st.text(ANY_CHARACTER) | st.text('{}[]",:\\ud801aeE+-.0 tfn'), is_base64=st.booleans())
def test_any_text_is_parsed_or_refused(body: str, is_base64: bool) -> None:  # noqa: FBT001  as the event has it
    try:
        parsed = read_json(body, is_base64=is_base64)
    except InvalidRequest:
        return

    json.dumps(parsed, allow_nan=True).encode()


@given(octets=st.binary())
def test_any_bytes_are_parsed_or_refused(octets: bytes) -> None:
    try:
        parsed = read_json(b64encode(octets).decode(), is_base64=True)
    except InvalidRequest:
        return

    json.dumps(parsed).encode()


def test_equal_values_have_the_same_canonical_form() -> None:
    one = read_json('{"b": 1, "a": ["\\u00e4", {"d": 2, "c": 3}]}', is_base64=False)
    other = read_json('{"a":["ä",{"c":3,"d":2}],"b":1}', is_base64=False)

    assert canonical(one) == canonical(other)


def test_the_order_of_elements_is_part_of_the_value() -> None:
    assert canonical([1, 2]) != canonical([2, 1])
