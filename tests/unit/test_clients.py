"""The clients of the handlers: where they get their settings, and that they keep their connections."""

import gc
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import boto3
import botocore
import pytest

from handlers.adapters import aws


class DynamoDB(ThreadingHTTPServer):
    """Responds to every request with an empty object, and counts its connections."""

    def __init__(self) -> None:
        self.connections: list[socket.socket] = []
        super().__init__(("127.0.0.1", 0), Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def dynamodb() -> Iterator[DynamoDB]:
    with DynamoDB() as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def client(dynamodb: DynamoDB, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client as a handler makes it, with settings from its environment."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{dynamodb.server_port}")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDTEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token-of-the-role")
    for cached in (aws.client, aws._session):
        cached.cache_clear()
    yield aws.client("dynamodb")
    for cached in (aws.client, aws._session):
        cached.cache_clear()


def get(client: Any) -> Any:
    return client.get_item(TableName="Orders", Key={"orderId": {"S": "1"}})


def test_region_endpoint_and_credentials_come_from_the_environment(client: Any, dynamodb: DynamoDB) -> None:
    signed: list[Any] = []
    client.meta.events.register("before-send", lambda request, **_: signed.append(request))

    get(client)

    (request,) = signed
    assert client.meta.region_name == "eu-central-1"
    assert client.meta.endpoint_url == f"http://127.0.0.1:{dynamodb.server_port}"
    assert b"Credential=AKIDTEST/" in request.headers["Authorization"]
    assert request.headers["X-Amz-Security-Token"] == b"token-of-the-role"


def test_a_request_names_this_system_and_the_version_of_botocore(client: Any) -> None:
    named: list[Any] = []
    client.meta.events.register(
        "before-send", lambda request, **_: named.append(request.headers["User-Agent"])
    )

    get(client)

    # Powertools adds its own name, where it is loaded.
    (name,) = named
    assert name.startswith(f"order-processing Botocore/{botocore.__version__}".encode())
    assert b"lang/python" not in name


def test_a_client_is_the_one_that_boto3_makes(client: Any) -> None:
    of_boto3 = boto3.client("dynamodb", config=aws.CONFIG)

    assert type(client).__name__ == type(of_boto3).__name__
    assert client.meta.config.retries == of_boto3.meta.config.retries
    assert client.meta.method_to_api_mapping == of_boto3.meta.method_to_api_mapping


def test_calls_share_a_connection(client: Any, dynamodb: DynamoDB) -> None:
    for _ in range(3):
        get(client)

    assert len(dynamodb.connections) == 1


def test_a_call_succeeds_after_the_service_closed_the_connection(client: Any, dynamodb: DynamoDB) -> None:
    get(client)
    dynamodb.connections[0].shutdown(socket.SHUT_RDWR)

    assert get(client)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert len(dynamodb.connections) == 2


@pytest.mark.usefixtures("client")
def test_the_garbage_collector_works_again_after_a_client_was_made() -> None:
    assert gc.isenabled()
    with pytest.raises(Exception, match="no-such-service"):
        aws.client("no-such-service")
    assert gc.isenabled()
