"""The heading of a picture: which order, where it stands, which execution, and how long it took."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from handlers.contract.names import OrderStatus
from orderctl.execution_origin import origin_text
from orderctl.order_report import Execution, OrderReport
from orderctl.picture.execution_shapes import sign
from orderctl.picture.markup import element, text
from orderctl.picture.measures import bold_width, unbolded
from orderctl.picture.state_view import StateView, seconds_text
from orderctl.picture.text import fitted, text_width
from orderctl.plain_text import printable

HEADING_HEIGHT: Final = 82.0
_SUMMARY_LINE: Final = 24.0
_WIDEST_STATUS: Final = 300.0
_STATUS_WORDS: Final = {
    OrderStatus.PENDING: "in progress",
    OrderStatus.CONFIRMED: "confirmed",
    OrderStatus.REJECTED: "rejected",
    OrderStatus.ON_HOLD: "on hold",
    OrderStatus.CANCELLED: "cancelled",
}
_REASONS: Final = {
    "inventory": "inventory failed",
    "payment": "payment failed",
    "workflow": "its workflow never ended",
    "CUSTOMER": "by the customer",
    "OPERATOR": "by an operator",
    "HOLD_EXPIRED": "the hold expired",
}
_TONES: Final = {
    OrderStatus.PENDING: "ended-running",
    OrderStatus.CONFIRMED: "ended-confirmed",
    OrderStatus.REJECTED: "ended-rejected",
    OrderStatus.ON_HOLD: "ended-held",
    OrderStatus.CANCELLED: "ended-cancelled",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What a picture says of its order. `origin` says who started the execution."""

    order_id: str
    status: OrderStatus
    reason: str
    number: int
    count: int
    origin: str

    @property
    def status_words(self) -> str:
        """Return the status in words, with its reason."""
        words = _STATUS_WORDS[self.status]
        reason = _REASONS.get(self.reason, self.reason.replace("_", " ").lower())
        if not reason:
            return words
        return f"{words} {reason}" if reason.startswith("by ") else f"{words}: {reason}"

    @property
    def status_tone(self) -> str:
        """Return the class of the status."""
        return _TONES[self.status]


def heading_of(
    record: Mapping[str, Any], order_id: str, executions: Sequence[Execution], execution: Execution
) -> Heading:
    """Say which of the executions it is; `record` is what the table says of the order."""
    number = next(place for place, each in enumerate(executions, 1) if each is execution)
    return Heading(
        order_id=order_id,
        status=OrderStatus(record["status"]),
        reason=str(record.get("reason") or ""),
        number=number,
        count=len(executions),
        origin=origin_text(execution.origin, record),
    )


def heading_of_report(report: OrderReport, execution: Execution) -> Heading:
    """Return the heading for an execution of a report."""
    record = {**report.record, "status": report.status}
    return heading_of(record, report.order_id, report.executions, execution)


def outcome_tone(execution: Execution) -> str:
    """Return the class for what an execution did: a held order has not come to a good end."""
    if execution.trace.is_running:
        return "ended-running"
    if execution.trace.ending != "SUCCEEDED":
        return "ended-failed"
    status = execution.outcome.status
    return _TONES[status] if status else "ended-without-change"


def spoken_title(heading: Heading, execution: Execution) -> str:
    """Return what the whole picture is called."""
    return printable(
        f"Order {heading.order_id}, {heading.status_words}. Execution {heading.number} of {heading.count}: "
        f"{execution.outcome.text}."
    )


def draw_heading(heading: Heading, execution: Execution, x: float, y: float, width: float) -> list[str]:
    """Draw the heading; it is `HEADING_HEIGHT` high."""
    words = fitted(printable(heading.status_words), _WIDEST_STATUS, 12)
    pill = bold_width(words, 12) + 44
    left = x + width - pill
    order = fitted(printable(f"Order {heading.order_id}"), unbolded(width - pill - 16), 17)
    lines = [_execution(heading), _times(execution)]
    return [
        text(order, x, y + 18, bold_width(order, 17), "heading"),
        element(
            "g",
            element("rect", x=left, y=y, width=pill, height=26, rx=13, class_="end-box"),
            element("g", sign(heading.status_tone, left + 6, y + 3), class_="end-sign"),
            text(words, left + 31, y + 17.5, bold_width(words, 12), "status"),
            class_=f"order-status {heading.status_tone}",
        ),
        *(
            text(
                fitted(line, width, 12),
                x,
                y + 42 + place * 17,
                text_width(fitted(line, width, 12), 12),
                "fact",
            )
            for place, line in enumerate(lines)
        ),
    ]


def draw_summary(
    ending: str, tone: str, views: Iterable[StateView], x: float, y: float
) -> tuple[list[str], float]:
    """Draw what the execution did, and each problem on its way; return the elements and where they end."""
    troubled = [view for view in views if view.problem and view.type != "Fail"]
    lines = [
        (tone, ending),
        *((view.standing, f"{view.name}, {', '.join(view.facts)}: {view.problem}") for view in troubled),
    ]
    parts = []
    for place, (class_, words) in enumerate(lines):
        top = y + place * _SUMMARY_LINE
        line = text(words, x + 26, top + 14, text_width(words, 12), "summary")
        parts.append(element("g", sign(class_, x, top), line, class_=class_))
    return parts, y + len(lines) * _SUMMARY_LINE


def _execution(heading: Heading) -> str:
    return printable(f"Execution {heading.number} of {heading.count}, started by {heading.origin}")


def _times(execution: Execution) -> str:
    trace = execution.trace
    started = (
        f"{trace.started.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if trace.started else "start not logged"
    )
    took = f"took {seconds_text(trace.seconds)}" if trace.seconds is not None else "end not logged"
    took = "goes on" if trace.is_running else took
    return f"{started} · {took}"
