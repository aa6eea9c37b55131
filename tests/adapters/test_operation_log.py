"""Every operation ends in one line, with how it ended and how long it took."""

import io
import json
import re
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from handlers.adapters.operation_log import logs_operation, operation_logger
from handlers.api.step_request import UNKNOWN_ORDER
from handlers.domain.errors import (
    CancellationRequested,
    DependencyUnavailable,
    GatewayUnavailable,
    NotificationInProgress,
    OrderNotFound,
)

SECRET = "pm_card_of_ada"
HANDLERS = ("orders", "inventory", "payment", "notification", "sweeper", "metrics", "eraser")


class Context:
    """The context object of a Lambda invocation."""

    function_name = "function"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id = "6d2a4a6b-2f9b-4c0e-8a06-0a2a2f0d3b11"


def _lines(act: Callable[[], Any], times: int = 1, message: str | None = "step done") -> list[dict[str, Any]]:
    """Return the log of a handler that is invoked so many times."""
    log = io.StringIO()
    logger = operation_logger("probe")
    logger.registered_handler.stream = log

    @logger.inject_lambda_context(clear_state=True)
    @logs_operation(logger, message, warnings={UNKNOWN_ORDER: "the event names no order"})
    def handler(_event: dict[str, Any], _context: object) -> dict[str, str]:
        return {"status": act()}

    for _ in range(times):
        with suppress(Exception):
            handler({}, Context())
    return [json.loads(line) for line in log.getvalue().splitlines()]


def _raising(error: Exception) -> Callable[[], Any]:
    def act() -> None:
        raise error

    return act


def test_a_line_has_outcome_duration_cold_start_request_and_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")

    (line,) = _lines(lambda: "RESERVED")

    assert (line["level"], line["message"], line["outcome"]) == ("INFO", "step done", "RESERVED")
    assert line["durationMs"] >= 0
    assert isinstance(line["cold_start"], bool)
    assert line["function_request_id"] == Context.aws_request_id
    assert line["xray_trace_id"] == "1-5759e988-bd862e3fe1be46a994272793"


def test_an_outcome_that_an_operator_may_want_to_see_is_a_warning() -> None:
    (line,) = _lines(lambda: UNKNOWN_ORDER)

    assert (line["level"], line["message"]) == ("WARNING", "the event names no order")


@pytest.mark.parametrize(
    ("error", "level", "fields"),
    [
        (KeyError(SECRET), "ERROR", {"error": "KeyError"}),
        (OrderNotFound(SECRET), "ERROR", {"error": "OrderNotFound"}),
        (
            ClientError({"Error": {"Code": "AccessDeniedException", "Message": SECRET}}, "GetItem"),
            "ERROR",
            {"error": "AccessDeniedException", "operation": "GetItem"},
        ),
        # The workflow tries again.
        (
            DependencyUnavailable("Orders table: ThrottlingException"),
            "WARNING",
            {"error": "DependencyUnavailable", "cause": "Orders table: ThrottlingException"},
        ),
        (
            GatewayUnavailable("Stripe: 503"),
            "WARNING",
            {"error": "GatewayUnavailable", "cause": "Stripe: 503"},
        ),
        (NotificationInProgress(SECRET), "WARNING", {"error": "NotificationInProgress"}),
        # The order goes another way.
        (CancellationRequested(SECRET), "INFO", {"error": "CancellationRequested"}),
    ],
)
def test_an_error_ends_in_one_line_with_its_name_and_no_message_of_others(
    error: Exception, level: str, fields: dict[str, str]
) -> None:
    (line,) = _lines(_raising(error))

    assert (line["level"], line["message"], line["outcome"]) == (level, "operation failed", "error")
    assert {name: line[name] for name in ("error", "cause", "operation") if name in line} == fields
    assert line["durationMs"] >= 0
    assert SECRET not in json.dumps(line)


@pytest.mark.parametrize("name", HANDLERS)
def test_a_line_of_a_function_has_the_documented_fields_and_no_others(name: str) -> None:
    """What is the same in all lines of a function is left out: the log group names it."""
    logger = import_module(f"handlers.{name}").logger
    log = io.StringIO()

    @logger.inject_lambda_context(clear_state=True, correlation_id_path="requestId")
    @logs_operation(logger, "step done")
    def handler(_event: dict[str, Any], _context: object) -> dict[str, str]:
        return {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logger.registered_handler, "stream", log)
        handler({"requestId": "request-1"}, Context())

    line = json.loads(log.getvalue())
    assert line.keys() == {
        *("level", "message", "timestamp", "service", "cold_start", "function_request_id"),
        *("correlation_id", "outcome", "durationMs"),
    }
    assert line.keys() <= _documented()


def _documented() -> set[str]:
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    table = text.partition("| field | what it has |")[2].partition("\n\n")[0]
    rows = table.strip().splitlines()
    return {field for row in rows for field in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_without_a_message_only_a_warning_or_a_failure_leaves_a_line() -> None:
    assert _lines(lambda: "COUNTED", message=None) == []
    (warning,) = _lines(lambda: UNKNOWN_ORDER, message=None)
    (failure,) = _lines(_raising(KeyError(SECRET)), message=None)

    assert (warning["level"], failure["level"]) == ("WARNING", "ERROR")


def test_every_invocation_has_a_line() -> None:
    lines = _lines(lambda: "SENT", times=3)

    assert [line["outcome"] for line in lines] == ["SENT"] * 3
