"""A minute of a schedule lasts a few seconds, so that the local sweeper runs often."""

import os
from typing import Final

from ministack.services import eventbridge, scheduler

from devtools.local_cloud.patches.expected import expect_signature, expect_source

MINUTE_SECONDS: Final = float(os.environ.get("ORDERCTL_SCHEDULE_MINUTE", "5"))


def apply() -> None:
    """Patch the length of a rate, and how often schedules are checked."""
    interval_of = eventbridge._parse_rate_seconds
    expect_signature(interval_of, "expr")
    expect_source(scheduler._tick_schedules, "_eb._parse_rate_seconds(expr)")
    expect_source(scheduler._ticker_loop, "time.sleep(_SCHEDULE_TICK_INTERVAL)")

    def shorter_interval_of(expr: str) -> float | None:
        seconds: int | None = interval_of(expr)
        return seconds / 60 * MINUTE_SECONDS if seconds else None

    eventbridge._parse_rate_seconds = shorter_interval_of
    scheduler._SCHEDULE_TICK_INTERVAL = min(1.0, MINUTE_SECONDS / 5)
