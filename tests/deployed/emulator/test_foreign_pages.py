"""A page in the developer's browser can't create or invoke anything on the local cloud."""

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode
from uuid import uuid4

import pytest
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from devtools.local_cloud.folder import Folder
from orderctl.stack import Stack

_EVIL: Final = "https://evil.example"
_CROSS_SITE: Final = {"Sec-Fetch-Site": "cross-site"}
_TEXT: Final = {"Content-Type": "text/plain;charset=UTF-8"}
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}

# What browsers send with a POST of a page, as Chromium 156 does.
_PAGES: Final = {
    "fetch": {"Origin": _EVIL, "Sec-Fetch-Mode": "no-cors"} | _CROSS_SITE | _TEXT,
    "form": {"Origin": _EVIL, "Sec-Fetch-Mode": "navigate"} | _CROSS_SITE | _FORM,
    "form in a sandbox": {"Origin": "null"} | _CROSS_SITE | _FORM,
    "page of another local server": {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"}
    | _TEXT,
    "old browser": {"Origin": _EVIL} | _TEXT,
    "DNS rebinding": {"Host": "evil.example:4566", "Origin": "http://evil.example:4566"} | _TEXT,
    "DNS rebinding without Origin": {"Host": "evil.example:4566"} | _TEXT,
}


@pytest.fixture
def function_name(local_stack: Stack) -> Iterator[str]:
    """The name of a function that does not exist before the test, nor after it."""
    name = f"by-a-page-{uuid4().hex}"
    yield name
    functions = local_stack.client("lambda")
    if name in _functions(local_stack):
        functions.delete_function(FunctionName=name)


@pytest.mark.parametrize("page", _PAGES.values(), ids=_PAGES)
def test_a_page_can_not_create_a_function(
    local_stack: Stack, function_name: str, page: dict[str, str]
) -> None:
    response = _send(
        local_stack, "POST", "/2015-03-31/functions", page, _new_function(local_stack, function_name)
    )

    assert response.status == 403
    assert function_name not in _functions(local_stack)


@pytest.mark.parametrize("page", _PAGES.values(), ids=_PAGES)
def test_a_page_can_not_invoke_a_function(
    local_stack: Stack, function_name: str, page: dict[str, str]
) -> None:
    # Without the marks of a page, the same requests do it.
    assert (
        _send(
            local_stack, "POST", "/2015-03-31/functions", _TEXT, _new_function(local_stack, function_name)
        ).status
        == 201
    )
    invoke = f"/2015-03-31/functions/{function_name}/invocations"

    response = _send(local_stack, "POST", invoke, page, b"{}")

    assert response.status == 403
    assert b"ran" not in response.data
    assert _send(local_stack, "POST", invoke, _TEXT, b"{}").json() == "ran"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "page",
    [_CROSS_SITE, {"Sec-Fetch-Site": "none"}, {}, {"Host": "evil.example:4566"}],
    ids=["image", "link in an e-mail", "image in an old browser", "DNS rebinding"],
)
def test_a_link_can_not_create_a_queue(local_stack: Stack, method: str, page: dict[str, str]) -> None:
    name = f"by-a-page-{uuid4().hex}"
    query = urlencode({"Action": "CreateQueue", "QueueName": name})

    assert _send(local_stack, method, f"/?{query}", page).status == 403
    assert not local_stack.client("sqs").list_queues(QueueNamePrefix=name).get("QueueUrls")


def test_a_page_is_not_told_that_it_may_send_more(local_stack: Stack) -> None:
    asked = {"Origin": _EVIL, "Access-Control-Request-Method": "POST"} | _CROSS_SITE

    response = _send(local_stack, "OPTIONS", "/2015-03-31/functions", asked)

    assert response.status == 403
    assert not _cors(response)


def test_a_page_can_not_read_a_response(local_stack: Stack) -> None:
    response = _send(local_stack, "GET", "/2015-03-31/functions", {})

    assert response.status == 200
    assert not _cors(response)


def test_the_files_of_a_running_local_cloud_are_private(local_stack: Stack, local_folder: Folder) -> None:
    assert local_stack
    files = [local_folder.root, *local_folder.root.rglob("*")]

    assert {local_folder.stack_file, local_folder.server_log, local_folder.assembly} <= set(files)
    # Some temporary files are gone by now.
    assert [path for path in files if path.exists() and path.lstat().st_mode & 0o077] == []


def _send(
    stack: Stack, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> urllib3.BaseHTTPResponse:
    assert stack.endpoint_url
    signed = _signed(stack, method, stack.endpoint_url + path, body) | headers
    return urllib3.request(method, stack.endpoint_url + path, headers=signed, body=body, retries=False)


def _signed(stack: Stack, method: str, url: str, body: bytes) -> dict[str, str]:
    """Return what a program adds to a request, so that the local cloud knows who calls."""
    request = AWSRequest(method=method, url=url, data=body)
    SigV4Auth(Credentials("test", "test"), "lambda", stack.region).add_auth(request)
    return dict(request.headers.items())


def _cors(response: urllib3.BaseHTTPResponse) -> list[str]:
    return [name for name in response.headers if name.lower().startswith("access-control-")]


def _functions(stack: Stack) -> set[str]:
    pages = stack.client("lambda").get_paginator("list_functions").paginate()
    return {function["FunctionName"] for page in pages for function in page["Functions"]}


def _new_function(stack: Stack, name: str) -> bytes:
    (role, *_) = (each["Role"] for each in stack.client("lambda").list_functions()["Functions"])
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", "def handler(event, context):\n    return 'ran'\n")
    return json.dumps(
        {
            "FunctionName": name,
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": role,
            "Code": {"ZipFile": base64.b64encode(code.getvalue()).decode()},
        }
    ).encode()
