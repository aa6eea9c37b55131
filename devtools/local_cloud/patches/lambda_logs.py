"""A Lambda's log lines are complete as soon as it has responded, and go only to a log group that exists.

MiniStack waits 50 ms for lines of a Lambda that logs nothing, and 5 ms of silence after a line: with four
Lambdas an order, that is most of the order's time. With this patch, the worker marks the end of its lines.

MiniStack also makes a missing log group. On AWS our functions may not: their roles have no
`logs:CreateLogGroup`. A sweep that runs while its stack is deleted must not leave a group behind.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
"""

import queue
import time
from typing import Any, Final

from ministack.core import lambda_runtime
from ministack.services import cloudwatch_logs, lambda_svc

from devtools.local_cloud.patches.expected import expect_signature, expect_source, replace_once

_END: Final = "\x1eend-of-invocation"
# For a worker that dies before it marks the end. A busy machine may deliver the mark late.
_LONGEST_WAIT_SECONDS: Final = 2.0

_ORIGINAL: Final = """\
        _real_stdout.flush()

run()
"""
_WITH_MARK: Final = f"""\
        sys.stderr.write({_END!r} + "\\n")
        sys.stderr.flush()
        _real_stdout.flush()

run()
"""


def apply() -> None:
    """Patch the script of Python workers and the collection of their lines."""
    lambda_runtime._PYTHON_WORKER_SCRIPT = replace_once(
        lambda_runtime._PYTHON_WORKER_SCRIPT, _ORIGINAL, _WITH_MARK, where="the Python worker"
    )
    wait_as_ministack = lambda_runtime.Worker._drain_stderr_bounded
    expect_signature(wait_as_ministack, "self", "first_line_wait", "idle_confirm", "hard_cap")

    def lines_of_invocation(worker: Any, **waits: float) -> str:
        if not str(worker.config.get("Runtime", "")).startswith("python"):
            return str(wait_as_ministack(worker, **waits))
        return "\n".join(_until_end(worker._stderr_queue))

    lambda_runtime.Worker._drain_stderr_bounded = lines_of_invocation
    _log_only_to_groups_that_exist()


def _log_only_to_groups_that_exist() -> None:
    emit = lambda_svc._emit_lambda_logs
    expect_source(emit, 'logging_cfg.get("LogGroup")', "if group_name not in _cwl._log_groups")

    def emit_where_the_group_exists(func: dict[str, Any], *arguments: Any, **options: Any) -> None:
        config = func.get("config") or func
        default = f"/aws/lambda/{config.get('FunctionName')}"
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or default
        if group == default or group in cloudwatch_logs._log_groups:
            emit(func, *arguments, **options)

    lambda_svc._emit_lambda_logs = emit_where_the_group_exists


def _until_end(lines_of_worker: "queue.Queue[str]") -> list[str]:
    lines: list[str] = []
    deadline = time.monotonic() + _LONGEST_WAIT_SECONDS
    while True:
        try:
            line = lines_of_worker.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return lines
        before, mark, _ = line.partition(_END)
        if before or not mark:
            lines.append(before)
        if mark:
            return lines
