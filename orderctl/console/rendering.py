"""Renders the pages. All text is escaped, and control characters are replaced."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from handlers.contract.clock import rfc3339, utc_now
from handlers.contract.money import Money, format_money
from orderctl.console.context import console_of
from orderctl.durations import age
from orderctl.plain_text import printable

TEMPLATES: Final = Path(__file__).parent / "templates"
_RFC3339: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z)")
_SECOND: Final = 1.0
_MINUTE: Final = 60.0


def page(request: Request, template: str, status: int = 200, /, **values: Any) -> HTMLResponse:
    """Render a page, or a part of one."""
    return HTMLResponse(render(template, console=console_of(request), **values), status)


def render(template: str, /, **values: Any) -> str:
    """Render a template."""
    return _ENVIRONMENT.get_template(template).render({"now": utc_now(), "file": False, **values})


def time_tag(moment: datetime | str | None) -> Markup:
    """Return a time in UTC, which the page then shows in the zone of its reader."""
    if not moment:
        return Markup("-")
    utc = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    written = rfc3339(utc.astimezone(UTC))
    shown = written.replace("T", " ").removesuffix("Z")[:19]
    return Markup('<time datetime="{}" title="{} UTC">{} UTC</time>').format(written, shown, shown)


def with_times(text: str) -> Markup:
    """Return a text of `orderctl`, in which every time in UTC is shown in the zone of its reader."""
    parts = _RFC3339.split(printable(text))
    return Markup("").join(time_tag(part) if place % 2 else part for place, part in enumerate(parts))


def seconds_text(seconds: float | None) -> str:
    """Write a duration as a person reads it: 85 ms, 4.2 s, 3 min."""
    if seconds is None:
        return "-"
    if seconds < _SECOND:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < _MINUTE else age(timedelta(seconds=seconds))


def amount_text(amount: int, currency: str) -> str:
    """Write an amount of minor units: USD 15.30."""
    return format_money(Money(amount=amount, currency=currency))


def age_text(since: datetime | str, now: datetime) -> str:
    """Write how long ago that was."""
    moment = datetime.fromisoformat(since) if isinstance(since, str) else since
    return age(now - moment)


def _safe(value: object) -> object:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_safe,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {
        "age": age_text,
        "amount": amount_text,
        "seconds": seconds_text,
        "time": time_tag,
        "times": with_times,
    }
    environment.filters.update(filters)
    return environment


_ENVIRONMENT: Final = _environment()
