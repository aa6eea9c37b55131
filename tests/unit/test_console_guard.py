"""Who may use the console: the person with the token, from a page of the console itself."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from orderctl.console.guard import Access, Guard

ACCESS = Access(port=8765)
ORIGIN = "http://127.0.0.1:8765"
COOKIE = {"cookie": f"orderctl_console_8765={ACCESS.token}"}
CSRF = {"x-csrf-token": ACCESS.csrf, "origin": ORIGIN}


def answer(_: Request) -> Response:
    return PlainTextResponse("secret")


@pytest.fixture
def browser() -> TestClient:
    app = Starlette(
        routes=[Route("/{path:path}", answer, methods=["GET", "POST"])],
        middleware=[Middleware(Guard, access=ACCESS)],
    )
    return TestClient(app, base_url=ORIGIN, follow_redirects=False)


def get(browser: TestClient, path: str = "/orders", **headers: str) -> Any:
    return browser.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_the_printed_address_opens_the_console(browser: TestClient) -> None:
    response = browser.get(ACCESS.address.removeprefix(ORIGIN))

    assert (response.status_code, response.headers["location"]) == (303, "/")
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert browser.get("/orders").text == "secret"


def test_the_token_is_taken_out_of_any_address(browser: TestClient) -> None:
    response = browser.get(f"/orders?status=ON_HOLD&token={ACCESS.token}")

    assert response.headers["location"] == "/orders?status=ON_HOLD"


def test_an_address_of_another_site_is_no_target(browser: TestClient) -> None:
    response = browser.get(f"{ORIGIN}//evil.example.com/?token={ACCESS.token}")

    assert response.headers["location"].startswith("/evil.example.com")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/orders", {}),
        ("/orders?token=wrong", {}),
        ("/orders", {"cookie": "orderctl_console_8765=wrong"}),
        ("/orders", {"cookie": f"orderctl_console_9999={ACCESS.token}"}),
        ("/orders", {"cookie": "="}),
    ],
)
def test_without_the_token_nothing_is_shown(browser: TestClient, path: str, headers: dict[str, str]) -> None:
    response = browser.get(path, headers=headers)

    assert response.status_code == 403
    assert "Open the address that `orderctl console` printed" in response.text


@pytest.mark.parametrize("host", ["evil.example.com", "evil.example.com:8765", "127.0.0.1:9999", "127.0.0.1"])
def test_the_name_of_another_host_is_refused(browser: TestClient, host: str) -> None:
    response = get(browser, **COOKIE, host=host)

    assert (response.status_code, "not an address of the console" in response.text) == (403, True)


@pytest.mark.parametrize("origin", ["http://evil.example.com", "null", "https://127.0.0.1:8765"])
def test_a_request_of_another_site_is_refused(browser: TestClient, origin: str) -> None:
    assert get(browser, **COOKIE, origin=origin).status_code == 403
    assert browser.post("/orders", headers={**COOKIE, **CSRF, "origin": origin}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": ORIGIN},
        {"x-csrf-token": ACCESS.csrf},
        {"origin": ORIGIN, "x-csrf-token": "wrong"},
        {**CSRF, "sec-fetch-site": "cross-site"},
        {**CSRF, "sec-fetch-site": "same-site"},
    ],
)
def test_what_changes_something_needs_a_page_of_the_console(
    browser: TestClient, headers: dict[str, str]
) -> None:
    assert browser.post("/orders", headers={**COOKIE, **headers}).status_code == 403


def test_a_page_of_the_console_may_change_something(browser: TestClient) -> None:
    assert (
        browser.post("/orders", headers={**COOKIE, **CSRF, "sec-fetch-site": "same-origin"}).text == "secret"
    )


def test_every_response_forbids_inline_scripts_and_other_sites(browser: TestClient) -> None:
    for response in (get(browser, **COOKIE), get(browser)):
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["cache-control"] == "no-store"


def test_the_secrets_are_new_at_every_start_and_are_not_shown() -> None:
    other = Access(port=8765)

    assert len({ACCESS.token, ACCESS.csrf, other.token, other.csrf}) == 4
    assert ACCESS.token not in repr(ACCESS)
    assert ACCESS.csrf not in repr(ACCESS)
