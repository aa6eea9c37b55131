"""The log lines of an execution as AWS writes them: without spaces, and with what AWS adds to results.

The result of a call has the headers of its HTTP response. The emulator has none of them, and the definition
uses none: they are only in the log. The shapes are those of executions that were recorded on AWS:
https://github.com/localstack/localstack/tree/main/tests/aws/services/stepfunctions/v2/services
The lines are those of https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
"""

import json
from collections.abc import Mapping
from typing import Any, Final

_DATA: Final = ("input", "output", "parameters")
# What a log without execution data leaves out.
_WITH_DATA: Final = (*_DATA, "inputDetails", "outputDetails")
_UUID: Final = "9b111d0e-78f0-4104-ab87-f30dfceb5fc5"
_DATE: Final = "Mon, 29 Dec 2025 01:19:15 GMT"
_AMZ_JSON: Final = "application/x-amz-json-1.0"
# Events has none, and a function that is invoked by its ARN gives only its output.
_HEADERS: Final[Mapping[str, Mapping[str, str]]] = {
    "dynamodb": {
        "Server": "Server",
        "Connection": "keep-alive",
        "x-amzn-RequestId": "3578OK12RVJV22GL2JN8I0CN2RVV4KQNSO5AEMVJF66Q9ASUAAJG",
        "x-amz-crc32": "1056373934",
        "Content-Length": "2",
        "Date": _DATE,
        "Content-Type": _AMZ_JSON,
    },
    "sqs": {
        "x-amzn-RequestId": _UUID,
        "connection": "keep-alive",
        "Content-Length": "106",
        "Date": _DATE,
        "Content-Type": _AMZ_JSON,
    },
}


def line_on_aws(message: str) -> str:
    """Return a line of the local log as AWS writes it, with execution data."""
    event = json.loads(message)
    details = event["details"]
    for name in _DATA:
        if name in details:
            details[name] = _compact(_with_headers(event, name, json.loads(details[name])))
    return _compact(event)


def line_without_data(message: str) -> str:
    """Return a line of the local log as AWS writes it when `logExecutionData` is false."""
    event = json.loads(message)
    event["details"] = {name: value for name, value in event["details"].items() if name not in _WITH_DATA}
    return _compact(event)


def _with_headers(event: Mapping[str, Any], name: str, value: Any) -> Any:
    headers = _HEADERS.get(event["details"].get("resourceType", ""))
    if event["type"] != "TaskSucceeded" or name != "output" or headers is None:
        return value
    metadata = {
        "AllHttpHeaders": {header: [text] for header, text in headers.items()},
        "HttpHeaders": headers,
        "HttpStatusCode": 200,
    }
    response = {"RequestId": headers["x-amzn-RequestId"]}
    return {**value, "SdkHttpMetadata": metadata, "SdkResponseMetadata": response}


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
