"""Lets only the person who started the console use it: token, Host, Origin and a content security policy.

Each page of the internet may send requests to 127.0.0.1 from the operator's browser, and another user of the
machine may connect to the port. Both have no token. https://owasp.org/www-community/attacks/DNS_Rebinding
"""

import hmac
import secrets
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN: Final = "token"  # noqa: S105  the name of the parameter
CSRF_HEADER: Final = "x-csrf-token"
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
# https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
# The browser says `none` when the person typed the address: https://www.w3.org/TR/fetch-metadata/
_OWN_SITES: Final = frozenset({"none", "same-origin"})
_HOW_TO_OPEN: Final = "Open the address that `orderctl console` printed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The port of the console and its secrets, which are new at every start."""

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def address(self) -> str:
        """Return the address to open: the first page, with the token."""
        return f"http://127.0.0.1:{self.port}/?{urlencode({TOKEN: self.token})}"

    @property
    def cookie(self) -> str:
        """Return the name of the cookie. Cookies are shared by all ports of a host."""
        return f"orderctl_console_{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """Return the Host headers of a browser on this machine."""
        return frozenset({f"127.0.0.1:{self.port}", f"localhost:{self.port}"})


class Guard:
    """Refuses every request that is not the operator's, and adds the headers of `HEADERS` to the others."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with a 403 that says why."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = self._answer(scope)
        await (answer or self._app)(scope, receive, _with_headers(send))

    def _answer(self, scope: Scope) -> Response | None:
        """Return the response that ends the request; None when it may go on."""
        headers = Headers(scope=scope)
        if refused := _refusal(headers, scope["method"], self._access):
            return _refuse(refused)
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = dict(query).get(TOKEN)
        if given is not None and scope["method"] in SAFE_METHODS:
            return (
                self._signed_in(scope, query)
                if _same(given, self._access.token)
                else _refuse("The token is wrong")
            )
        if not _same(_cookie(headers, self._access.cookie), self._access.token):
            return _refuse("This page needs the token of the console")
        return None

    def _signed_in(self, scope: Scope, query: list[tuple[str, str]]) -> Response:
        """Keep the token in a cookie, and take it out of the address."""
        rest = urlencode([(name, value) for name, value in query if name != TOKEN])
        path = scope["path"].replace("//", "/")
        response = RedirectResponse(f"{path}?{rest}" if rest else path, status_code=303)
        response.set_cookie(self._access.cookie, self._access.token, httponly=True, samesite="strict")
        return response


def _refusal(headers: Headers, method: str, access: Access) -> str | None:
    """Return why a request is not one of the console's own pages; None when it is."""
    if headers.getlist("host") not in [[host] for host in access.hosts]:
        return "This is not an address of the console"
    origin = headers.get("origin")
    if origin is not None and origin not in {f"http://{host}" for host in access.hosts}:
        return "Another site sent this request"
    if method in SAFE_METHODS:
        # A link from another site may be opened: it shows a page, and changes nothing.
        return None
    if headers.get("sec-fetch-site", "same-origin") not in _OWN_SITES:
        return "Another site sent this request"
    if origin is None or not _same(headers.get(CSRF_HEADER, ""), access.csrf):
        return (
            "This request is from no page of this console, or of one that was started before. Reload the page"
        )
    return None


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _refuse(why: str) -> Response:
    return PlainTextResponse(f"{why}. {_HOW_TO_OPEN}\n", status_code=403)


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers: Any = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
