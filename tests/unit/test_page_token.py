"""A page token is valid for the next page of one customer's list only."""

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.api.errors import InvalidRequest
from handlers.api.page_token import page_token, parse_page_token
from handlers.domain.order import ListPosition

POSITION = ListPosition(
    created_at="2026-11-22T15:14:31.123Z", order_id="6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"
)


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_a_token_is_parsed_to_its_position() -> None:
    assert parse_page_token(page_token(POSITION, "cust-1"), "cust-1") == POSITION


def test_a_token_needs_no_escaping_in_a_url() -> None:
    assert page_token(POSITION, "cust-1").replace("-", "").replace("_", "").isalnum()


def test_a_token_of_another_customer_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="nextToken"):
        parse_page_token(page_token(POSITION, "cust-1"), "cust-2")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "next",
        "ä",
        "\ud800",
        encoded(""),
        encoded("2026-11-22T15:14:31.123Z 6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"),
        encoded("2026-11-22T15:14:31.123Z 6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11 0123456789abcdef"),
        encoded(f"2026-11-22T15:14:31.123Z {'-' * 36} 0123456789abcdef"),
        page_token(POSITION, "cust-1") + "A",
        page_token(POSITION, "cust-1") + "=",
        page_token(POSITION, "cust-1")[:-1],
        "\n" + page_token(POSITION, "cust-1"),
        page_token(POSITION, "cust-1") * 1000,
    ],
)
def test_an_invalid_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidRequest, match="nextToken"):
        parse_page_token(token, "cust-1")


@given(token=st.text(st.characters(exclude_categories=())))
def test_any_text_is_parsed_or_refused(token: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_page_token(token, "cust-1")
