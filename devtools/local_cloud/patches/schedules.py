"""A minute of a schedule lasts a few seconds, and no schedule fires while executions wait for their turn.

A schedule that fires has no line in the log of the cloud: the sweeper's would hide all others.
The first lets the local sweeper run often. The second keeps it from orders whose execution is only late.
On AWS no execution waits. Here a few run at a time, and one can wait longer than the sweeper's threshold for
its first state. The sweeper would emit its order again, each minute, which makes the queue longer still.
"""

import logging
import os
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ministack.services import eventbridge, scheduler, stepfunctions

from devtools.local_cloud.patches.expected import expect_signature, expect_source

MINUTE_SECONDS: Final = float(os.environ.get("ORDERCTL_SCHEDULE_MINUTE", "5"))
# Half of the local sweeper's threshold (infrastructure/config.py): no overdue order has a live execution.
LATE_AFTER: Final = timedelta(seconds=30)
_TICKER: Final = "evb-scheduler-ticker"


def apply() -> None:
    """Patch the length of a rate, and how often and when schedules are checked."""
    interval_of = eventbridge._parse_rate_seconds
    expect_signature(interval_of, "expr")
    expect_source(scheduler._tick_schedules, "_eb._parse_rate_seconds(expr)")
    expect_source(scheduler._ticker_loop, "time.sleep(_SCHEDULE_TICK_INTERVAL)", "_tick_schedules()")
    expect_source(scheduler.start_scheduler, f'name="{_TICKER}"')
    expect_source(stepfunctions._start_execution, '"status": "RUNNING"', '"startDate": start_date')
    tick = scheduler._tick_schedules
    expect_signature(tick)

    def shorter_interval_of(expr: str) -> float | None:
        seconds: int | None = interval_of(expr)
        return seconds / 60 * MINUTE_SECONDS if seconds else None

    def tick_unless_late() -> None:
        if not any(map(_is_late, stepfunctions._executions.all_values())):
            tick()

    eventbridge._parse_rate_seconds = shorter_interval_of
    scheduler._tick_schedules = tick_unless_late
    scheduler._SCHEDULE_TICK_INTERVAL = min(1.0, MINUTE_SECONDS / 5)
    eventbridge.logger.addFilter(is_worth_a_line)


def is_worth_a_line(record: logging.LogRecord) -> bool:
    """Tell whether a line of the log is about more than a schedule that fired."""
    return record.threadName != _TICKER or record.levelno > logging.INFO


def _is_late(execution: dict[str, Any]) -> bool:
    """Tell whether an execution has not ended for so long that the sweeper could take its order up."""
    if execution["status"] != "RUNNING":
        return False
    return datetime.now(UTC) - datetime.fromisoformat(execution["startDate"]) > LATE_AFTER
