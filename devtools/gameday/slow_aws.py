"""A proxy in front of the local cloud that delays or throttles the calls of a function, as AWS can."""

import json
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.error import HTTPError

_OF_THE_FUNCTION: Final = frozenset({"host", "authorization", "x-amz-security-token"})
# Only to the local cloud: a proxy of this machine can't connect to it.
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What the proxy does with a call: it waits `seconds`, or refuses and calls `throttled`."""

    seconds: float = 0.0
    throttled: Callable[[str], None] | None = None


@contextmanager
def proxied(endpoint_url: str, behaviour: Behaviour) -> Iterator[str]:
    """Run the proxy; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            time.sleep(behaviour.seconds)
            if behaviour.throttled is not None:
                behaviour.throttled(self.headers.get("X-Amz-Target", "").rpartition(".")[2])
                self._respond(400, _throttling())
            else:
                self._respond(*self._forwarded(body))

        def _forwarded(self, body: bytes) -> tuple[int, bytes]:
            request = urllib.request.Request(  # noqa: S310  the address of the local cloud
                endpoint_url + self.path, data=body, headers=_as_the_account(self.headers), method="POST"
            )
            try:
                with _OPENER.open(request) as response:
                    return int(response.status), response.read()
            except HTTPError as error:
                return error.code, error.read()

        def _respond(self, status: int, body: bytes) -> None:
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                self.close_connection = True  # the client did not wait

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _as_the_account(headers: Message) -> dict[str, str]:
    """Return the headers of a call by the account itself.

    The signature of a function is for the address of the proxy. The local cloud checks that of no account.
    """
    kept = {name: value for name, value in headers.items() if name.lower() not in _OF_THE_FUNCTION}
    signature = re.sub(r"Credential=[^/]+/", "Credential=test/", headers["Authorization"])
    return {**kept, "Authorization": signature}


def _throttling() -> bytes:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
    return json.dumps(
        {
            "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            "message": "The level of configured provisioned throughput for the table was exceeded.",
        }
    ).encode()
