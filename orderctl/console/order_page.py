"""What the page of one order shows: everything that `orderctl show` and `orderctl trace` know of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from markupsafe import Markup

from handlers.contract.clock import utc_now
from handlers.contract.names import CONSOLE_LINK
from orderctl.cause import message, traceback
from orderctl.console.timeline import TimelineRow, timeline
from orderctl.deployed_workflow import DeployedWorkflow
from orderctl.execution_origin import origin_text
from orderctl.function_logs import FunctionLogs, LogLine
from orderctl.order_report import Execution, OrderReport, read_report
from orderctl.order_words import Next, next_step, status_words
from orderctl.picture.execution_picture import draw_execution
from orderctl.picture.heading import heading_of_report
from orderctl.picture.machine import Machine, read_machine
from orderctl.picture.state_view import seconds_text
from orderctl.stack import Stack
from orderctl.trace import StateRun

_ANNOUNCE: Final = "Announce"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """An event on the bus: it started an execution of the order, or an execution published it."""

    at: datetime
    name: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAttempt:
    """An attempt of a task as a person reads it."""

    number: int
    started: datetime
    took: str
    error: str
    cause: str
    traceback: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownState:
    """A state of an execution, whole. JSON is indented; "" where it is not logged."""

    row: TimelineRow
    execution: int
    input: str
    output: str
    parameters: str
    attempts: Sequence[ShownAttempt]
    function: str
    lines: Sequence[LogLine]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownExecution:
    """An execution: `number` from 1, its picture, its states, and its page in the AWS console."""

    number: int
    execution: Execution
    origin: str
    picture: Markup
    rows: Sequence[TimelineRow]
    console_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """One order at a time."""

    at: datetime
    report: OrderReport
    words: str
    next: Next
    executions: Sequence[ShownExecution]
    events: Sequence[OrderEvent]

    def execution(self, number: int | None) -> ShownExecution | None:
        """Return the execution with this number, by default the last one; None when there is none."""
        found = [each for each in self.executions if number is None or each.number == number]
        return found[-1] if found else None

    @property
    def may_change_unseen(self) -> bool:
        """Tell whether what is shown may change although its record does not: a fault that ends."""
        return bool(self.report.faults)

    @property
    def fingerprint(self) -> object:
        """Return what changes when the page has to be shown again."""
        return (
            dict(self.report.record),
            [(each.console_url, _progress(each.execution)) for each in self.executions],
            [each.letter.message_id for each in self.report.parked],
            self.report.notes,
            self.words,
            self.next,
        )


class OrderPages:
    """Reads the pages of orders of one stack; the definition is read once a page."""

    def __init__(self, stack: Stack, options: str) -> None:
        self._stack = stack
        self._options = options

    def read(self, order_id: str) -> OrderPage:
        """Read an order; raise OperatorError when there is none.

        It costs what `read_report` says, and DescribeStateMachine.
        """
        report = read_report(self._stack, order_id)
        machine = read_machine(DeployedWorkflow(self._stack).definition)
        now = utc_now()
        executions = [
            self._shown(report, number, execution, machine, now)
            for number, execution in enumerate(report.executions, 1)
        ]
        return OrderPage(
            at=now,
            report=report,
            # The page stays open, and an age in it would not.
            words=status_words(report, None),
            next=next_step(
                report,
                now,
                options=self._options,
                cancel_confirmed_seconds=self._stack.cancel_confirmed_seconds,
            ),
            executions=executions,
            events=_events(report),
        )

    def state(self, page: OrderPage, execution: ShownExecution, number: int) -> ShownState | None:
        """Return a state of an execution with what its function logged; None when there is no such state."""
        if not 0 <= number < len(execution.rows):
            return None
        logs = FunctionLogs(self._stack, DeployedWorkflow(self._stack).definition)
        return shown_state(logs, page, execution, execution.rows[number])

    def _shown(
        self, report: OrderReport, number: int, execution: Execution, machine: Machine, now: datetime
    ) -> ShownExecution:
        picture = draw_execution(
            heading=heading_of_report(report, execution),
            execution=execution,
            machine=machine,
            standalone=False,
            interactive=True,
            now=now,
        )
        return ShownExecution(
            number=number,
            execution=execution,
            origin=origin_text(execution.origin, report.record),
            picture=Markup(picture),  # noqa: S704  it escapes what it draws
            rows=timeline(execution, machine, now),
            console_url=self._console_url(execution),
        )

    def _console_url(self, execution: Execution) -> str:
        """Return the page of the execution in the AWS console; "" on a local cloud."""
        started = execution.trace.started
        if not self._stack.console_url or started is None:
            return ""
        host = urlsplit(self._stack.console_url).hostname or ""
        return CONSOLE_LINK.format(
            region=self._stack.region,
            domain=host.partition(".")[2],
            arn=execution.trace.arn,
            epoch_ms=round(started.timestamp() * 1000),
        )


def shown_state(
    logs: FunctionLogs, page: OrderPage, execution: ShownExecution, row: TimelineRow
) -> ShownState:
    """Return everything that is logged of a state."""
    run = row.run
    function = logs.function(run.name)
    lines: Sequence[LogLine] = ()
    if function and run.attempts:
        lines = logs.lines(run.name, page.report.order_id, run.entered, run.exited or page.at)
    return ShownState(
        row=row,
        execution=execution.number,
        input=_indented(run.input),
        output=_indented(run.output),
        parameters=_indented(run.attempts[-1].parameters) if run.attempts else "",
        attempts=_attempts(run),
        function=function,
        lines=lines,
        note="" if function else _without_function(row),
    )


def _without_function(row: TimelineRow) -> str:
    service = row.view.service
    if service:
        return f"Step Functions calls {service} itself here: no function runs, and none logs."
    return "This state runs no code."


def _attempts(run: StateRun) -> list[ShownAttempt]:
    return [
        ShownAttempt(
            number=number,
            started=attempt.started,
            took=seconds_text((attempt.ended - attempt.started).total_seconds())
            if attempt.ended
            else "running",
            error=attempt.error,
            cause=message(attempt.cause) if attempt.error else "",
            traceback=traceback(attempt.cause) if attempt.error else (),
        )
        for number, attempt in enumerate(run.attempts, 1)
    ]


def _events(report: OrderReport) -> list[OrderEvent]:
    found = []
    for number, each in enumerate(report.executions, 1):
        if event := each.trace.event:
            found.append(OrderEvent(at=event.at, name=event.detail_type, what=f"started execution {number}"))
        for run in each.trace.states:
            if run.name.startswith(_ANNOUNCE) and run.has_succeeded and run.exited:
                name = f"Order{run.name.removeprefix(_ANNOUNCE)}"
                found.append(OrderEvent(at=run.exited, name=name, what=f"published by execution {number}"))
    return sorted(found, key=lambda event: event.at)


def _progress(execution: Execution) -> tuple[Any, ...]:
    runs = [(run.name, run.exited, len(run.attempts), run.error) for run in execution.trace.states]
    return execution.trace.arn, execution.trace.ending, execution.origin, runs


def _indented(text: str) -> str:
    """Return JSON with line breaks; any other text as it is."""
    try:
        found: Mapping[str, Any] = json.loads(text)
    except ValueError:
        return text
    return json.dumps(found, indent=2, ensure_ascii=False)
