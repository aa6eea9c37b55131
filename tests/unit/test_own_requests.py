"""A request of the workflow to its own process arrives as one over HTTP, and so does the response."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.exceptions import ReadTimeoutError

from devtools.local_cloud.own_requests import OwnRequests

_SECONDS = 10.0


def _request() -> AWSPreparedRequest:
    return AWSRequest(
        method="POST",
        url="http://127.0.0.1:4566/2015-03-31/functions/a%20b/invocations?Qualifier=live",
        headers={"X-Amz-Target": "Invoke", "Authorization": "AWS4-HMAC-SHA256 ..."},
        data=b'{"order": 1}',
    ).prepare()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread of its own."""
    running = asyncio.new_event_loop()
    thread = threading.Thread(target=running.run_forever)
    thread.start()
    yield running
    running.call_soon_threadsafe(running.stop)
    thread.join()
    running.close()


def _serving(loop: asyncio.AbstractEventLoop, app: Any) -> OwnRequests:
    own = OwnRequests()

    async def serve() -> None:
        own.serve(app, set())

    asyncio.run_coroutine_threadsafe(serve(), loop).result()
    return own


def test_a_request_arrives_with_all_that_it_has(loop: asyncio.AbstractEventLoop) -> None:
    arrived: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        arrived.update(scope, body=(await receive())["body"], headers=dict(scope["headers"]))
        await send({"type": "http.response.start", "status": 202, "headers": [(b"X-Amzn-RequestId", b"7")]})
        await send({"type": "http.response.body", "body": b"accep", "more_body": True})
        await send({"type": "http.response.body", "body": b"ted"})

    response = _serving(loop, app).respond(_request(), seconds=_SECONDS)

    assert response is not None
    assert (response.status_code, response.content) == (202, b"accepted")
    assert response.headers["x-amzn-requestid"] == "7"
    assert (arrived["method"], arrived["path"]) == ("POST", "/2015-03-31/functions/a b/invocations")
    assert (arrived["raw_path"], arrived["query_string"]) == (
        b"/2015-03-31/functions/a%20b/invocations",
        b"Qualifier=live",
    )
    assert arrived["body"] == b'{"order": 1}'
    assert arrived["headers"][b"host"] == b"127.0.0.1:4566"
    assert arrived["headers"][b"content-length"] == b"12"
    assert arrived["headers"][b"x-amz-target"] == b"Invoke"


def test_a_late_response_is_a_timeout_as_over_http(loop: asyncio.AbstractEventLoop) -> None:
    async def app(_: Any, receive: Any, __: Any) -> None:
        await receive()
        await receive()  # waits for a disconnection, which does not come

    with pytest.raises(ReadTimeoutError):
        _serving(loop, app).respond(_request(), seconds=0.01)


def test_a_failure_of_the_app_reaches_who_asked(loop: asyncio.AbstractEventLoop) -> None:
    async def app(*_: Any) -> None:
        raise LookupError("no such service")

    with pytest.raises(LookupError, match="no such service"):
        _serving(loop, app).respond(_request(), seconds=_SECONDS)


def test_without_a_server_botocore_sends_the_request_itself() -> None:
    assert OwnRequests().respond(_request(), seconds=_SECONDS) is None
