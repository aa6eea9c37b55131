"""An idempotency key of a client identifies one order."""

from uuid import UUID

import pytest

from handlers.api.errors import InvalidRequest
from handlers.api.requests import parse_idempotency_key
from handlers.domain.idempotency import derived_order_id

STACK = UUID("6f0e4c43-9a53-4d8a-8f7c-2b11c0ffee00")


def order_id(key: str, *, api_key: str = "client", namespace: UUID = STACK) -> str:
    return derived_order_id(key, api_key=api_key, namespace=namespace)


def test_the_same_key_of_the_same_client_is_the_same_order() -> None:
    assert order_id("key") == order_id("key")


def test_the_order_id_is_a_uuid_of_version_5() -> None:
    assert UUID(order_id("key")).version == 5


def test_another_key_or_another_client_is_another_order() -> None:
    ids = {
        order_id("key"),
        order_id("Key"),
        order_id("key", api_key="other"),
        order_id("tkey", api_key="clien"),
        order_id("key", api_key=""),
    }

    assert len(ids) == 5


def test_an_order_id_can_not_be_computed_without_the_value_of_the_stack() -> None:
    other_stack = UUID("6f0e4c43-9a53-4d8a-8f7c-2b11c0ffee01")

    assert order_id("key") != order_id("key", namespace=other_stack)


@pytest.mark.parametrize("key", ["k", " ", "~", "a b", '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "k" * 255])
def test_any_printable_ascii_is_a_key(key: str) -> None:
    assert parse_idempotency_key(key) == key


@pytest.mark.parametrize("key", ["", "k" * 256, "k\n", "\t", "\x7f", "ä", "\ud800"])
def test_any_other_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidRequest, match="Idempotency-Key"):
        parse_idempotency_key(key)
