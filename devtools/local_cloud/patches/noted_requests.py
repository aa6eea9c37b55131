"""Where MiniStack asks for permissions (AUTH), it notes each call of some services, while a file is there.

`make bench-cost` makes the file and counts the calls. A note has who called, the request, the response, and
of DynamoDB the whole items before and after: the price of a call is that of their sizes.
"""

import json
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from ministack import app as ministack
from ministack.core import iam_evaluator
from ministack.services import dynamodb

from devtools.local_cloud.patches.expected import expect_signature, expect_source

Handler = Callable[..., Awaitable[tuple[int, dict[str, str], bytes | str]]]

_SERVICES: Final = ("dynamodb", "events", "sns", "sqs")
_OF_A_REQUEST: Final = ("method", "path", "headers", "body", "query_params")


def apply() -> None:
    """Note the calls while the file exists."""
    expect_signature(dynamodb.handle_request, *_OF_A_REQUEST)
    expect_signature(iam_evaluator.request_caller_arn, "headers", "query_params")
    expect_source(dynamodb._put_item, 'table["items"].get(pk_val, {}).get(sk_val)')
    path = os.environ.get("LOCAL_CLOUD_REQUESTS")
    if path is None:
        return
    for service in _SERVICES:
        handler = ministack.SERVICE_HANDLERS[service]
        ministack.SERVICE_HANDLERS[service] = _noting(service, handler, Path(path))


def _noting(service: str, handler: Handler, file: Path) -> Handler:
    async def handle_and_note(*request: Any) -> tuple[int, dict[str, str], bytes | str]:
        if not _is_there(file):
            return await handler(*request)
        _, _, headers, body, query_params = request
        operation, parsed = _parsed(headers, body)
        keys = list(_keys(operation, parsed)) if service == "dynamodb" else []
        # DynamoDB's handler waits for nothing, so no other call comes between the two looks.
        before = [_item(table, key) for table, key in keys]
        status, response_headers, response = await handler(*request)
        items = [
            {"table": table, "before": old, "after": _item(table, key)}
            for (table, key), old in zip(keys, before, strict=True)
        ]
        note = {
            "caller": iam_evaluator.request_caller_arn(headers, query_params),
            "service": service,
            "operation": operation,
            "request": parsed,
            "response": _text(response),
            "items": items,
        }
        _write(file, note)
        return status, response_headers, response

    return handle_and_note


def _is_there(file: Path) -> bool:
    return file.exists()


def _write(file: Path, note: Mapping[str, Any]) -> None:
    """Add the note. A file that was removed during the call stays removed: nobody wants the note any more."""
    try:
        # Not open("a"): it would make the file again, and noting would never end.
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)
    except FileNotFoundError:
        return
    with os.fdopen(descriptor, "a") as notes:
        notes.write(json.dumps(note) + "\n")


def _parsed(headers: Mapping[str, str], body: bytes) -> tuple[str, dict[str, Any]]:
    """Return the operation and its parameters: JSON with a target, or the query protocol of SNS."""
    target = headers.get("x-amz-target", "")
    if target:
        return target.rpartition(".")[2], json.loads(body or b"{}")
    parameters = dict(parse_qsl(_text(body)))
    return parameters.pop("Action", ""), parameters


def _keys(operation: str, request: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the table and the key of each item that the call names, or the whole new item."""
    if operation == "TransactWriteItems":
        for action in request["TransactItems"]:
            for each in action.values():
                yield each["TableName"], each.get("Key") or each["Item"]
    elif operation == "BatchGetItem":
        for table, wanted in request["RequestItems"].items():
            yield from ((table, key) for key in wanted["Keys"])
    elif operation in {"GetItem", "PutItem", "UpdateItem", "DeleteItem"}:
        yield request["TableName"], request.get("Key") or request["Item"]


def _item(table_name: str, key: Mapping[str, Any]) -> dict[str, Any] | None:
    table = dynamodb._tables.get(table_name)
    if table is None:
        return None
    partition = dynamodb._extract_key_val(key[table["pk_name"]])
    sort = dynamodb._extract_key_val(key[table["sk_name"]]) if table["sk_name"] else "__no_sort__"
    item = table["items"].get(partition, {}).get(sort)
    # A copy: MiniStack may change the item itself.
    return json.loads(json.dumps(item)) if item else None


def _text(content: bytes | str) -> str:
    return content.decode() if isinstance(content, bytes) else content
