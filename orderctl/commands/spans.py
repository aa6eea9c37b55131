"""Options that are a span of time."""

from datetime import datetime

import typer

from handlers.contract.clock import utc_now
from handlers.contract.durations import parse_span


def ago(text: str) -> datetime:
    """Return the time that is so long ago; raise BadParameter when the text is no span."""
    try:
        return utc_now() - parse_span(text)
    except (OverflowError, ValueError):
        raise typer.BadParameter("give a time such as 30s, 15m, 24h or 7d") from None
