"""DynamoDB attributes: converted as boto3 does it, for every value that the tables can have."""

from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from handlers.adapters.attributes import from_attribute, to_attribute
from handlers.contract.names import OrderStatus

# DynamoDB keeps 38 digits.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
INTEGERS = st.integers(min_value=-(10**38) + 1, max_value=10**38 - 1)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | DECIMALS | st.text() | st.sampled_from(OrderStatus),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
)
NUMBERS = (INTEGERS | DECIMALS).map(str)
ATTRIBUTES = st.recursive(
    st.builds(lambda value: {"S": value}, st.text())
    | st.builds(lambda value: {"N": value}, NUMBERS)
    | st.builds(lambda value: {"BOOL": value}, st.booleans())
    | st.just({"NULL": True})
    | st.builds(lambda value: {"B": value}, st.binary())
    | st.builds(lambda value: {"SS": value}, st.lists(st.text(), min_size=1))
    | st.builds(lambda value: {"NS": value}, st.lists(NUMBERS, min_size=1))
    | st.builds(lambda value: {"BS": value}, st.lists(st.binary(), min_size=1)),
    lambda inner: (
        st.builds(lambda value: {"L": value}, st.lists(inner))
        | st.builds(lambda value: {"M": value}, st.dictionaries(st.text(), inner))
    ),
)


@given(value=VALUES)
def test_a_value_is_written_as_boto3_writes_it_and_read_again_with_lists_and_decimals(value: object) -> None:
    written = to_attribute(value)
    assert written == TypeSerializer().serialize(value)

    read = from_attribute(written)
    assert read == plain(value)
    assert not isinstance(read, int) or isinstance(read, bool)


@given(attribute=ATTRIBUTES)
def test_an_attribute_of_any_type_is_read_as_boto3_reads_it(attribute: dict[str, object]) -> None:
    assert from_attribute(attribute) == TypeDeserializer().deserialize(attribute)


def plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize(
    ("value", "name"), [(1.5, "float"), ({"a"}, "set"), (b"a", "bytes"), (object(), "object")]
)
def test_a_value_of_another_type_is_not_stored(value: object, name: str) -> None:
    with pytest.raises(TypeError, match=f"a {name} is not stored"):
        to_attribute({"amounts": [value]})


@pytest.mark.parametrize("attribute", [{}, {"X": "1"}, {"S": "a", "N": "1"}, "text", None, 1])
def test_what_is_no_attribute_is_refused(attribute: object) -> None:
    with pytest.raises((AttributeError, KeyError, ValueError)):
        from_attribute(attribute)  # type: ignore[arg-type]


def test_a_number_is_read_as_a_decimal() -> None:
    assert isinstance(from_attribute({"N": "12"}), Decimal)
