"""Requests that only a web page sends do not reach the local cloud; those of programs do."""

import asyncio
import json
from typing import Any

import pytest

from devtools.local_cloud.guard import guarded
from devtools.local_cloud.server import listen

PORT = 4566
PROGRAM = {"host": f"127.0.0.1:{PORT}"}
CREATE_QUEUE = b"Action=CreateQueue&QueueName=q"


def test_a_request_of_a_program_passes() -> None:
    assert _status(PROGRAM) == 200
    assert _status({"host": f"LocalHost:{PORT}"}, method="GET") == 200


def test_an_address_that_the_user_typed_passes() -> None:
    assert _status(PROGRAM | {"sec-fetch-site": "none"}, method="GET", query=b"list-type=2") == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:4566",  # DNS rebinding
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1:45660",
        "127.0.0.1.evil.example:4566",
        "localhost.evil.example:4566",
        "bucket.localhost:4566",
        "evil.example@127.0.0.1:4566",
        "0.0.0.0:4566",
        "[::1]:4566",
        "",
    ],
)
def test_another_host_is_refused(host: str) -> None:
    assert _status({"host": host}) == 403


@pytest.mark.parametrize("hosts", [[], ["127.0.0.1:4566", "127.0.0.1:4566"]], ids=["none", "two"])
def test_anything_but_one_host_is_refused(hosts: list[str]) -> None:
    headers = [(b"host", host.encode()) for host in hosts]

    assert _answered({"type": "http", "method": "POST", "headers": headers})[0]["status"] == 403


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize(
    "sent",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},  # a page in a sandbox, or a form on one without referrer
        {"origin": f"http://127.0.0.1:{PORT}"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "Same-Origin"},  # no browser writes it so
        {"access-control-request-method": "POST"},
        {"access-control-request-headers": "x-amz-target"},
        {"access-control-request-private-network": "true"},
    ],
    ids=lambda sent: ": ".join(*sent.items()),
)
def test_what_only_pages_send_is_refused(method: str, sent: dict[str, str]) -> None:
    assert _status(PROGRAM | sent, method=method) == 403


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("query", [CREATE_QUEUE, b"a=b&%41ction=CreateQueue", b"Action="])
def test_a_link_can_not_call_a_service(method: str, query: bytes) -> None:
    assert _status(PROGRAM | {"sec-fetch-site": "none"}, method=method, query=query) == 403
    assert _status(PROGRAM, method=method, query=query) == 403


def test_a_program_calls_a_service_with_a_post() -> None:
    assert _status(PROGRAM, query=CREATE_QUEUE) == 200


def test_a_refusal_says_why_and_what_to_do() -> None:
    start, body = _answered(_request({"host": "evil.example"}))

    assert (b"content-type", b"application/json") in start["headers"]
    assert body["body"].count(b"\n") == 1
    assert json.loads(body["body"])["message"] == (
        "This is not an address of the local cloud (Host: evil.example). "
        "Use a program such as orderctl, curl or an AWS SDK, with http://127.0.0.1:4566."
    )


def test_a_response_lets_no_page_read_it() -> None:
    start, _ = _answered(_request(PROGRAM))

    assert start["headers"] == [(b"content-type", b"text/plain")]


def test_the_port_of_http_need_not_be_named() -> None:
    sent = [_answered(_request({"host": host}), port=80)[0]["status"] for host in ("127.0.0.1", "evil")]

    assert sent == [200, 403]


def test_a_page_can_not_open_a_websocket() -> None:
    page = PROGRAM | {"origin": "https://evil.example"}

    assert _answered(_websocket(page)) == [{"type": "websocket.close"}]
    assert _answered(_websocket({"host": "evil.example:4566"})) == [{"type": "websocket.close"}]
    assert _answered(_websocket(PROGRAM)) == [{"type": "websocket.accept", "headers": []}]


def test_the_local_cloud_listens_only_on_this_machine() -> None:
    with listen(0) as first, listen(first.getsockname()[1]) as on_another_port:
        assert [each.getsockname()[0] for each in (first, on_another_port)] == ["127.0.0.1", "127.0.0.1"]


def test_the_start_and_the_end_of_the_server_pass() -> None:
    assert _answered({"type": "lifespan"}) == [{"type": "lifespan.startup.complete"}]


def _status(headers: dict[str, str], *, method: str = "POST", query: bytes = b"") -> int:
    return int(_answered(_request(headers, method=method, query=query))[0]["status"])


def _request(headers: dict[str, str], *, method: str = "POST", query: bytes = b"") -> dict[str, Any]:
    return {"type": "http", "method": method, "query_string": query, "headers": _encoded(headers)}


def _websocket(headers: dict[str, str]) -> dict[str, Any]:
    return {"type": "websocket", "query_string": b"", "headers": _encoded(headers)}


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _answered(scope: dict[str, Any], port: int = PORT) -> list[Any]:
    """Return the messages that a guarded application sends."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(_guarded(port)(scope, None, send))
    return sent


def _guarded(port: int) -> Any:
    cors = [(b"Access-Control-Allow-Origin", b"*"), (b"access-control-allow-headers", b"*")]
    responses = {
        "lifespan": [{"type": "lifespan.startup.complete"}],
        "websocket": [{"type": "websocket.accept", "headers": cors}],
        "http": [
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [*cors, (b"content-type", b"text/plain")],
            },
            {"type": "http.response.body", "body": b"done"},
        ],
    }

    async def application(scope: Any, _receive: Any, send: Any) -> None:
        for message in responses[scope["type"]]:
            await send(message)

    return guarded(application, port)
