"""How the client of the HTTP API handles refusals and outages."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from orderctl.api_client import ApiUnreachable, OrdersApi, Response, problem
from orderctl.errors import OperatorError
from orderctl.stack import QUEUES, Stack


class _Api(BaseHTTPRequestHandler):
    """A server that gives scripted responses and records the requests."""

    protocol_version = "HTTP/1.1"
    signatures: ClassVar[list[str | None]] = []
    script: ClassVar[list[tuple[int, dict[str, str]]]] = []
    requests: ClassVar[list[tuple[str, str | None, tuple[str, int]]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self) -> None:
        self.signatures.append(self.headers["Authorization"])
        self.requests.append((self.path, self.headers["Idempotency-Key"], self.client_address))
        status, headers = self.script.pop(0)
        if not status:
            self.close_connection = True
            return
        body = json.dumps({"status": status}).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


class _Clock:
    """A clock that advances only when `sleep` is called."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    _Api.script.clear()
    _Api.requests.clear()
    _Api.signatures.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Api) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def stack_at(port: int) -> Stack:
    return Stack(
        endpoint_url="",
        region="us-east-1",
        api_url=f"http://127.0.0.1:{port}/prod/",
        api_key="key",
        console_url=None,
        state_machine_arn="",
        orders_table="",
        inventory_table="",
        bus_name="",
        dlq_urls=dict.fromkeys(QUEUES, ""),
    )


def place(server: ThreadingHTTPServer, clock: _Clock, *script: tuple[int, dict[str, str]]) -> Response:
    _Api.script.extend(script)
    api = OrdersApi(stack_at(server.server_port), retry_seconds=60, clock=clock, sleep=clock.sleep)
    return api.place({"items": []}, idempotency_key="one")


def test_an_accepted_order_is_sent_once(server: ThreadingHTTPServer) -> None:
    response = place(server, _Clock(), (202, {"Idempotency-Replayed": "true"}))

    assert (response.status, response.body, response.replayed) == (202, {"status": 202}, True)
    assert [(path, key) for path, key, _ in _Api.requests] == [("/prod/orders", "one")]


def test_each_attempt_has_a_signature_of_its_own_where_the_stack_asks_for_one(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    _Api.script.extend([(503, {}), (202, {})])
    clock = _Clock()
    # No other test has a session in this Region, whose credentials would be kept.
    stack = replace(stack_at(server.server_port), api_auth="iam", region="eu-south-1")

    OrdersApi(stack, clock=clock, sleep=clock.sleep).place({"items": []}, idempotency_key="one")

    assert len(_Api.signatures) == 2
    assert all(each and "AKIDEXAMPLE" in each for each in _Api.signatures)


def test_a_throttled_order_is_sent_again_after_retry_after_with_the_same_key(
    server: ThreadingHTTPServer,
) -> None:
    clock = _Clock()

    response = place(server, clock, (429, {"Retry-After": "7"}), (202, {}))

    assert response.status == 202
    assert [key for _, key, _ in _Api.requests] == ["one", "one"]
    assert 7 <= clock.pauses[0] < 8


def test_retries_in_an_outage_use_one_connection(server: ThreadingHTTPServer) -> None:
    response = place(server, _Clock(), (503, {}), (504, {}), (502, {}), (202, {}))

    assert response.status == 202
    assert len({address for _, _, address in _Api.requests}) == 1


def test_the_last_response_of_a_long_outage_is_returned(server: ThreadingHTTPServer) -> None:
    clock = _Clock()

    response = place(server, clock, *[(503, {"Retry-After": "25"})] * 3)

    assert response.status == 503
    assert 50 <= clock.now <= 60


def test_an_invalid_order_is_not_sent_again(server: ThreadingHTTPServer) -> None:
    assert place(server, _Clock(), (422, {})).status == 422


def test_an_unreachable_api_is_reported(closed_port: int) -> None:
    clock = _Clock()
    api = OrdersApi(stack_at(closed_port), retry_seconds=3, clock=clock, sleep=clock.sleep)

    with pytest.raises(OperatorError, match="can't be reached"):
        api.get("some-order")

    assert clock.pauses


def test_an_outage_is_said_at_once_repeated_and_its_end_too(
    server: ThreadingHTTPServer, closed_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = _Clock()
    gone = OrdersApi(stack_at(closed_port), retry_seconds=30, clock=clock, sleep=clock.sleep)

    with pytest.raises(ApiUnreachable):
        gone.get("some-order")
    place(server, _Clock(), (503, {"Retry-After": "2"}), (503, {}), (202, {}))

    first, *repeated, failing, ended = capsys.readouterr().err.splitlines()
    assert f"127.0.0.1:{closed_port}/prod/ does not respond (no connection); trying again for 30 s" in first
    assert len(repeated) in {1, 2}
    assert all("still does not respond (no connection); trying again for" in line for line in repeated)
    assert "responds with 503; trying again for" in failing
    assert ended.endswith("responds again")


def test_one_throttled_request_is_not_worth_a_message(
    server: ThreadingHTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    place(server, _Clock(), (429, {}), (202, {}))

    assert capsys.readouterr().err == ""


def test_an_order_that_could_not_be_sent_is_known_as_not_sent(
    server: ThreadingHTTPServer, closed_port: int
) -> None:
    _Api.script.append((0, {}))  # closes the connection without a response

    with pytest.raises(ApiUnreachable) as cut:
        OrdersApi(stack_at(server.server_port), retry_seconds=0).get("some-order")
    with pytest.raises(ApiUnreachable) as refused:
        OrdersApi(stack_at(closed_port), retry_seconds=0).get("some-order")

    assert cut.value.sent
    assert cut.value.why == "the connection was closed"
    assert not refused.value.sent


def test_a_stopped_client_does_not_try_again(closed_port: int) -> None:
    clock = _Clock()
    api = OrdersApi(stack_at(closed_port), retry_seconds=30, clock=clock, sleep=clock.sleep)
    api.stop()

    with pytest.raises(ApiUnreachable):
        api.get("some-order")

    assert clock.pauses == []


def test_an_order_id_can_not_lead_to_another_path(server: ThreadingHTTPServer) -> None:
    _Api.script.append((404, {}))

    OrdersApi(stack_at(server.server_port)).get("../stock?x=1#y")

    assert _Api.requests[0][0] == "/prod/orders/..%2Fstock%3Fx%3D1%23y"


@pytest.mark.parametrize("key", ["two\nlines", "schlüssel"])
def test_a_key_that_is_invalid_in_a_header_is_refused(key: str) -> None:
    with pytest.raises(OperatorError, match="not an idempotency key"):
        OrdersApi(stack_at(1)).place({}, idempotency_key=key)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {
                "title": "Bad Request",
                "detail": "2 errors",
                "errors": [{"pointer": "/items", "detail": "is empty"}],
            },
            "The API responded with 400 Bad Request: 2 errors\n  /items: is empty",
        ),
        ({"message": "Forbidden"}, "The API responded with 400: Forbidden"),
        (None, "The API responded with 400"),
        ("text", "The API responded with 400"),
    ],
)
def test_the_message_of_a_problem_has_its_pointers(body: object, message: str) -> None:
    assert str(problem(Response(status=400, headers={}, body=body, seconds=0))) == message
