"""Requests of the workflow to the services in the same process, without a connection.

They are signed, checked, observed and answered as those of other processes. Only HTTP between two threads is
left out, which took as long as the service itself.
"""

import asyncio
from concurrent.futures import Future
from contextvars import Context
from io import BytesIO
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ReadTimeoutError

from devtools.local_cloud.snapshots import AsgiApp, Scope

_CLIENT: Final = ("127.0.0.1", 0)

_Answer = tuple[int, dict[str, str], bytes]


class OwnRequests:
    """Sends requests to the app of this process, when it serves."""

    def __init__(self) -> None:
        self._app: AsgiApp | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def serve(self, app: AsgiApp, tasks: set[asyncio.Task[None]]) -> None:
        """Answer from now on, in the running loop; its shutdown waits for these tasks."""
        self._app, self._loop, self._tasks = app, asyncio.get_running_loop(), tasks

    def respond(self, request: AWSPreparedRequest, *, seconds: float) -> AWSResponse | None:
        """Return the response to a prepared request; None when there is no app, so that botocore sends it.

        Raises ReadTimeoutError, as botocore does.
        """
        if self._app is None or self._loop is None:
            return None
        answered: Future[_Answer] = Future()
        # An empty context: the request brings its account and its Region, as it does over HTTP.
        self._loop.call_soon_threadsafe(self._start, self._app, request, answered, context=Context())
        try:
            status, headers, body = answered.result(seconds)
        except TimeoutError:
            raise ReadTimeoutError(endpoint_url=request.url) from None
        return AWSResponse(request.url, status, headers, _Raw(body))

    def _start(self, app: AsgiApp, request: AWSPreparedRequest, answered: Future[_Answer]) -> None:
        task = asyncio.ensure_future(_answer(app, request, answered))
        task.add_done_callback(self._tasks.discard)
        self._tasks.add(task)


OWN_REQUESTS: Final = OwnRequests()


class _Raw(BytesIO):
    """The body of a response, with the method of urllib3 that botocore reads it by."""

    def stream(self, **_: Any) -> list[bytes]:
        return [self.read()]


async def _answer(app: AsgiApp, request: AWSPreparedRequest, answered: Future[_Answer]) -> None:
    start: dict[str, Any] = {}
    parts: list[bytes] = []
    body = [_bytes(request.body or b"")]

    async def receive() -> dict[str, Any]:
        if not body:
            await asyncio.get_running_loop().create_future()  # this client does not disconnect
        return {"type": "http.request", "body": body.pop(), "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    try:
        await app(scope_of(request), receive, send)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
        answered.set_result((start["status"], headers, b"".join(parts)))
    except BaseException as error:
        answered.set_exception(error)
        raise


def scope_of(request: AWSPreparedRequest) -> Scope:
    """Return what an ASGI server makes of a request: https://asgi.readthedocs.io/en/latest/specs/www.html."""
    url = urlsplit(request.url)
    headers = [(name.lower().encode("latin-1"), _bytes(value)) for name, value in request.headers.items()]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(url.path),
        "raw_path": url.path.encode("ascii"),
        "query_string": url.query.encode("ascii"),
        "root_path": "",
        "headers": [(b"host", url.netloc.encode("ascii")), *headers],
        "client": _CLIENT,
        "server": (url.hostname, url.port),
    }


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8")
