"""Everything that is known of one order: its records, its executions, and its parked messages."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from handlers.contract.names import (
    INVENTORY_STEP,
    NOTIFICATION_STEP_PREFIX,
    ORDER_RECORD,
    PAYMENT_STEP,
    NotificationStatus,
    OpenKind,
    OrderStatus,
)
from orderctl.api_client import read_order
from orderctl.aws_calls import operator_error
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.orders import KnownOrder
from orderctl.dlq.queues import DeadLetterQueue, QueueSize, read_queues
from orderctl.dlq.verdict import Verdict, verdict
from orderctl.dynamodb import batch_get
from orderctl.errors import OperatorError
from orderctl.execution_log import ExecutionLog
from orderctl.execution_origin import Origin, origins
from orderctl.execution_outcome import (
    Outcome,
    broken_states,
    outcome,
    settled_before,
    told_states,
    untold_states,
)
from orderctl.fault_switch import Service, switched_on
from orderctl.stack import QUEUES, Stack
from orderctl.trace import ExecutionTrace, StateRun

# In the order in which a customer hears of them.
NOTIFICATIONS: Final = ("received", "confirmed", "rejected", "cancelled")
_STEPS: Final = (
    INVENTORY_STEP,
    PAYMENT_STEP,
    *(NOTIFICATION_STEP_PREFIX + kind for kind in NOTIFICATIONS),
)
# Reading more would take long, and would hide them from a redrive.
MOST_MESSAGES_READ: Final = 100
_ATTRIBUTES: Final = (
    *("orderId", "record", "customerId", "items", "total", "status", "reason", "createdAt", "updatedAt"),
    "settledAt",
    *("openKey", "attempts", "closedAt", "redrivenAt", "cancelRequestedAt", "cancelReason", "at"),
)
_CLIENTS: Final = ("dynamodb", "lambda", "logs", "sqs", "stepfunctions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One execution of the order: who started it, and what it did."""

    trace: ExecutionTrace
    origin: Origin
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedMessage:
    """A message of the order on a dead-letter queue, and what it still asks for."""

    letter: DeadLetter
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport:
    """`order` is what the API says, `record` what the table says besides.

    `notifications` has status and time of each kind that was begun. `notes` say what could not be read.
    `hold_expires` is how long an order waits ON_HOLD; None where the stack does not say it. `faults` are
    switched on in the services that the order needs.
    """

    order: Mapping[str, Any]
    record: Mapping[str, Any]
    notifications: Mapping[str, Mapping[str, Any]]
    executions: Sequence[Execution]
    parked: Sequence[ParkedMessage]
    notes: Sequence[str]
    hold_expires: timedelta | None = None
    faults: Sequence[Service] = ()

    @property
    def order_id(self) -> str:
        """Return its id."""
        return str(self.order["orderId"])

    @property
    def status(self) -> OrderStatus:
        """Return its status. The table was read after the API."""
        return OrderStatus(self.record.get("status", self.order["status"]))

    @property
    def reason(self) -> str:
        """Return the reason of its status; "" when it has none."""
        return str(self.record.get("reason") or "")

    @property
    def is_closed(self) -> bool:
        """Tell whether it is in no index: nothing works on it, and nobody has to."""
        return "openKey" not in self.record

    @property
    def waits_for_operator(self) -> bool:
        """Tell whether nothing goes on until somebody does something."""
        return self._open_kind == OpenKind.WAITING

    @property
    def open_since(self) -> datetime | None:
        """Return when it was taken up last, or began to wait."""
        _, _, since = str(self.record.get("openKey", "")).partition("#")
        return datetime.fromisoformat(since) if since else None

    @property
    def hold_expires_at(self) -> datetime | None:
        """Return when the sweeper cancels it, if nobody does anything before."""
        is_waiting = self.status is OrderStatus.ON_HOLD and self.waits_for_operator
        if not is_waiting or self.is_to_be_cancelled or self.hold_expires is None or self.open_since is None:
            return None
        return self.open_since + self.hold_expires

    @property
    def is_to_be_cancelled(self) -> bool:
        """Tell whether somebody asked to cancel it, and that is not done."""
        return "cancelRequestedAt" in self.record and self.status is not OrderStatus.CANCELLED

    @property
    def to_redrive(self) -> list[ParkedMessage]:
        """Return the messages that need a redrive."""
        return [each for each in self.parked if each.verdict is Verdict.NEEDS_REDRIVE]

    @property
    def running(self) -> list[Execution]:
        """Return the executions whose end is not logged."""
        return [each for each in self.executions if each.trace.is_running]

    @property
    def broken(self) -> list[StateRun]:
        """Return the failed states for which it was held last."""
        held = [each for each in self.executions if each.outcome.status is OrderStatus.ON_HOLD]
        return broken_states(held[-1].trace) if held else []

    @property
    def untold(self) -> list[str]:
        """Return the steps that tell somebody and failed, as far as messages and the last execution say."""
        parked = {each.letter.step for each in self.to_redrive}
        failed = {run.name for each in self.executions[-1:] for run in untold_states(each.trace)}
        sent = {
            f"Notify{kind.capitalize()}"
            for kind, each in self.notifications.items()
            if each["status"] != NotificationStatus.SENDING
        }
        return sorted(parked | {name for name in failed if name.startswith("Notify")} - sent)

    @property
    def _open_kind(self) -> str:
        return str(self.record.get("openKey", "")).partition("#")[0]


def read_report(stack: Stack, order_id: str) -> OrderReport:
    """Read everything; raise UnknownOrder when there is no such order.

    It costs a request of the API, a BatchGetItem, one call for each queue, and those of `ExecutionLog`. The
    messages are received only when the order may have one and the queues have few. Whether a fault is on is
    read only where a service has failed for good: one more call for each.
    """
    # A session makes its clients one at a time.
    for service in _CLIENTS:
        stack.client(service)
    notes: list[str] = []
    with ThreadPoolExecutor(3) as pool:
        reading_order = pool.submit(read_order, stack, order_id)
        reading_log = pool.submit(_read_log, stack, order_id, notes)
        reading_sizes = pool.submit(_sizes, stack, notes)
        order = reading_order.result()
        traces = reading_log.result()
        sizes = reading_sizes.result()
    # Last, so that it is not older than what the others say.
    records = read_records(stack, order_id)
    record = records.get(ORDER_RECORD, {})
    known = _known(record, records)
    parked = _parked(stack, order_id, known, sizes, notes) if _may_be_parked(record, traces, sizes) else []
    expires = stack.hold_expires_seconds
    return OrderReport(
        order=order,
        record=record,
        notifications={
            kind: records[NOTIFICATION_STEP_PREFIX + kind]
            for kind in NOTIFICATIONS
            if NOTIFICATION_STEP_PREFIX + kind in records
        },
        executions=described(record, traces),
        parked=parked,
        notes=notes,
        hold_expires=None if expires is None else timedelta(seconds=expires),
        faults=switched_on(stack, _broken_services(record, parked)),
    )


def _broken_services(record: Mapping[str, Any], parked: Sequence[ParkedMessage]) -> set[str]:
    """Return the names of the services without which the order does not go on."""
    queues = {each.letter.queue for each in parked if each.verdict is Verdict.NEEDS_REDRIVE}
    return queues | ({str(record.get("reason"))} if record.get("status") == OrderStatus.ON_HOLD else set())


def described(record: Mapping[str, Any], traces: Sequence[ExecutionTrace]) -> list[Execution]:
    """Say of each execution, the oldest first, who started it and what it did."""
    done: list[Execution] = []
    for trace, origin in zip(traces, origins(record, traces), strict=True):
        given = {each.outcome.status for each in done if each.outcome.status}
        given |= settled_before(record, trace)
        told = {name for each in done for name in told_states(each.trace)}
        done.append(Execution(trace=trace, origin=origin, outcome=outcome(trace, given, told)))
    return done


def read_records(stack: Stack, order_id: str) -> dict[str, dict[str, Any]]:
    """Read what the table says of the order and of its steps; empty when there is no such order."""
    keys = [{"orderId": order_id, "record": name} for name in (ORDER_RECORD, *_STEPS)]
    found = batch_get(stack.client("dynamodb"), stack.orders_table, keys, _ATTRIBUTES)
    by_name = {each["record"]: each for each in found}
    return {name: by_name[name] for name in (ORDER_RECORD, *_STEPS) if name in by_name}


def _read_log(stack: Stack, order_id: str, notes: list[str]) -> list[ExecutionTrace]:
    try:
        log = ExecutionLog(stack)
        found = log.executions_of(order_id)
    except (ClientError, OperatorError) as error:
        notes.append(f"Its executions can't be shown. {_explained(error)}")
        return []
    if log.incomplete:
        notes.append("The log is too large to be searched whole. An execution can be missing.")
    return found


def _sizes(stack: Stack, notes: list[str]) -> dict[str, QueueSize]:
    try:
        return {name: DeadLetterQueue(stack, name).size() for name in QUEUES}
    except ClientError as error:
        notes.append(f"Its parked messages can't be shown. {_explained(error)}")
        return {}


def _explained(error: ClientError | OperatorError) -> str:
    described_ = error if isinstance(error, OperatorError) else operator_error(error)
    return " ".join(str(described_).splitlines())


def _may_be_parked(
    record: Mapping[str, Any], traces: Sequence[ExecutionTrace], sizes: Mapping[str, QueueSize]
) -> bool:
    """Tell whether a queue can have a message of it: none is read for an order that went well."""
    if not any(size.waiting or size.hidden for size in sizes.values()):
        return False
    undisturbed = traces and not any(
        state.name.startswith("Park") for each in traces for state in each.states
    )
    return not ("openKey" not in record and undisturbed)


def _parked(
    stack: Stack,
    order_id: str,
    known: KnownOrder | None,
    sizes: Mapping[str, QueueSize],
    notes: list[str],
) -> list[ParkedMessage]:
    waiting = sum(size.waiting for size in sizes.values())
    if hidden := sum(size.hidden for size in sizes.values()):
        notes.append(
            f"Another command is reading {hidden} of the parked messages: its own can be among them."
        )
    if waiting > MOST_MESSAGES_READ:
        notes.append(
            f"The queues have {waiting:,} messages, too many to look for its own here: "
            f"`orderctl dlq show {order_id}` does."
        )
        return []
    filled = [name for name in QUEUES if sizes[name].waiting]
    with read_queues(stack, filled) as received:
        letters = [each for each in received.messages if each.order_id == order_id]
    return [ParkedMessage(letter=each, verdict=verdict(each, known)) for each in letters]


def _known(record: Mapping[str, Any], records: Mapping[str, Mapping[str, Any]]) -> KnownOrder | None:
    sent = [
        name.removeprefix(NOTIFICATION_STEP_PREFIX)
        for name, each in records.items()
        if name != ORDER_RECORD and each.get("status") == NotificationStatus.SENT
    ]
    try:
        return KnownOrder.from_record(record, sent)
    except (KeyError, TypeError, ValueError):
        return None
