"""Refuses the requests of web pages: the local cloud is for programs on this machine.

It accepts any credentials, and a function on it is a program that runs on this machine. Without this, every
page in the developer's browser could create one: a browser sends a page's requests to 127.0.0.1 too.
"""

import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qs

from devtools.local_cloud.snapshots import AsgiApp, Scope

Headers = Iterable[tuple[bytes, bytes]]

# The browser says `none` when the user typed the address or opened a bookmark:
# https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
_OWN_SITES: Final = frozenset({b"none", b"same-origin"})
_CORS: Final = b"access-control-"
_HTTP_PORT: Final = 80


def guarded(app: AsgiApp, port: int) -> AsgiApp:
    """Return the app, which now responds only to programs that address it by 127.0.0.1 or localhost."""
    hosts = _hosts(port)

    async def guard(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
        elif refused := refusal(scope, hosts):
            await _refuse(scope, send, f"{refused}. {_what_to_do(port)}")
        else:
            await app(scope, receive, _without_cors(send))

    return guard


def refusal(scope: Scope, hosts: frozenset[bytes]) -> str | None:
    """Return why a request can be that of a web page; None when it is that of a program."""
    names = []
    for name, value in scope["headers"]:
        if name == b"host":
            names.append(value.lower())
        elif name == b"origin" or name.startswith(b"access-control-request-"):
            # Browsers send Origin with all but plain GETs: https://fetch.spec.whatwg.org/#origin-header
            return f"A web page sent this request ({_shown(name, value)})"
        elif name == b"sec-fetch-site" and value not in _OWN_SITES:
            return f"A web page of another site sent this request ({_shown(name, value)})"
    if len(names) != 1 or names[0] not in hosts:
        # DNS rebinding: the name of the page's own server now leads to 127.0.0.1.
        found = ", ".join(_shown(b"host", name) for name in names) or "no Host header"
        return f"This is not an address of the local cloud ({found})"
    if _calls_by_query(scope):
        return "A call of an AWS service is accepted only as a POST: any link could hold this one"
    return None


def _hosts(port: int) -> frozenset[bytes]:
    names = (b"127.0.0.1", b"localhost")
    with_port = {name + b":%d" % port for name in names}
    return frozenset(with_port | set(names) if port == _HTTP_PORT else with_port)


def _calls_by_query(scope: Scope) -> bool:
    """Tell whether this is a call in the Query protocol, without a body.

    AWS's SDKs send it as a POST. A link in an e-mail has no Origin, and the browser says that no site asked
    for it. An image has no Origin either, and old browsers send no Sec-Fetch-Site.
    """
    query = scope.get("query_string", b"")
    if not query or scope.get("method") == "POST":
        return False
    return "Action" in parse_qs(query.decode("latin-1"), keep_blank_values=True)


def _shown(name: bytes, value: bytes) -> str:
    return f"{name.decode('latin-1').title()}: {value.decode('latin-1')}"


def _what_to_do(port: int) -> str:
    return f"Use a program such as orderctl, curl or an AWS SDK, with http://127.0.0.1:{port}."


async def _refuse(scope: Scope, send: Any, message: str) -> None:
    if scope["type"] == "websocket":
        # Before the handshake, this is a 403: https://asgi.readthedocs.io/en/latest/specs/www.html
        await send({"type": "websocket.close"})
        return
    # As API Gateway responds; botocore shows a message in this form too.
    body = json.dumps({"message": message}).encode() + b"\n"
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _without_cors(send: Any) -> Any:
    """Send no header that lets a page read the response; MiniStack lets every page."""

    async def send_without_cors(message: Any) -> None:
        if message["type"] in {"http.response.start", "websocket.accept"}:
            kept = [header for header in message.get("headers", ()) if not _is_cors(header)]
            message = {**message, "headers": kept}
        await send(message)

    return send_without_cors


def _is_cors(header: tuple[bytes, bytes]) -> bool:
    return header[0].lower().startswith(_CORS)
